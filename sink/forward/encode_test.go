package forward

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/wire"
)

// asJSON is what an item says, its time as sent aside.
func asJSON(t testing.TB, item []byte) string {
	t.Helper()
	if item[0] != 0x92 {
		t.Fatalf("an entry begins with %x", item[0])
	}
	_, n, ok := wire.ReadTime(item[1:])
	if !ok {
		t.Fatalf("no time in %x", item)
	}
	var b bytes.Buffer
	if rest, err := msgp.UnmarshalAsJSON(&b, item[1+n:]); err != nil || len(rest) > 0 {
		t.Fatalf("%x: %v, %d bytes behind", item, err, len(rest))
	}
	return b.String()
}

func TestEncodeContainerLines(t *testing.T) {
	s := newSink(t, nil, "127.0.0.1:1")
	b := batchOf(3)
	b.Recs[1].State = event.Dropped
	list := encode(s, b).List
	if len(list) != 1 || list[0].Key != b.Tag || list[0].Len() != 2 || list[0].IDs[1] != idOf(2) {
		t.Fatalf("%+v", list)
	}
	const want = `{"message":"line 2","stream":"stdout","docker":{"container_id":"cid"},` +
		`"kubernetes":{"container_name":"app","namespace_name":"shop","pod_name":"web-1","pod_id":"uid","host":"node-1","labels":{"app":"web"}},` +
		`"cluster_name":"berlin","env":"prod"}`
	item := list[0].Item(1)
	if got := asJSON(t, item); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if at, _, _ := wire.ReadTime(item[1:]); event.Time(at) != testTime {
		t.Errorf("time %v", at)
	}
	b.Recs = b.Recs[1:2]
	if list := encode(s, b).List; len(list) != 0 {
		t.Errorf("nothing live makes %d blocks", len(list))
	}
}

