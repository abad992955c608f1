package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// tool is the program that an environment variable names.
func tool(t *testing.T, env string) string {
	t.Helper()
	path := os.Getenv(env)
	if path == "" {
		t.Skipf("SKIP: %s names no program (make test-deploy looks for one)", env)
	}
	return path
}

func output(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(program, args...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, errOut.Bytes())
	}
	return out
}

// object is one of Kubernetes.
type object = map[string]any

// objects parses a stream of documents.
func objects(t *testing.T, raw []byte) (list []object) {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader(raw))
	for {
		var o object
		err := d.Decode(&o)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if o != nil {
			list = append(list, o)
		}
	}
}

// get follows names and indexes; nil where nothing is.
func get(o any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := o.(object)
			o = m[p]
		case int:
			l, _ := o.([]any)
			if p >= len(l) {
				return nil
			}
			o = l[p]
		}
	}
	return o
}

// only returns the object of a kind, nil if there is none.
func only(list []object, kind string) object {
	for _, o := range list {
		if o["kind"] == kind {
			return o
		}
	}
	return nil
}

func render(t *testing.T, args ...string) []byte {
	t.Helper()
	return output(t, tool(t, "HELM"), append([]string{"template", "sluice", chart, "--namespace", "logging"}, args...)...)
}

// holds compares a checked-in manifest with what it is made of, by content:
// versions of the tools differ in white space.
func holds(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !reflect.DeepEqual(objects(t, got), objects(t, want)) {
		t.Errorf("%s is not what it is made of (%v): run make deploy-update", path, err)
	}
}

func TestChartIsGood(t *testing.T) {
	output(t, tool(t, "HELM"), "lint", "--strict", chart)
}

func TestManifestsAreTheChart(t *testing.T) {
	holds(t, "kustomize/base/agent.yaml", render(t))
	holds(t, "kustomize/overlays/aggregator/aggregator.yaml", render(t, "--set", "aggregator.enabled=true", "--show-only", "templates/aggregator.yaml"))
	holds(t, "kustomize/overlays/prometheus/monitoring.yaml",
		render(t, "--set", "podMonitor.enabled=true,prometheusRule.enabled=true", "--show-only", "templates/monitoring.yaml"))
}

func TestManifestsAreTheKustomization(t *testing.T) {
	kubectl := tool(t, "KUBECTL")
	holds(t, "manifests/agent.yaml", output(t, kubectl, "kustomize", "kustomize/base"))
	for _, name := range []string{"aggregator", "prometheus"} {
		holds(t, "manifests/agent-"+name+".yaml", output(t, kubectl, "kustomize", "kustomize/overlays/"+name))
	}
	out := objects(t, output(t, kubectl, "kustomize", "kustomize/overlays/credentials"))
	c := get(only(out, "DaemonSet"), "spec", "template", "spec", "containers", 0)
	if image := get(c, "image"); image != "registry.example/sluice:0.1.0" {
		t.Errorf("image %v", image)
	}
	if name := get(c, "env", 3, "name"); name != "ELASTICSEARCH_API_KEY" {
		t.Errorf("variable %v", name)
	}
}

func TestValuesThatAreRefused(t *testing.T) {
	for _, set := range []string{"image.pullPolicy=Sometimes", "elasticsearch.urls={elasticsearch:9200}", "agnet.enabled=false", "image.digest=abc"} {
		out, err := exec.Command(tool(t, "HELM"), "template", "sluice", chart, "--set", set).CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("schema")) {
			t.Errorf("%s: %v\n%s", set, err, out)
		}
	}
}

