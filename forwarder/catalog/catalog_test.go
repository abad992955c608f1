package catalog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/conf"
)

func check(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "s.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Default()
	tree, problems := conf.Load(conf.LoadOptions{File: file, Schema: s})
	if !problems.Bad() {
		problems = append(problems, Check(tree, s)...)
	}
	return strings.ReplaceAll(problems.String(), dir+"/", "")
}

func TestCheckPlacesWhatAPartRefuses(t *testing.T) {
	const es = "elasticsearch: { urls: [\"http://127.0.0.1:9200\"] }\n"
	for _, c := range []struct{ text, want string }{
		{es, ""},
		{"cluster: x\n", "elasticsearch.urls is not set (set it in the file"},
		{es + "filters:\n  - { tag: \"**\" }\n", "s.yaml:3:5: error: a filter has no type (add type: concat|dedot|"},
		{es + "filters:\n  - { type: gerp }\n", `s.yaml:3:7: error: unknown filter type "gerp" (write grep)`},
		{es + "filters:\n  - { type: grep, tag: \"{a\" }\n", "s.yaml:3:19: error: tag pattern \"{a\" has a { without }"},
		{es + "filters:\n  - { type: grep, exclude: [{ key: m, pattern: \"(\" }] }\n", "s.yaml:3:39: error: filters[0].exclude[0].pattern: cannot use the expression (: a ( is not closed"},
		{es + "filters:\n  - { type: grep, exclde: [] }\n", `s.yaml:3:19: error: unknown setting "filter.exclde" (write exclude)`},
		{es + "parsers: [{ name: shop, type: ltsv }]\n", ""},
		{es + "parsers:\n  - { name: shop, type: regexp, expression: \"(\" }\n", "s.yaml:3:33: error: parsers[0].expression: cannot use the expression (: a ( is not closed"},
		{es + "parsers:\n  - { type: json }\n", "s.yaml:3:5: error: parsers[0].name is required"},
		{es + "parsers: [{ name: a, type: json }, { name: a, type: json }]\n", "s.yaml:2:38: error: parsers[1].name: the name a is taken"},
		{es + "parsers: [{ name: a, type: regexp, expression: \"/(?<a>x)(?=y)/\" }]\n", "s.yaml:2:11: warning: parser a: "},
		{es + "inputs:\n  forward: { max_chunk: 1 }\n", "s.yaml:3:14: error: inputs.forward.max_chunk is 1 bytes"},
		{es + "inputs:\n  containers: { path: logs/*.log }\n", "must begin with /"},
		{es + "buffer:\n  disk_limit: 1KiB\n", "s.yaml:3:3: error: buffer.disk_limit is 1024 bytes"},
		{es + "buffer: { type: memory, disk_limit: 1KiB }\n", ""},
		{"elasticsearch: { urls: [\"ftp://x\"] }\n", "s.yaml:1:18: error: elasticsearch.urls holds one that is no URL"},
		{"elasticsearch: { urls: [\"http://x\"], ca: /nonexistent }\n", "cannot read elasticsearch.ca"},
	} {
		got := check(t, c.text)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) || strings.Count(got, "\n") > 1 {
			t.Errorf("%s\ngot:  %swant: %s", c.text, got, c.want)
		}
	}
}

func TestAnInputCanBeLeftOut(t *testing.T) {
	s := Default()
	s.Elasticsearch.URLs = []string{"http://127.0.0.1:9200"}
	s.Inputs.Containers.Path, s.Inputs.Forward.Listen = "", nil
	p, problems := trial(&conf.Tree{Root: &conf.Element{}}, s)
	if problems.Bad() {
		t.Fatal(problems)
	}
	defer p.Close()
	if len(p.Config.Sources) != 0 || p.Listen() != nil || p.ForwardAddrs() != nil {
		t.Fatalf("%d sources", len(p.Config.Sources))
	}
}
