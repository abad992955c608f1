package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"sluice/pipetest"
)

func TestPipelineTests(t *testing.T) {
	const record = `{"tag":"app","record":{"m":"x"}}`
	const line = `{"output":"es","tag":"app","time":"2026-01-01T00:00:00Z","record":{"m":"x"}}`
	const routes = "<match app>\n  @type elasticsearch\n  @id es\n  host es.example\n</match>\n"
	base := []string{"fluent.conf", routes, "other.conf", "<match **>\n  @type null\n  @id gone\n</match>\n", "bad.conf", "<match **>\n  @type nul\n</match>\n", "a.in.jsonl", record}
	for _, c := range []struct {
		args, expected string // of a.out.jsonl
		status         int
		out, err       string // a part of it
	}{
		{"test .", line, 0, "ok   . a\n.: 1 of 1 tests good; 1 of 1 filters and matches reached\n", ""},
		{"test .", "", 1, "  + " + line + "\n", ""},
		{"test --update .", "", 0, "updated . a\n", ""},
		{"test --config other.conf .", line, 1, `output is missing: "es"`, ""},
		{"test --config bad.conf .", line, 1, "", `bad.conf:2:3: error: unknown match type "nul" (write null)`},
		{"test gone", line, 1, "", "there is no configuration in gone"},
		{"test --config fluent.conf gone", line, 1, "", "there is no test in gone: write NAME.in.jsonl"},
		{"test", line, 2, "", "requires at least 1 arg"},
		{"test --format xml .", line, 2, "", "write text or json"},
	} {
		status, out, errOut := in(t, sluice(), append(base, "a.out.jsonl", c.expected), strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errOut, c.err) {
			t.Errorf("%s: %d\n%s%s", c.args, status, out, errOut)
		}
		if strings.Contains(c.args, "--update") {
			if got, err := os.ReadFile("a.out.jsonl"); err != nil || string(got) != line+"\n" {
				t.Errorf("%v %s", err, got)
			}
		}
	}
	status, out, _ := in(t, sluice(), append(base, "a.out.jsonl", ""), "test", "--format", "json", ".")
	var reports []pipetest.Report
	if err := json.Unmarshal([]byte(out), &reports); err != nil || status != 1 || len(reports) != 1 ||
		reports[0].Tests[0].Changes[0].Got != line || reports[0].Coverage[0].Place != "fluent.conf:1:1" {
		t.Errorf("%d %v\n%s", status, err, out)
	}
}

// What docs/testing.md shows is what comes.
func TestTheTestsExample(t *testing.T) {
	raw, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]string{}
	for i, block := range strings.Split(string(raw), "\n```") {
		if kind, text, _ := strings.Cut(block, "\n"); i%2 == 1 {
			blocks[kind] = text + "\n"
		}
	}
	files := []string{"fluent.conf", blocks["apache"], "routes.in.jsonl", blocks["json in"], "routes.out.jsonl", blocks["json out"]}
	status, out, errOut := in(t, sluice(), files, "test", ".")
	if _, want, _ := strings.Cut(blocks["console"], "\n"); status != 0 || out != want || want == "" {
		t.Errorf("%d\n%s%s\nwant:\n%s", status, out, errOut, want)
	}
}

// Settings that get the place of the servers from the environment can be
// tested without it.
func TestSettingsWithoutServers(t *testing.T) {
	t.Setenv("ELASTICSEARCH_URL", "")
	for _, output := range []string{"elasticsearch", "forward"} {
		want := `{"output":"` + output + `","tag":"a","time":"2026-01-01T00:00:00Z","record":{}}`
		files := []string{"sluice.yaml", "output: " + output + "\n", "a.in.jsonl", `{"tag":"a","record":{}}`, "a.out.jsonl", want}
		if status, out, errOut := in(t, sluice(), files, "test", "."); status != 0 {
			t.Errorf("%s: %d\n%s%s", output, status, out, errOut)
		}
	}
}
