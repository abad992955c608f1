package conf

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func TestEverything(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLUICE_TEST_HOST", "es.example")
	text := `
cluster: 007
data_dir:
memory_limit: 5MB
shutdown_grace: 1m30s
log: { level: warn }
fields: [{ name: env, value: prod }, { name: Env }]
inputs: { containers: { path: /a/*.log, exclude: [], max_line: 2KiB, enabled: False } }
labels: { Zeta: "1", alpha: two, "${env:X}": "${tag_parts[0]} ${record['A']} $${x" }
elasticsearch:
  urls: [ "https://${env:SLUICE_TEST_HOST}:9200", http://b ]
  api_key: ${file:` + secret + `}
  jitter: 1e-1
users: [{ name: a, password: p, networks: "10.0.0.0/8, ::1" }]
note: "null"
`
	got := newSample()
	tree, problems := loadText(t, text, LoadOptions{Schema: got})
	noProblems(t, problems)
	want := newSample()
	want.Cluster, want.Memory, want.Grace, want.Log.Level, want.Note = "007", 5e6, 90*time.Second, "warn", "null"
	want.Fields = []pair{{"env", "prod"}, {"Env", ""}}
	c := &want.Inputs.Containers
	c.Path, c.Exclude, c.MaxLine, c.Enabled = []string{"/a/*.log"}, []string{}, 2048, false
	want.Labels = []mapPair{{"Zeta", "1"}, {"alpha", "two"}, {"${env:X}", "${tag_parts[0]} ${record['A']} $${x"}}
	want.Elastic.URLs = []string{"https://es.example:9200", "http://b"}
	want.Elastic.APIKey, want.Elastic.Jitter = "s3cret", 0.1
	want.Users = []user{{"a", "p", []string{"10.0.0.0/8", "::1"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if raw := tree.param("elasticsearch.api_key").Raw; raw != "${file:"+secret+"}" {
		t.Errorf("raw is %q", raw)
	}
}

// One source after the other is added; each must win over those before it.
func TestPrecedence(t *testing.T) {
	text, o := "", LoadOptions{
		Env:         map[string]string{"ELASTICSEARCH_URL": "elasticsearch.urls", "USUAL_NODE": "kubernetes.node"},
		EnvDefaults: map[string]string{"NODE_NAME": "kubernetes.node"},
	}
	check := func(what, node, pos string) {
		t.Helper()
		s := newSample()
		o.Schema = s
		tree, problems := loadText(t, text, o)
		noProblems(t, problems)
		at, _ := tree.Locate("kubernetes.node")
		if s.Kubernetes.Node != node || at.String() != pos {
			t.Errorf("%s: got %q from %s, want %q from %s", what, s.Kubernetes.Node, at, node, pos)
		}
	}
	t.Setenv("ELASTICSEARCH_URL", "http://a:9200, http://b:9200")
	check("nothing", "", "sluice.yaml:1:1")
	t.Setenv("NODE_NAME", "stand-in")
	check("stand-in for the default", "stand-in", "env NODE_NAME")
	text = "kubernetes:\n  node:\n"
	check("file without a value", "stand-in", "env NODE_NAME")
	text = "kubernetes:\n  node: file\n"
	check("file", "file", "sluice.yaml:2:3")
	t.Setenv("USUAL_NODE", "usual")
	check("usual variable", "usual", "env USUAL_NODE")
	t.Setenv("SLUICE_KUBERNETES_NODE", "")
	check("empty variable", "usual", "env USUAL_NODE")
	t.Setenv("SLUICE_KUBERNETES_NODE", "own")
	check("own variable", "own", "env SLUICE_KUBERNETES_NODE")
	o.Flags = pflag.NewFlagSet("", pflag.ContinueOnError)
	AddFlags(o.Flags, newSample(), map[string]string{"kubernetes.node": "", "elasticsearch.urls": ""})
	check("unused flag", "own", "env SLUICE_KUBERNETES_NODE")
	if err := o.Flags.Parse([]string{"--kubernetes-node=flag"}); err != nil {
		t.Fatal(err)
	}
	check("flag", "flag", "flag --kubernetes-node")
}

func TestLists(t *testing.T) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	AddFlags(flags, newSample(), map[string]string{"elasticsearch.urls": ""})
	for _, c := range []struct {
		env  string
		args []string
		want []string
	}{
		{"http://a", nil, []string{"http://a"}},
		{" http://a , http://b,", nil, []string{"http://a", "http://b"}},
		{"${env:SLUICE_TEST_LIST},http://c", nil, []string{"http://a", "http://b", "http://c"}},
		{"x", []string{"--elasticsearch-urls", "http://d", "--elasticsearch-urls", "http://e,http://f"}, []string{"http://d", "http://e", "http://f"}},
	} {
		t.Setenv("SLUICE_TEST_LIST", "http://a,http://b")
		t.Setenv("SLUICE_ELASTICSEARCH_URLS", c.env)
		if err := flags.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		s := newSample()
		_, problems := Load(LoadOptions{Schema: s, Flags: flags})
		noProblems(t, problems)
		if !reflect.DeepEqual(s.Elastic.URLs, c.want) {
			t.Errorf("%q %q: got %q, want %q", c.env, c.args, s.Elastic.URLs, c.want)
		}
	}
}

func TestFilters(t *testing.T) {
	text := `filters:
  - { type: grep, tag: "kubernetes.**", exclude: [{ key: Message, pattern: healthz }, { key: b, pattern: c }] }
  - type: record_transformer
    remove_keys: a,b
    record: { Zed: "${record['X']}", a: 1 }
  - { type: grep, exclude: { key: a, patern: b } }
elasticsearch: { urls: [a] }
`
	s := newSample()
	_, problems := loadText(t, text, LoadOptions{Schema: s})
	noProblems(t, problems)
	if len(s.Filters) != 3 {
		t.Fatalf("%d filters", len(s.Filters))
	}
	e := s.Filters[0]
	if e.Name != "filter" || e.Arg != "kubernetes.**" || e.ArgPos.String() != "sluice.yaml:2:19" || e.Param("type").Value != "grep" {
		t.Errorf("got %+v", e)
	}
	var g grep
	noProblems(t, Decode(e, &g, "type"))
	if len(g.Exclude) != 2 || g.Exclude[0].Key != "Message" || g.Exclude[1].Pattern != "c" {
		t.Errorf("got %+v", g)
	}
	var tr transform
	noProblems(t, Decode(s.Filters[1], &tr, "type"))
	want := transform{RemoveKeys: []string{"a", "b"}, Record: []mapPair{{"Zed", "${record['X']}"}, {"a", "1"}}}
	if s.Filters[1].Arg != "**" || !reflect.DeepEqual(tr, want) {
		t.Errorf("got %q %+v, want %+v", s.Filters[1].Arg, tr, want)
	}
	wantProblems := `sluice.yaml:6:19: error: filter.exclude[0].pattern is required (write pattern: VALUE)
sluice.yaml:6:38: error: unknown setting "filter.exclude[0].patern" (write pattern)
`
	if got := Decode(s.Filters[2], &grep{}, "type").String(); got != wantProblems {
		t.Errorf("got:\n%s\nwant:\n%s", got, wantProblems)
	}
}

func TestSettings(t *testing.T) {
	byName := map[string]Setting{}
	for _, s := range Settings(newSample()) {
		byName[s.Name] = s
	}
	for _, want := range []Setting{
		{Name: "memory_limit", Type: "size", Default: "64MiB", Env: "SLUICE_MEMORY_LIMIT", Flag: "memory-limit"},
		{Name: "log.level", Type: "text", Default: "info", Env: "SLUICE_LOG_LEVEL", Flag: "log-level", OneOf: []string{"debug", "info", "warn", "error"}},
		{Name: "inputs.containers.path", Type: "list of texts", Default: `["/var/log/containers/*.log"]`, Env: "SLUICE_INPUTS_CONTAINERS_PATH", Flag: "inputs-containers-path"},
		{Name: "elasticsearch.api_key", Type: "text", Default: `""`, Env: "SLUICE_ELASTICSEARCH_API_KEY", Flag: "elasticsearch-api-key", Secret: true},
		{Name: "filters", Type: "list of sections", Default: "[]"},
		{Name: "note", Type: "text", Default: `""`, Env: "SLUICE_NOTE", Flag: "note"},
	} {
		if got := byName[want.Name]; !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
