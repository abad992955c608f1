package elastic

import (
	"strings"
	"testing"

	"sluice/event"
)

func TestWhatARecordSaysOfItsDocument(t *testing.T) {
	own := event.MakeID(1, event.SourceKey{Hi: 1, Lo: 2}, 3)
	id := string(own.Append(nil))
	for name, c := range map[string]struct {
		theirs Theirs
		ids    string
		want   string // index, action, document
	}{
		"nothing":                 {Theirs{}, "own", `x {"create":{"_id":"` + id + `"}} {"id":"i\"1","n":7,"to":"Other","r":"a"}`},
		"id, to overwrite":        {Theirs{IDKey: "id", Write: "index"}, "own", `x {"index":{"_id":"i\"1"}} {"id":"i\"1","n":7,"to":"Other","r":"a"}`},
		"id, to create":           {Theirs{IDKey: "id"}, "own", `x {"create":{"_id":"i\"1"}} {"id":"i\"1","n":7,"to":"Other","r":"a"}`},
		"id that is a number":     {Theirs{IDKey: "n", Write: "index"}, "own", `x {"index":{"_id":"7"}} {"id":"i\"1","n":7,"to":"Other","r":"a"}`},
		"id that is not there":    {Theirs{IDKey: "no", Write: "index"}, "own", `x {"create":{"_id":"` + id + `"}} {"id":"i\"1","n":7,"to":"Other","r":"a"}`},
		"id, to update":           {Theirs{IDKey: "id", Write: "update"}, "own", `x {"update":{"_id":"i\"1"}} {"doc":{"id":"i\"1","n":7,"to":"Other","r":"a"}}`},
		"id, to update or make":   {Theirs{IDKey: "id", Write: "upsert", RoutingKey: "r"}, "own", `x {"update":{"_id":"i\"1","routing":"a"}} {"doc":{"id":"i\"1","n":7,"to":"Other","r":"a"},"doc_as_upsert":true}`},
		"no id, to update":        {Theirs{IDKey: "no", Write: "update"}, "own", `x {"create":{"_id":"` + id + `"}} {"id":"i\"1","n":7,"to":"Other","r":"a"}`},
		"nothing left, to update": {Theirs{IDKey: "id", Write: "upsert", Removed: []string{"id", "n", "to", "r"}}, "own", `x {"update":{"_id":"i\"1"}} {"doc":{},"doc_as_upsert":true}`},
		"id and routing, removed": {Theirs{IDKey: "id", RoutingKey: "r", Write: "index", Removed: []string{"id", "r"}}, "own", `x {"index":{"_id":"i\"1","routing":"a"}} {"n":7,"to":"Other"}`},
		"routing, server's ids":   {Theirs{RoutingKey: "r"}, "server", `x {"create":{"routing":"a"}} {"id":"i\"1","n":7,"to":"Other","r":"a"}`},
		"index":                   {Theirs{IndexKey: "to", Removed: []string{"to"}}, "own", `other {"create":{"_id":"` + id + `"}} {"id":"i\"1","n":7,"r":"a"}`},
		"index that is not there": {Theirs{IndexKey: "no", Removed: []string{"no"}}, "own", `x {"create":{"_id":"` + id + `"}} {"id":"i\"1","n":7,"to":"Other","r":"a"}`},
		"everything removed":      {Theirs{Removed: []string{"id", "n", "to", "r"}}, "own", `x {"create":{"_id":"` + id + `"}} {}`},
	} {
		s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) {
			cfg.Schema, cfg.Index, cfg.IDs, cfg.Like = "fluentd", "x", c.ids, Like{Theirs: c.theirs}
		})
		b := &event.Batch{Tag: "t"}
		b.Begin(event.Record{Time: testTime, Weight: 1, ID: own})
		for _, f := range [][2]string{{"id", `"i\"1"`}, {"n", "7"}, {"to", `"Other"`}, {"r", `"a"`}} {
			kind := event.JSON
			if f[0] == "id" {
				kind, f[1] = event.Text, `i"1`
			}
			b.Add(b.KeyString(f[0]), b.PutString(f[1], kind))
		}
		bs := encode(s, b)
		got := bs.List[0].Key + " " + strings.ReplaceAll(strings.TrimSuffix(string(bs.List[0].Body), "\n"), "\n", " ")
		if got = strings.Replace(got, "{ \"", "{\"", 1); got != c.want { // no comma stands in front of the first
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// 409 says of an id of ours that the document is there, and of one of theirs
// that another document may be.
func TestWhoseIDWasThere(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) {
		cfg.Schema, cfg.Index, cfg.Like = "fluentd", "x", Like{Theirs: Theirs{IDKey: "id"}}
	})
	b := &event.Batch{}
	for i := range 2 {
		b.Begin(event.Record{Time: testTime, Weight: 1, ID: event.MakeID(1, event.SourceKey{Hi: 1}, uint64(i))})
		if i == 1 {
			b.Add(b.KeyString("id"), b.PutString("theirs", event.Text))
		}
	}
	a := new(answer)
	a.reset(strings.NewReader(`{"items":[{"create":{"status":409}},{"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}}]}`), 1<<20)
	v, err := s.judge(a, &event.Chunk{Blocks: encode(s, b).List})
	if err != nil || v.Duplicate != 1 || len(v.Reject) != 1 || v.Reject[0].Item != 1 {
		t.Errorf("%+v, %v", v, err)
	}
}

