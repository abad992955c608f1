package forward

import (
	"bytes"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
)

// What is read back and written again is the same entry, under the same key.
func TestAnEntryReadBackIsTheSame(t *testing.T) {
	for name, change := range map[string]func(*Config){"record": nil, "option": inOption} {
		s := newSink(t, change, "127.0.0.1:1")
		b := batchOf(3)
		b.Recs[1].Flags = event.Multiline
		b.Set(0, b.KeyString("json"), b.PutString(`{"a":[1,2.5,null]}`, event.JSON))
		b.Set(2, b.KeyString("n"), b.Put(msgp.AppendInt(nil, 7), event.Msgp))
		blk := encode(s, b).List[0]
		back := &event.Batch{Tag: b.Tag, Arena: blk.Body[:len(blk.Body):len(blk.Body)]}
		for i := range blk.Len() {
			if !s.Decode(back, blk, i) {
				t.Fatalf("%s: cannot read %x", name, blk.Item(i))
			}
			r := &back.Recs[i]
			r.ID, r.Weight = blk.IDs[i], blk.Weights[i]
		}
		again := encode(s, back).List[0]
		if !bytes.Equal(again.Body, blk.Body) || again.Key != blk.Key {
			t.Errorf("%s: read back and written again:\n%q %x\nwas\n%q %x", name, again.Key, again.Body, blk.Key, blk.Body)
		}
	}
}

func FuzzDecode(f *testing.F) {
	blk := encode(newSink(f, inOption, "127.0.0.1:1"), batchOf(1)).List[0]
	f.Add(blk.Body)
	s := newSink(f, nil, "127.0.0.1:1")
	f.Fuzz(func(t *testing.T, p []byte) {
		b := &event.Batch{Tag: "t", Arena: p}
		if s.Decode(b, &event.Block{Body: p, Ends: []uint32{uint32(len(p))}}, 0) != (len(b.Recs) == 1) {
			t.Fatal("half a record")
		}
	})
}
