package deploy_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// code is all that Go programs here say.
func code(t *testing.T) []byte {
	t.Helper()
	var all bytes.Buffer
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}

// metrics reports metrics that a text asks for and nothing has.
func metrics(t *testing.T, text []byte) {
	t.Helper()
	known := code(t)
	for _, name := range regexp.MustCompile(`sluice_[a-z_]+`).FindAll(text, -1) {
		name = bytes.TrimSuffix(name, []byte("_bucket"))
		if !bytes.Contains(known, append(append([]byte{'"'}, name...), '"')) {
			t.Errorf("no metric %s", name)
		}
	}
}

// Alerts ask for metrics that there are, and fire when they should, each at
// least once in the rules' own tests.
func TestAlerts(t *testing.T) {
	raw, err := os.ReadFile(chart + "files/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	metrics(t, raw)
	tests, err := os.ReadFile("rules_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllSubmatch(raw, -1) {
		if !bytes.Contains(tests, append([]byte("    alertname: "), append(m[1], "\n    exp_alerts:\n    - exp_labels"...)...)) {
			t.Errorf("no test in which %s fires", m[1])
		}
	}
	promtool := tool(t, "PROMTOOL")
	output(t, promtool, "check", "rules", chart+"files/rules.yaml")
	output(t, promtool, "test", "rules", "rules_test.yaml")
}

// The dashboard asks for metrics that there are, in queries that Prometheus
// understands.
func TestDashboard(t *testing.T) {
	raw, err := os.ReadFile(chart + "files/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	metrics(t, raw)
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	type rule struct{ Record, Expr string }
	var rules []rule
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || len(p.Targets) == 0 {
			t.Errorf("panel %q has an id that another has, or asks for nothing", p.Title)
		}
		ids[p.ID] = true
		for _, x := range p.Targets {
			expr := strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h").Replace(x.Expr)
			rules = append(rules, rule{"panel:" + string(rune('a'+len(rules))), expr})
		}
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "queries.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, tool(t, "PROMTOOL"), "check", "rules", path)
}
