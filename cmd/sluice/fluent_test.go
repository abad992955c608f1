package main

import (
	"os"
	"strings"
	"testing"

	"sluice/conf/fluent"
)

const routed = `<system>
  log_level debug
  root_dir /var/lib/agg
</system>
<source>
  @type forward
  bind 127.0.0.1
  port 0
  <security>
    shared_key "#{ENV['KEY'] || 'k'}"
  </security>
</source>
<match **>
  @type null
</match>
`

func TestAFluentConfIsToldByItsContent(t *testing.T) {
	files := []string{"a", routed, "b.conf", "<match **>\n  @type nul\n</match>\n", "c.conf", "<match **>\n  @type null\n"}
	for _, c := range []struct {
		args     string
		status   int
		out, err string // a part of it
	}{
		{"check a", 0, "", "a: good"},
		{"check b.conf", 1, `b.conf:2:3: error: unknown match type "nul" (write null)`, ""},
		{"check c.conf", 1, `c.conf:1:1: error: <match> is not closed`, ""},
		{"config parse --format json a", 0, `"shared_key",`, ""},
		{"config parse c.conf", 1, "", "is not closed"},
		{"config parse gone.conf", 1, "", "cannot read the configuration"},
		{"config show a", 0, `shared_key "#{ENV['KEY'] || 'k'}"`, ""},
		{"config show --as yaml a", 0, `shared_key: !fluent/s "#{ENV['KEY'] || 'k'}"`, ""},
		{"config show --as toml a", 2, "", "write fluent or yaml"},
		{"config show --as fluent", 1, "", "cannot write a settings file as fluent.conf"},
		{"config", 2, "", "show or parse"},
	} {
		t.Setenv("ELASTICSEARCH_URL", "http://127.0.0.1:1")
		status, out, errOut := in(t, sluice(), files, strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errOut, c.err) {
			t.Errorf("%s: %d\n%s%s", c.args, status, out, errOut)
		}
	}
}

// Every example of docs/configuration.md in one of Fluentd's languages is good
// as it stands, and so is what the converter makes of it.
func TestTheExamplesInFluentdsLanguages(t *testing.T) {
	raw, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for i, block := range strings.Split(string(raw), "\n```") {
		_, text, _ := strings.Cut(block, "\n")
		if i%2 == 0 || fluent.Detect([]byte(text)) == fluent.Settings {
			continue
		}
		examples++
		for _, as := range []string{"fluent", "yaml"} {
			status, out, errOut := in(t, sluice(), []string{"example", text}, "config", "show", "--as", as, "example")
			if status != 0 {
				t.Fatalf("%s\n%s", text, errOut)
			}
			if status, found, _ := in(t, sluice(), []string{"converted", out}, "check", "--strict", "converted"); status != 0 {
				t.Errorf("as %s:\n%s%s", as, out, found)
			}
		}
	}
	if examples < 2 {
		t.Errorf("%d examples", examples)
	}
}