func TestValues(t *testing.T) {
	spec := []any{"spec", "template", "spec"}
	for name, c := range map[string]struct {
		set, kind string
		path      []any
		want      any
	}{
		"digest":         {"image.digest=sha256:" + strings.Repeat("a", 64), "DaemonSet", append(spec, "containers", 0, "image"), "localhost/sluice@sha256:" + strings.Repeat("a", 64)},
		"no agent":       {"agent.enabled=false", "DaemonSet", nil, object(nil)},
		"no forward":     {"agent.forward=false", "Service", nil, object(nil)},
		"own class":      {"priorityClass.name=system-node-critical", "DaemonSet", append(spec, "priorityClassName"), "system-node-critical"},
		"no class":       {"priorityClass.create=false", "DaemonSet", append(spec, "priorityClassName"), nil},
		"own account":    {"serviceAccount.create=false,serviceAccount.name=x", "DaemonSet", append(spec, "serviceAccountName"), "x"},
		"no role":        {"serviceAccount.create=false,serviceAccount.name=x", "ClusterRole", nil, object(nil)},
		"own pod":        {"agent.env[0].name=A", "DaemonSet", append(spec, "containers", 0, "env", 1), object{"name": "POD_NAME", "valueFrom": object{"fieldRef": object{"fieldPath": "metadata.name"}}}},
		"api key":        {"elasticsearch.auth.existingSecret=s", "DaemonSet", append(spec, "containers", 0, "env", 2, "valueFrom", "secretKeyRef", "key"), "api_key"},
		"password":       {"elasticsearch.auth.existingSecret=s,elasticsearch.auth.apiKeyKey=,elasticsearch.auth.usernameKey=u,elasticsearch.auth.passwordKey=p", "DaemonSet", append(spec, "containers", 0, "env", 3, "valueFrom", "secretKeyRef", "key"), "p"},
		"docker":         {"agent.hostPaths.docker=/var/lib/docker/containers", "DaemonSet", append(spec, "containers", 0, "volumeMounts", 3, "readOnly"), true},
		"policy":         {"networkPolicy.enabled=true", "NetworkPolicy", []any{"spec", "ingress", 1, "ports", 0, "port"}, "forward"},
		"aggregator":     {"aggregator.enabled=true,aggregator.storage.className=fast", "StatefulSet", []any{"spec", "volumeClaimTemplates", 0, "spec", "storageClassName"}, "fast"},
		"fluent.conf":    {"agent.fluentConf=<source>", "ConfigMap", []any{"data"}, object{"fluent.conf": "<source>\n"}},
		"its arguments":  {"agent.fluentConf=<source>", "DaemonSet", append(spec, "containers", 0, "args", 2), "/etc/sluice/fluent.conf"},
		"pod annotation": {"agent.podAnnotations.a=b", "DaemonSet", []any{"spec", "template", "metadata", "annotations", "a"}, "b"},
	} {
		got := get(only(objects(t, render(t, "--set", c.set)), c.kind), c.path...)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %s %v is %v, want %v", name, c.kind, c.path, got, c.want)
		}
	}
}

// A pod of ours has no privilege that docs/kubernetes.md does not explain.
func TestPrivileges(t *testing.T) {
	raw, err := os.ReadFile("manifests/agent-aggregator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects(t, raw) {
		pod := get(o, "spec", "template", "spec")
		if pod == nil {
			continue
		}
		if get(pod, "securityContext", "runAsUser") != 65532 || get(pod, "securityContext", "seccompProfile", "type") != "RuntimeDefault" {
			t.Errorf("%s: %v", o["kind"], get(pod, "securityContext"))
		}
		var all []any
		for _, list := range []string{"containers", "initContainers"} {
			more, _ := get(pod, list).([]any)
			all = append(all, more...)
		}
		for _, c := range all {
			s := get(c, "securityContext")
			if get(s, "allowPrivilegeEscalation") != false || get(s, "readOnlyRootFilesystem") != true || get(s, "capabilities", "drop", 0) != "ALL" ||
				get(s, "capabilities", "add") != nil || get(s, "privileged") != nil {
				t.Errorf("%s: container %v: %v", o["kind"], get(c, "name"), s)
			}
		}
		for _, forbidden := range []string{"hostNetwork", "hostPID", "hostIPC"} {
			if get(pod, forbidden) != nil {
				t.Errorf("%s has %s", o["kind"], forbidden)
			}
		}
	}
	role := only(objects(t, raw), "ClusterRole")
	if want := []any{object{"apiGroups": []any{""}, "resources": []any{"pods", "nodes", "namespaces"}, "verbs": []any{"get", "list", "watch"}}}; !reflect.DeepEqual(role["rules"], want) {
		t.Errorf("rules %v", role["rules"])
	}
}

// The settings in the manifests are good.
func TestSettings(t *testing.T) {
	raw, err := os.ReadFile("manifests/agent-aggregator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"run", "../cmd/sluice", "check", "--strict"}
	for _, o := range objects(t, raw) {
		if settings, ok := get(o, "data", "sluice.yaml").(string); ok {
			path := filepath.Join(t.TempDir(), "sluice.yaml")
			if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
		}
	}
	if len(args) != 6 {
		t.Fatalf("want two settings files, have %v", args)
	}
	t.Setenv("NODE_NAME", "node-1")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Alerts ask for metrics that there are.
func TestAlerts(t *testing.T) {
	raw, err := os.ReadFile(chart + "files/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var code bytes.Buffer
	err = filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			text, err := os.ReadFile(path)
			code.Write(text)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`sluice_[a-z_]+`).FindAll(raw, -1) {
		if !bytes.Contains(code.Bytes(), append(append([]byte{'"'}, name...), '"')) {
			t.Errorf("no metric %s", name)
		}
	}
	output(t, tool(t, "PROMTOOL"), "check", "rules", chart+"files/rules.yaml")
}
