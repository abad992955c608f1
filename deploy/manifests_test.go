package deploy_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

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

// settings writes the settings files of some manifests, by the name of their
// ConfigMap, with what they name as secrets in a directory of its own.
func settings(t *testing.T, raw []byte, secrets string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, o := range objects(t, raw) {
		if text, ok := get(o, "data", "sluice.yaml").(string); ok {
			path := filepath.Join(t.TempDir(), "sluice.yaml")
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "/etc/sluice", secrets)), 0o600); err != nil {
				t.Fatal(err)
			}
			files[get(o, "metadata", "name").(string)] = path
		}
	}
	return files
}

func check(t *testing.T, files map[string]string) {
	t.Helper()
	if len(files) != 2 {
		t.Fatalf("want two settings files, have %v", files)
	}
	t.Setenv("NODE_NAME", "node-1")
	args := append([]string{"run", "../cmd/sluice", "check", "--strict"}, slices.Collect(maps.Values(files))...)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The settings in the manifests are good.
func TestSettings(t *testing.T) {
	raw, err := os.ReadFile("manifests/agent-aggregator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	check(t, settings(t, raw, "/nowhere"))
}

// So are those with a shared key and TLS; agents get no credentials of
// Elasticsearch, nor the aggregators' private key.
func TestSettingsWithSecrets(t *testing.T) {
	raw := render(t, "--set", "aggregator.enabled=true,aggregator.auth.existingSecret=a,aggregator.tls.existingSecret=t")
	secrets := t.TempDir()
	for _, dir := range []string{"auth", "tls"} {
		if err := os.Mkdir(filepath.Join(secrets, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(secrets, "auth", "shared_key"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(secrets, "tls", name) }
	output(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
		"-subj", "/CN=sluice", "-keyout", in("tls.key"), "-out", in("tls.crt"))
	if err := os.Link(in("tls.crt"), in("ca.crt")); err != nil {
		t.Fatal(err)
	}
	files := settings(t, raw, secrets)
	check(t, files)
	text, err := os.ReadFile(files["sluice-agent"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"output: forward", "metadata: option", "shared_key: ${file:", "ca.crt", "host: sluice-aggregator-each.logging.svc"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the agents' settings lack %s", want)
		}
	}
	if strings.Contains(string(text), "elasticsearch") || strings.Contains(string(text), "tls.key") {
		t.Errorf("the agents' settings name what they do not need:\n%s", text)
	}
}