// All that is known of a container, and nothing of it where a fluent.conf does
// not ask for it.
func TestEncodeMetadata(t *testing.T) {
	pairs := func(name string) []event.Pair { return []event.Pair{{Name: name, Value: "x"}} }
	b := &event.Batch{Tag: "t", Shared: &event.Fragment{
		File: "/f", Pod: "p", Image: "img", ImageDigest: "sha256:1", Owners: []event.Pair{{Name: "ReplicaSet", Value: "r"}, {Name: "Deployment", Value: "d"}},
		Labels: pairs("l"), Annotations: pairs("a"), NodeLabels: pairs("n"), SpaceLabels: pairs("s"), Partial: true, Fields: pairs("env"),
	}}
	b.Begin(event.Record{Time: testTime})
	for metadata, want := range map[bool]string{
		true: `{"kubernetes":{"pod_name":"p","container_image":"img","container_image_id":"sha256:1","owner_kind":"Deployment","owner_name":"d",` +
			`"enrichment":"partial","namespace_labels":{"s":"x"},"node_labels":{"n":"x"},"labels":{"l":"x"},"annotations":{"a":"x"}},"env":"x"}`,
		false: `{"env":"x"}`,
	} {
		s := newSink(t, func(c *Config) { c.Metadata = metadata }, "127.0.0.1:1")
		if got := asJSON(t, encode(s, b).List[0].Item(0)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestEncodeValues(t *testing.T) {
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	mp := msgp.AppendArrayHeader(nil, 2)
	mp = msgp.AppendInt(msgp.AppendUint64(mp, 1<<64-1), -1)
	tests := []struct {
		name string
		kind event.Kind
		raw  string
		want string
	}{
		{"text", event.Text, "plain \"text\"", `"plain \"text\""`},
		{"empty text", event.Text, "", `""`},
		{"long text", event.Text, strings.Repeat("x", 70000), `"` + strings.Repeat("x", 70000) + `"`},
		{"JSON object", event.JSON, `{"a":[1,-2.5,true,null,"x\ty"],"b":{}}`, `{"a":[1,-2.5,true,null,"x\ty"],"b":{}}`},
		{"JSON large number", event.JSON, `18446744073709551615`, `18446744073709551615`},
		{"no JSON", event.JSON, `{"a":`, `"{\"a\":"`},
		{"two JSON values", event.JSON, `1 2`, `"1 2"`},
		{"JSON nested too deep", event.JSON, deep, `"` + deep + `"`},
		{"msgpack", event.Msgp, string(mp), `[18446744073709551615,-1]`},
		{"msgpack cut", event.Msgp, "\x92\x01", `"\ufffd\u0001"`},
		{"two msgpack values", event.Msgp, "12", `"12"`},
		{"no msgpack", event.Msgp, "", `""`},
	}
	s := newSink(t, nil, "127.0.0.1:1")
	for _, tt := range tests {
		b := &event.Batch{Tag: "t"}
		b.Begin(event.Record{Time: testTime})
		b.Add(b.KeyString("k"), b.PutString(tt.raw, tt.kind))
		if got, want := asJSON(t, encode(s, b).List[0].Item(0)), `{"k":`+tt.want+`}`; got != want {
			t.Errorf("%s:\ngot  %.200s\nwant %.200s", tt.name, got, want)
		}
	}
}

func TestEncodeTimes(t *testing.T) {
	for _, tt := range []struct {
		time  event.Time
		whole bool
		want  event.Time
		first byte
	}{
		{testTime, false, testTime, 0xd7},
		{testTime, true, event.Time{Sec: testTime.Sec}, 0xd2},
		{event.Time{}, false, event.Time{Sec: 1795340551, Nsec: 5}, 0xd7},
		{event.Time{Sec: 1<<32 - 1, Nsec: 7}, false, event.Time{Sec: 1<<32 - 1, Nsec: 7}, 0xd7},
		{event.Time{Sec: 1 << 32, Nsec: 7}, false, event.Time{Sec: 1 << 32}, 0xd3},
		{event.Time{Sec: -5, Nsec: 7}, false, event.Time{Sec: -5}, 0xfb},
	} {
		s := newSink(t, func(c *Config) { c.TimeAsInteger = tt.whole }, "127.0.0.1:1")
		b := &event.Batch{Tag: "t", Read: 1795340551e9 + 5}
		b.Begin(event.Record{Time: tt.time})
		item := encode(s, b).List[0].Item(0)
		if got, _, ok := wire.ReadTime(item[1:]); !ok || event.Time(got) != tt.want || item[1] != tt.first {
			t.Errorf("%v: %v, first byte %x", tt.time, got, item[1])
		}
	}
}

// A record's own field must not hide what the fragment says, nor be left out.
func TestEncodeRenamesWhatClashes(t *testing.T) {
	s := newSink(t, nil, "127.0.0.1:1")
	b := &event.Batch{Tag: "t", Shared: &event.Fragment{
		Cluster: "c", Fields: []event.Pair{{Name: "cluster_name", Value: "static"}, {Name: "env", Value: "prod"}},
	}}
	b.Begin(event.Record{Time: testTime})
	for _, k := range []string{"env", "env_", "cluster_name", "cluster_name_", "other"} {
		b.Add(b.KeyString(k), b.PutString(k, event.Text))
	}
	const want = `{"env__":"env","env_":"env_","cluster_name__":"cluster_name","cluster_name___":"cluster_name_","other":"other",` +
		`"cluster_name":"c","cluster_name_":"static","env":"prod"}`
	for range 2 { // also with an encoder that was used
		if got := asJSON(t, encode(s, b).List[0].Item(0)); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

func TestEncodeOfAnEnrichedPod(t *testing.T) {
	b := batchOf(1)
	b.Shared = enriched()
	const want = `{"message":"line 0","stream":"stdout","docker":{"container_id":"cid"},"kubernetes":{"container_name":"app","namespace_name":"shop",` +
		`"pod_name":"web-1","pod_id":"uid","host":"node-1","container_image":"shop/web:1","container_image_id":"sha256:1","owner_kind":"Deployment",` +
		`"owner_name":"web","enrichment":"partial","namespace_labels":{"team":"t"},"node_labels":{"zone":"a"},"labels":{"app":"web"}},"cluster_name":"berlin","env":"prod"}`
	if got := asJSON(t, encode(newSink(t, nil, "127.0.0.1:1"), b).List[0].Item(0)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// enriched is a pod of which the API server told.
func enriched() *event.Fragment {
	f := batchOf(1).Shared
	f.Image, f.ImageDigest, f.Partial = "shop/web:1", "sha256:1", true
	f.Owners = []event.Pair{{Name: "ReplicaSet", Value: "web-5d4"}, {Name: "Deployment", Value: "web"}}
	f.SpaceLabels, f.NodeLabels = []event.Pair{{Name: "team", Value: "t"}}, []event.Pair{{Name: "zone", Value: "a"}}
	return f
}

func TestEncodeAllocatesNothing(t *testing.T) {
	if race {
		t.Skip("the race detector's pools forget")
	}
	t.Run("record", func(t *testing.T) { encodeAllocatesNothing(t, nil) })
	t.Run("option", func(t *testing.T) { encodeAllocatesNothing(t, inOption) })
}

func encodeAllocatesNothing(t *testing.T, change func(*Config)) {
	s := newSink(t, change, "127.0.0.1:1")
	b := batchOf(500)
	js, number := b.KeyString("json"), b.KeyString("n")
	for i := range b.Recs {
		b.Set(i, js, b.PutString(`{"level":"info","text":"a\tb","n":[1,2.5]}`, event.JSON))
		b.Set(i, number, b.Put(msgp.AppendInt(nil, i), event.Msgp))
	}
	blk := &event.Block{}
	dst := &event.Blocks{New: func() *event.Block { return blk }}
	if n := testing.AllocsPerRun(20, func() {
		blk.Reset()
		dst.List = dst.List[:0]
		s.Encode(dst, b)
	}); n > 0 {
		t.Errorf("%v allocations for %d records", n, len(b.Recs))
	}
}

// Whatever bytes a value holds, the entry is one that a receiver can read.
func FuzzEncode(f *testing.F) {
	f.Add("key", []byte(`{"a":[1,"\ud83d\ude00"]}`), uint8(1), int64(1700000000), uint32(5))
	f.Add("", []byte("\x92\xc1"), uint8(2), int64(-1), uint32(0))
	f.Add("cluster_name", []byte(strings.Repeat("[", 150)), uint8(1), int64(1<<40), uint32(999999999))
	sinks := []*Sink{newSink(f, nil, "127.0.0.1:1"), newSink(f, inOption, "127.0.0.1:1")}
	shared := &event.Fragment{Cluster: "c"}
	f.Fuzz(func(t *testing.T, key string, value []byte, kind uint8, sec int64, nsec uint32) {
		b := &event.Batch{Tag: "t", Shared: shared}
		b.Begin(event.Record{Time: event.Time{Sec: sec, Nsec: nsec % 1e9}, Flags: event.Flags(kind % 8)})
		b.Add(b.KeyString(key), b.Put(value, event.Kind(kind%3)))
		for _, s := range sinks {
			item := encode(s, b).List[0].Item(0)
			if _, n, err := wire.Measure(item, wire.MaxDepth+1); err != nil || n != len(item) {
				t.Fatalf("%x: %v, %d of %d bytes", item, err, n, len(item))
			}
			at := 1
			if item[1] == 0x92 { // [time, metadata]
				at = 2
			}
			if _, _, ok := wire.ReadTime(item[at:]); !ok {
				t.Fatalf("no time in %x", item)
			}
		}
	})
}
