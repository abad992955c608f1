package filter

import (
	"testing"

	"sluice/event"
)

func TestRewriteTag(t *testing.T) {
	r, err := NewRewriteTag(RewriteTagConfig{
		RemoveTagPrefix: "raw",
		Rule: []RewriteRule{
			{Key: "level", Pattern: "/^(err)or$/", Tag: "alert.$1.${tag}"},
			{Key: "$.k.ns", Pattern: `^([a-z]+)-(\w+)`, Tag: "team.$1.$2.${tag_parts[0]}"},
			{Key: "path", Pattern: "^/health", Tag: "rest", Invert: true},
			{Key: "same", Pattern: ".", Tag: "raw.app"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &event.Batch{Tag: "raw.app"}
	want := []string{"alert.err.app", "team.pay.prod.app", "rest", "", ""}
	for i, f := range [][2]string{{"level", "error"}, {"k", `{"ns":"pay-prod"}`}, {"x", "y"}, {"path", "/healthz"}, {"path", "/health"}} {
		b.Begin(event.Record{Weight: 1})
		kind := event.Text
		if i == 1 {
			kind = event.JSON
		}
		b.Add(b.KeyString(f[0]), b.PutString(f[1], kind))
	}
	b.Add(b.KeyString("same"), b.PutString("x", event.Text)) // of the last record: its tag stays, so it goes
	tags := make([]string, len(b.Recs))
	r.Retag(b, tags)
	for i := range want {
		if tags[i] != want[i] {
			t.Errorf("record %d: %q, want %q", i, tags[i], want[i])
		}
	}
	labelled, err := NewRewriteTag(RewriteTagConfig{Rule: []RewriteRule{{Key: "level", Pattern: "^(e)", Tag: "x.$1", Label: "@L"}}})
	if err != nil {
		t.Fatal(err)
	}
	if labelled.Retag(b, tags); tags[0] != "@L\x00x.e" {
		t.Errorf("with a label %q", tags[0])
	}
	for _, bad := range []RewriteRule{{Key: "$.", Pattern: "a", Tag: "b"}, {Key: "a", Pattern: "(", Tag: "b"}} {
		if _, err := NewRewriteTag(RewriteTagConfig{Rule: []RewriteRule{bad}}); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestTagNormaliser(t *testing.T) {
	cfg := DefaultTagNormaliserConfig()
	cfg.Format = "k.${namespace_name}.${labels.app}.x"
	n, err := NewTagNormaliser(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b := &event.Batch{Tag: "raw", Shared: &event.Fragment{File: "f", Namespace: "shop", Labels: []event.Pair{{Name: "app", Value: "web"}}}}
	b.Begin(event.Record{Weight: 1})
	b.Begin(event.Record{Weight: 1})
	b.Add(b.KeyString("kubernetes"), b.PutString(`{"namespace_name":"own"}`, event.JSON))
	tags := make([]string, 2)
	n.Retag(b, tags)
	if tags[0] != "k.shop.web.x" || tags[1] != "k.own.unknown.x" {
		t.Error(tags)
	}
	for _, bad := range []string{"", "${}"} {
		if _, err := NewTagNormaliser(TagNormaliserConfig{Format: bad, KeyPrefix: "kubernetes"}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
