package filter

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/event"
)

// What people write in Ruby does what it does in Fluentd, whose answers are in
// the file: to the record and to what lies in it.
func TestRubyAsInFluentd(t *testing.T) {
	t.Setenv("CLUSTER", "blue")
	raw, err := os.ReadFile("testdata/fluentd_ruby.txt")
	if err != nil {
		t.Fatal(err)
	}
	record, tried := "", 0
	for line := range strings.Lines(string(raw)) {
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case record == "":
			record = line
			continue
		}
		line, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ==> ")
		kind, src, _ := strings.Cut(line, " ")
		tried++
		var f applier
		if x := (event.Pair{Name: "x", Value: src}); kind == "t" {
			f, err = NewRecordTransformer(RecordTransformerConfig{Record: []event.Pair{x}, AutoTypecast: true, EnableRuby: true})
		} else {
			f, err = NewRecordModifier(RecordModifierConfig{Record: []event.Pair{x}})
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		for _, make := range []func(testing.TB, ...string) *event.Batch{batch, packed} {
			b := make(t, record)
			f.Apply(b)
			if got := changes(t, record, show(b, 0)); b.Recs[0].State != event.Live || !reflect.DeepEqual(got, decoded(t, want)) {
				t.Errorf("%s:\n got %v\nwant %s", line, got, want)
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d expressions", tried)
	}
}

func decoded(t *testing.T, text string) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

// changes are the fields that differ, and under (gone) those that are no more.
func changes(t *testing.T, before, after string) map[string]any {
	t.Helper()
	was, is := decoded(t, before), decoded(t, after)
	out := map[string]any{}
	for name, v := range is {
		if old, ok := was[name]; !ok || !reflect.DeepEqual(old, v) {
			out[name] = v
		}
	}
	var gone []any
	for name := range was {
		if _, ok := is[name]; !ok {
			gone = append(gone, name)
		}
	}
	if gone != nil {
		slices.SortFunc(gone, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		out["(gone)"] = gone
	}
	return out
}

// What the batch says of a pod is the record's own field once Ruby changed it,
// and else is not; a record whose Ruby raises stays as it was.
func TestRubyChangesWhatTheBatchSays(t *testing.T) {
	for src, want := range map[string]string{
		`${record["kubernetes"]["labels"].delete("app"); nil}`:              `{"a":{"b":1},"kubernetes":{"namespace_name":"shop","labels":{"tier":"web"}},"x":null}`,
		`${record["kubernetes"]["labels"].key?("app")}`:                     `{"a":{"b":1},"x":true}`,
		`${record["a"].merge!("c" => record["kubernetes"]["labels"]); nil}`: `{"a":{"b":1,"c":{"app":"s","tier":"web"}},"x":null}`,
		`${record["a"].delete("b"); record["kubernetes"]["no"]["x"]}`:       `{"a":{"b":1}}`,
	} {
		f, err := NewRecordTransformer(RecordTransformerConfig{Record: []event.Pair{{Name: "x", Value: src}}, AutoTypecast: true, EnableRuby: true})
		if err != nil {
			t.Fatal(err)
		}
		b := batch(t, `{"a":{"b":1}}`, `{"a":{"b":1}}`)
		b.Shared = &event.Fragment{Namespace: "shop", Labels: []event.Pair{{Name: "app", Value: "s"}, {Name: "tier", Value: "web"}}}
		f.Apply(b)
		for i := range b.Recs {
			if got := show(b, i); got != want {
				t.Errorf("%s, record %d:\n got %s\nwant %s", src, i, got, want)
			}
		}
	}
}
