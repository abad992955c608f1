package conf

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

const shown = `
cluster: "a # b"
labels: { "a b": "x: y", null: "" }
fields: [{ name: env, value: "it's" }]
filters:
  - { type: grep, exclude: [{ key: a, pattern: "^\\d+$" }, { key: b, pattern: c }], list: [1, "x, y"] }
  - { type: record_transformer, tag: "a.**", record: { Zed: "${record['X']}", é: "\U0001F600\u2028\x07" } }
elasticsearch:
  urls: ["http://joe:hunter2@es:9200"]
  api_key: hunter2
  password: "${file:testdata/password}"
users: [{ name: u, password: hunter2, networks: [10.0.0.0/8] }]
`

func TestShow(t *testing.T) {
	t.Setenv("SLUICE_LOG_LEVEL", "debug")
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	AddFlags(flags, newSample(), map[string]string{"data_dir": ""})
	if err := flags.Parse([]string{"--data-dir", "/x"}); err != nil {
		t.Fatal(err)
	}
	s := newSample()
	out := show(t, s, shown, flags)
	golden(t, "show.golden", out)
	if strings.Contains(out, "hunter2") || strings.Contains(out, "from-a-file") {
		t.Error("a secret is shown")
	}
	for line := range strings.Lines(out) {
		if !strings.Contains(line, "  # ") && !strings.HasSuffix(line, ":\n") {
			t.Errorf("no origin: %s", line)
		}
	}
}

func TestShowSecretFromEnvironment(t *testing.T) {
	t.Setenv("USUAL_KEY", "hunter2")
	o := LoadOptions{Schema: newSample(), Env: map[string]string{"USUAL_KEY": "elasticsearch.api_key"}}
	tree, problems := loadText(t, "elasticsearch: { urls: [a] }", o)
	noProblems(t, problems)
	var b strings.Builder
	if err := Show(&b, tree, o.Schema); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `api_key: "${env:USUAL_KEY}"`) {
		t.Errorf("got\n%s", &b)
	}
	again := newSample()
	if _, problems = loadText(t, b.String(), LoadOptions{Schema: again}); len(problems) > 0 || again.Elastic.APIKey != "hunter2" {
		t.Errorf("got %q, problems %s", again.Elastic.APIKey, problems)
	}
}

// What is shown, read again, gives the same settings and is shown the same.
func TestShowRoundTrip(t *testing.T) {
	for _, text := range []string{
		"elasticsearch: { urls: [a] }",
		strings.ReplaceAll(strings.ReplaceAll(shown, "hunter2", ""), ":@es", "@es"),
	} {
		first, second := newSample(), newSample()
		once := show(t, first, text, nil)
		twice := show(t, second, once, nil)
		if !sameSettings(first, second) {
			t.Errorf("got  %+v\nwant %+v", second, first)
		}
		if withoutOrigins(once) != withoutOrigins(twice) {
			t.Errorf("first:\n%s\nsecond:\n%s", once, twice)
		}
	}
}

func show(t *testing.T, s *sample, text string, flags *pflag.FlagSet) string {
	t.Helper()
	tree, problems := loadText(t, text, LoadOptions{Schema: s, Flags: flags})
	noProblems(t, problems)
	var b strings.Builder
	if err := Show(&b, tree, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sameSettings compares all but the filters' places, and takes an empty list
// for none.
func sameSettings(a, b *sample) bool {
	flat := func(s *sample) (list []any) {
		walk(reflect.ValueOf(s).Elem(), "", func(path string, f *field, v reflect.Value) {
			switch {
			case f.kind == kindElements:
				for _, e := range s.Filters {
					list = append(list, flowElement(e))
				}
			case v.Kind() != reflect.Slice || v.Len() > 0:
				list = append(list, path, v.Interface())
			}
		})
		return list
	}
	return reflect.DeepEqual(flat(a), flat(b))
}

func withoutOrigins(s string) (out string) {
	for line := range strings.Lines(s) {
		out += strings.TrimRight(line[:max(strings.LastIndex(line, "  # "), 0)], " ") + "\n"
	}
	return out
}
