package format

import (
	"testing"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
)

func TestAppendField(t *testing.T) {
	b := &event.Batch{Tag: "t", Shared: &event.Fragment{Namespace: "shop", Labels: []event.Pair{{Name: "app.kubernetes.io/name", Value: "web"}}}}
	b.Begin(event.Record{})
	packed, err := msgp.AppendIntf(nil, map[string]any{"ns": "Prod", "n": 7, "labels": map[string]any{"a.b": "c"}, "list": []any{1, "x"}})
	if err != nil {
		t.Fatal(err)
	}
	b.Set(0, b.KeyString("kube"), b.Put(packed, event.Msgp))
	b.Set(0, b.KeyString("json"), b.PutString(`{"a":{"b":"d","c.d":{"e":1.5}},"none":null}`, event.JSON))
	b.Set(0, b.KeyString("x.y"), b.PutString("whole", event.Text))
	b.Set(0, b.KeyString("x"), b.PutString(`{"y":"below"}`, event.JSON))
	for placeholder, want := range map[string]string{
		"$.kube.ns": "Prod", "$.kube.n": "7", "$.kube.labels.a.b": "c", "$['kube']['labels']['a.b']": "c", "$.kube.list": `[1,"x"]`, "$.kube.missing": "",
		"$.json.a.b": "d", `$["json"]["a"]["c.d"]["e"]`: "1.5", "$.json.none": "", "$.json.a.b.c": "", "$.json.": "",
		"x.y": "whole", "$.x.y": "whole", "missing": "",
		"$.kubernetes.namespace_name": "shop", "$.kubernetes.labels.app.kubernetes.io/name": "web", "$.kubernetes.host": "",
	} {
		if got := AppendField(nil, b, 0, FieldName(placeholder)); string(got) != want {
			t.Errorf("%s: %q, want %q", placeholder, got, want)
		}
	}
	room, name := make([]byte, 0, 100), FieldName("$.kube.labels.a.b")
	if n := testing.AllocsPerRun(100, func() { room = AppendField(room[:0], b, 0, name) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
