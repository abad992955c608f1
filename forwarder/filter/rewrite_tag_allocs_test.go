//go:build !race

package filter

import (
	"testing"

	"sluice/event"
)

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
