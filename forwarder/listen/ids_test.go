package listen

import (
	"bytes"
	"slices"
	"testing"

	"sluice/event"
	"sluice/wire"
)

func madeIDs(n int) (ids []event.ID, raw []byte) {
	for i := range n {
		ids = append(ids, event.MakeID(1700000000000, event.SourceKey{Hi: 1 << 40, Lo: 2 << 40}, uint64(i)))
		raw = append(raw, ids[i][:]...)
	}
	return ids, raw
}

// Ids that come in the option are the records', entry by entry, bad ones
// counted too; where their number is not the entries' they are not believed.
func TestIDsOfAnotherSluice(t *testing.T) {
	ids, raw := madeIDs(3)
	good := wire.AppendEntry(nil, when, record("x"))
	bad := []byte("\x92\xc3\x80") // its time is true
	three := slices.Concat(good, bad, good)
	zipped, err := wire.Gzip(nil, three)
	if err != nil {
		t.Fatal(err)
	}
	send3 := wire.Send{Chunk: "c", IDs: raw}
	packedZip := send3
	packedZip.Compressed = "gzip"
	for _, tt := range []struct {
		name string
		raw  []byte
		want []event.ID // nil: ids of our own
	}{
		{"forward", wire.AppendForward(nil, "f", 3, three, send3), []event.ID{ids[0], ids[2]}},
		{"packed", wire.AppendPacked(nil, "p", three, send3), []event.ID{ids[0], ids[2]}},
		{"compressed", wire.AppendPacked(nil, "z", zipped, packedZip), []event.ID{ids[0], ids[2]}},
		{"message", wire.AppendMessage(nil, "m", when, record("x"), wire.Send{IDs: raw[18:36]}), ids[1:2]},
		{"without chunk", wire.AppendPacked(nil, "p", three, wire.Send{IDs: raw}), []event.ID{ids[0], ids[2]}},
		{"one too few", wire.AppendForward(nil, "f", 3, three, wire.Send{IDs: raw[:36]}), nil},
		{"one too many", wire.AppendPacked(nil, "p", good, wire.Send{IDs: raw}), nil},
		{"a byte too few", wire.AppendPacked(nil, "p", three, wire.Send{IDs: raw[:53]}), nil},
		{"message with three", wire.AppendMessage(nil, "m", when, record("x"), wire.Send{IDs: raw}), nil},
		{"packed, cut", wire.AppendPacked(nil, "p", three[:len(three)-1], wire.Send{IDs: raw}), nil},
	} {
		out := &fakeOut{}
		_, run := fed(t, tt.raw, out)
		run()
		if tt.want != nil && !slices.Equal(out.ids, tt.want) {
			t.Errorf("%s: ids %v, want %v", tt.name, out.ids, tt.want)
		}
		if tt.want == nil && (len(out.ids) == 0 || slices.ContainsFunc(out.ids, func(id event.ID) bool { return slices.Contains(ids, id) })) {
			t.Errorf("%s: ids %v", tt.name, out.ids)
		}
	}
	// In as many batches as it needs.
	const n = 3 * maxRecords
	ids, raw = madeIDs(n)
	out := &fakeOut{}
	_, run := fed(t, wire.AppendPacked(nil, "p", bytes.Repeat(good, n), wire.Send{Chunk: "c", IDs: raw}), out)
	run()
	if out.batches < 3 || !slices.Equal(out.ids, ids) {
		t.Errorf("%d batches, %d ids", out.batches, len(out.ids))
	}
}
