package main

import (
	"strings"
	"testing"
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
