//go:build !race

package filter

import (
	"testing"

	"sluice/event"
)

func TestLabelRouterAllocatesNothing(t *testing.T) {
	list, err := NewLabelRouter(LabelRouterConfig{DefaultTag: "rest", Route: []LabelRoute{{Match: []LabelMatch{
		{Namespaces: []string{"a", "b"}, Labels: "app:x,tier:y"}, {NamespacesRegex: []string{"^c"}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	b := &event.Batch{Tag: "app"}
	for _, text := range []string{`{"namespace_name":"b","labels":{"app":"x","tier":"y"}}`, `{"namespace_name":"cc"}`, `{}`} {
		b.Begin(event.Record{Weight: 1})
		b.Add(b.KeyString("kubernetes"), b.PutString(text, event.JSON))
	}
	tags, rest := make([]string, len(b.Recs)), make([]string, len(b.Recs))
	if n := testing.AllocsPerRun(100, func() { list[0].Retag(b, tags); list[1].Retag(b, rest) }); n >= 1 {
		t.Errorf("%v allocations for 3 records", n)
	}
	if tags[0] != "app" || tags[1] != "app" || tags[2] != "" || rest[2] != "rest" || rest[0] != "" {
		t.Error(tags, rest)
	}
}

func TestRewriteTagAllocatesNothing(t *testing.T) {
	r, err := NewRewriteTag(RewriteTagConfig{Rule: []RewriteRule{
		{Key: "level", Pattern: "^error$", Tag: "alert"}, {Key: "ns", Pattern: "^(a.*)$", Tag: "team.$1"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := &event.Batch{Tag: "app"}
	for _, f := range [][2]string{{"level", "error"}, {"ns", "abc"}, {"ns", "xyz"}} {
		b.Begin(event.Record{Weight: 1})
		b.Add(b.KeyString(f[0]), b.PutString(f[1], event.Text))
	}
	tags := make([]string, len(b.Recs))
	if n := testing.AllocsPerRun(100, func() { r.Retag(b, tags) }); n >= 1 {
		t.Errorf("%v allocations for 3 records", n)
	}
	if tags[0] != "alert" || tags[1] != "team.abc" || tags[2] != "" {
		t.Error(tags)
	}
}
