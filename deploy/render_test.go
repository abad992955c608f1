package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
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
	with := func(templates ...string) []byte {
		args := []string{"--set", "aggregator.enabled=true"}
		for _, name := range templates {
			args = append(args, "--show-only", "templates/"+name+".yaml")
		}
		return render(t, args...)
	}
	holds(t, "kustomize/overlays/aggregator/aggregator.yaml", with("aggregator"))
	holds(t, "kustomize/overlays/aggregator/agent.yaml", with("agent-config", "agent")) // a patch
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
		"storage":        {"aggregator.enabled=true,aggregator.storage.className=fast", "StatefulSet", []any{"spec", "volumeClaimTemplates", 0, "spec", "storageClassName"}, "fast"},
		"dashboard":      {"agent.enabled=false,grafanaDashboard.enabled=true,grafanaDashboard.labels.dash=yes", "ConfigMap", []any{"metadata", "labels", "dash"}, "yes"},
		"no aggregators": {"aggregator.enabled=false", "DaemonSet", append(spec, "containers", 0, "volumeMounts", 3), nil},
		"to aggregators": {"aggregator.enabled=true,elasticsearch.auth.existingSecret=s,elasticsearch.ca.existingSecret=c", "DaemonSet", append(spec, "containers", 0, "env", 2), nil},
		"both straight":  {"aggregator.enabled=true,agent.config.output=elasticsearch,elasticsearch.auth.existingSecret=s", "DaemonSet", append(spec, "containers", 0, "env", 2, "name"), "ELASTICSEARCH_API_KEY"},
		"agent's secret": {"aggregator.enabled=true,aggregator.tls.existingSecret=t", "DaemonSet", append(spec, "volumes", 3, "secret", "items"), []any{object{"key": "ca.crt", "path": "ca.crt"}}},
		"their secret":   {"aggregator.enabled=true,aggregator.tls.existingSecret=t", "StatefulSet", append(spec, "volumes", 1, "secret", "items"), nil},
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