// An update that met another one is sent again; one of a document that is not
// there is refused, for it would never end.
func TestWhatBecomesOfAnUpdate(t *testing.T) {
	for write, want := range map[string]string{
		"update": "accepted 2 duplicate 1 elsewhere 0 retry 2 reject 3=404 document_missing_exception (none: 409 version_conflict_engine_exception)",
		"upsert": "accepted 2 duplicate 1 elsewhere 0 retry 2 reject 3=404 document_missing_exception (none: 409 version_conflict_engine_exception)",
		"index":  "accepted 2 duplicate 1 elsewhere 0 reject 2=409 version_conflict_engine_exception reject 3=404 document_missing_exception",
	} {
		s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) {
			cfg.Schema, cfg.Index, cfg.Like = "fluentd", "x", Like{Theirs: Theirs{IDKey: "id", Write: write}}
		})
		b := &event.Batch{}
		for i := range 5 {
			b.Begin(event.Record{Time: testTime, Weight: 1, ID: event.MakeID(1, event.SourceKey{Hi: 1}, uint64(i))})
			if i < 4 {
				b.Add(b.KeyString("id"), b.PutString("theirs", event.Text))
			}
		}
		a := new(answer)
		a.reset(strings.NewReader(`{"errors":true,"items":[{"update":{"status":200}},{"update":{"status":201}},{"update":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},`+
			`{"update":{"status":404,"error":{"type":"document_missing_exception"}}},{"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}}]}`), 1<<20)
		v, err := s.judge(a, &event.Chunk{Blocks: encode(s, b).List})
		if got := summary(v); err != nil || got != want {
			t.Errorf("%s: %s, %v", write, got, err)
		}
	}
}

func TestWhatARecordSaysAllocatesNothing(t *testing.T) {
	if race {
		t.Skip("the race detector's pools forget")
	}
	s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) {
		cfg.Schema, cfg.Index = "fluentd", "x"
		cfg.Like = Like{Theirs: Theirs{IDKey: "stream", RoutingKey: "stream", IndexKey: "logtag", Removed: []string{"stream"}}}
	})
	b := criBatch(100)
	w := newWarm()
	w.encode(s, b)
	if n := testing.AllocsPerRun(10, func() { w.encode(s, b) }); n > 0 {
		t.Errorf("%v allocations for 100 records", n)
	}
}
