package elastic

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"sluice/event"
)

// What is read back and written again, by a sink of the same settings, is the
// same document, under the same id, for the same index.
func TestADocumentReadBackIsTheSame(t *testing.T) {
	for name, like := range map[string]Like{
		"plain": {}, "timestamp": {Timestamp: true}, "tag": {Timestamp: true, TagKey: "tag"}, "metadata": {Timestamp: true, Metadata: true},
		"update": {Timestamp: true, Theirs: Theirs{IDKey: "message", Write: "update"}}, "upsert": {Timestamp: true, Theirs: Theirs{IDKey: "message", Write: "upsert"}},
	} {
		for _, shared := range []*event.Fragment{nil, podFragment()} {
			s := newSink(t, "http://127.0.0.1:1", func(c *Config) { c.Schema, c.Like, c.Index = "fluentd", like, "logstash-%Y.%m.%d" })
			b := goldenBatch(shared, "app.web")
			for _, blk := range encode(s, b).List {
				back := &event.Batch{Tag: "app.web", Read: testTime.Std().UnixNano(), Arena: blk.Body[:len(blk.Body):len(blk.Body)]}
				for i := range blk.Len() {
					if !s.Decode(back, blk, i) {
						t.Fatalf("%s: cannot read %s", name, blk.Item(i))
					}
					r := &back.Recs[i]
					r.ID, r.Weight = blk.IDs[i], blk.Weights[i]
				}
				if !like.Timestamp { // nothing tells the time
					continue
				}
				again := encode(s, back).List
				if len(again) != 1 || again[0].Key != blk.Key || !reflect.DeepEqual(parsed(t, again[0]), parsed(t, blk)) {
					t.Errorf("%s: read back and written again:\n%s\nwas\n%s", name, again[0].Body, blk.Body)
				}
			}
		}
	}
}

// parsed is a block's lines: what stands where in an object says nothing.
func parsed(t *testing.T, blk *event.Block) (list []any) {
	t.Helper()
	for line := range bytes.Lines(blk.Body) {
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

func TestWhatIsNoDocumentIsNotReadBack(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", func(c *Config) { c.Schema = "fluentd" })
	for _, item := range []string{"", "{}", "{\"create\":{}}\n", "{\"create\":{}}\n{\"a\":", "{\"create\":{}}\n[1]\n", "{\"update\":{}}\n", "{\"update\":{}}\n{\"doc\":", "{\"update\":{}}\n{\"doc\":}\n"} {
		b := &event.Batch{Arena: []byte(item)}
		if s.Decode(b, &event.Block{Body: b.Arena, Ends: []uint32{uint32(len(item))}}, 0) || len(b.Recs) > 0 {
			t.Errorf("%q was read back", item)
		}
	}
}
