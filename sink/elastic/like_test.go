package elastic

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"sluice/event"
)

func TestTargetsOfFluentds(t *testing.T) {
	for template, want := range map[string]string{
		"l-${tag[0]}-${tag[-1]}-%y%m%dt%H": "l-app-web-261122t09",
		"${tag[7]}x":                       "x",
		"n-${$.team}":                      "n-shop",
		"n-${$.json}-${$.none}":            "n-quoted-",
		"${$.kubernetes.namespace_name}-${$.kubernetes.labels.app}": "web-shop-nginx",
	} {
		s := newSink(t, "http://127.0.0.1:1", func(c *Config) { c.Index = template })
		b := &event.Batch{Shared: podFragment(), Tag: "app.x.web"}
		b.Begin(event.Record{Time: testTime, Weight: 1})
		b.Add(b.KeyString("team"), b.PutString("Shop", event.Text))
		b.Add(b.KeyString("json"), b.PutString(`"quoted"`, event.JSON))
		if got := keysOf(encode(s, b)); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want %q", template, got, want)
		}
	}
}

func TestAFieldMayNameEachRecordsIndex(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", func(c *Config) { c.Index = "${$.a}" })
	b := &event.Batch{}
	for _, v := range []string{"x", "y", "x"} {
		b.Begin(event.Record{Time: testTime, Weight: 1})
		b.Add(b.KeyString("a"), b.PutString(v, event.Text))
	}
	bs := encode(s, b)
	if len(bs.List) != 2 || bs.List[0].Len() != 2 || bs.List[1].Len() != 1 {
		t.Error(keysOf(bs))
	}
}

// What the plug-in's parameters leave out is left out.
func TestTheShapeOfFluentds(t *testing.T) {
	for _, c := range []struct {
		like Like
		want string
	}{
		{Like{}, `{"a":"b"}`},
		{Like{TagKey: "@log_name"}, `{"a":"b","@log_name":"t"}`},
		{Like{Timestamp: true}, `{"@timestamp":"2026-11-22T09:42:30.686123456+00:00","a":"b"}`},
	} {
		s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) { cfg.Schema, cfg.Like = "fluentd", c.like })
		for _, shared := range []*event.Fragment{nil, {File: "f", Namespace: "n"}} {
			b := &event.Batch{Tag: "t", Shared: shared}
			b.Begin(event.Record{Time: testTime, Weight: 1})
			b.Add(b.KeyString("a"), b.PutString("b", event.Text))
			item := encode(s, b).List[0].Item(0)
			var got, want any
			_, doc := cutLine(item)
			if err := json.Unmarshal(doc, &got); err != nil {
				t.Fatalf("%s: %v", doc, err)
			}
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%+v: %s", c.like, doc)
			}
		}
	}
	s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) { cfg.Schema, cfg.Like = "fluentd", Like{} })
	b := &event.Batch{}
	b.Begin(event.Record{Time: testTime, Weight: 1})
	if _, doc := cutLine(encode(s, b).List[0].Item(0)); !json.Valid(doc) {
		t.Errorf("an empty record: %s", doc)
	}
}

// With flatten_hashes what is known of the container is flat, too; a record's
// own field of such a name does not hide it.
func TestFlatMetadata(t *testing.T) {
	for flat, want := range map[string]string{
		"_": `{"kubernetes_namespace_name_":"mine","kubernetes":"k","docker_container_id":"c","kubernetes_namespace_name":"n","kubernetes_labels_app_x/y":"web"}`,
		".": `{"kubernetes_namespace_name":"mine","kubernetes":"k","docker.container_id":"c","kubernetes.namespace_name":"n","kubernetes.labels.app_x/y":"web"}`,
	} {
		s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) { cfg.Schema, cfg.Like = "fluentd", Like{Metadata: true, Flat: flat} })
		b := &event.Batch{Shared: &event.Fragment{File: "f", Namespace: "n", ContainerID: "c", Labels: []event.Pair{{Name: "app.x/y", Value: "web"}}}}
		b.Begin(event.Record{Time: testTime, Weight: 1})
		b.Add(b.KeyString("kubernetes_namespace_name"), b.PutString("mine", event.Text))
		b.Add(b.KeyString("kubernetes"), b.PutString("k", event.Text))
		var got, wanted map[string]any
		_, doc := cutLine(encode(s, b).List[0].Item(0))
		if err := errors.Join(json.Unmarshal(doc, &got), json.Unmarshal([]byte(want), &wanted)); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		if delete(got, "kubernetes_enrichment"); !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s: got %s, want %s", flat, doc, want)
		}
	}
}

func cutLine(item []byte) (action, doc []byte) {
	for i, c := range item {
		if c == '\n' {
			return item[:i], item[i+1:]
		}
	}
	return item, nil
}
