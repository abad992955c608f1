package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sluice/conf"
)

// docs/configuration.md has one row for every setting, with its default and
// its environment variable, names every flag, and its example is good.
func TestDocumentation(t *testing.T) {
	raw, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	text, p := string(raw), sluice()
	type row struct{ def, env string }
	rows := map[string]row{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| `([^`]*)` \\| (?:`([A-Z_]+)`)? ?\\|").FindAllStringSubmatch(text, -1) {
		if _, twice := rows[m[1]]; twice {
			t.Errorf("%s has two rows", m[1])
		}
		rows[m[1]] = row{m[2], m[3]}
	}
	for _, s := range conf.Settings(p.defaults()) {
		if got, want := rows[s.Name], (row{s.Default, s.Env}); got != want {
			t.Errorf("%s: the row has %q, want %q", s.Name, got, want)
		}
		delete(rows, s.Name)
		if _, ok := p.flags[s.Name]; ok && !strings.Contains(text, "`--"+s.Flag+"`") {
			t.Errorf("--%s is not there", s.Flag)
		}
	}
	for name := range rows {
		t.Errorf("%s is no setting", name)
	}
	for _, variables := range []map[string]string{p.env, p.envDefaults} {
		for name := range variables {
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("%s is not there", name)
			}
		}
	}
	_, example, _ := strings.Cut(text, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	t.Setenv("NODE_NAME", "node-1")
	key := "testdata-key" // in the directory that `in` makes
	example = strings.ReplaceAll(example, "/etc/sluice/secrets/api_key", key)
	if status, out, _ := in(t, p, []string{"sluice.yaml", example, key, "k"}, "check", "--strict", "sluice.yaml"); status != 0 || example == "" {
		t.Errorf("the example:\n%s%s", example, out)
	}
}
