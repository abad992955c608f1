package listen

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/wire"
)

// squeeze compresses parts, each as a member or frame of its own, as Fluentd
// does what it is given bit by bit.
func squeeze(t *testing.T, codec wire.Codec, parts ...[]byte) (out []byte) {
	t.Helper()
	for _, p := range parts {
		var z wire.Deflater
		one, err := z.Pack(codec, nil, [][]byte{p})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, one...)
	}
	return out
}

// A chunk that unpacks to more than a frame may be comes in pieces: the same
// records under the same ids as where all of it is held at once.
func TestChunksInPieces(t *testing.T) {
	const n, maxChunk = 10_000, 16 << 10
	var all []byte
	for i := range n {
		all = wire.AppendEntry(all, when, record(fmt.Sprint("line ", i, strings.Repeat(" and so on", i%4))))
	}
	half := 0
	for half < len(all)/2 {
		size, err := wire.Skip(all[half:])
		if err != nil {
			t.Fatal(err)
		}
		half += size
	}
	made, ids := madeIDs(n)
	for _, codec := range []wire.Codec{wire.GzipCodec, wire.ZstdCodec} {
		zipped := squeeze(t, codec, all[:half], all[half:])
		if len(zipped) > 8*maxChunk || len(all) < 16*maxChunk {
			t.Fatalf("%d bytes of %d", len(zipped), len(all))
		}
		for _, s := range []wire.Send{{Chunk: "c"}, {Chunk: "c", IDs: ids}, {Chunk: "c", IDs: ids[18:]}} {
			raw := wire.AppendPacked(nil, "z", zipped, s)
			whole, pieces := &fakeOut{}, &fakeOut{}
			for out, held := range map[*fakeOut]int64{whole: 16 << 20, pieces: 8 * maxChunk} {
				c, run := fed(t, raw, out)
				c.l.cfg.MaxChunk, c.l.cfg.MaxUnpacked = held, 16<<20
				run()
				if cap(c.inflated) > int(held)+512 { // the decoders want a little more
					t.Errorf("codec %d: %d bytes are held at once, of at most %d", codec, cap(c.inflated), held)
				}
			}
			if len(whole.lines) != n || !slices.Equal(pieces.lines, whole.lines) || !slices.Equal(pieces.ids, whole.ids) {
				t.Errorf("codec %d, %d bytes of ids: %d records in pieces, %d whole", codec, len(s.IDs), len(pieces.lines), len(whole.lines))
			}
			if given := slices.Equal(whole.ids, made); given != (len(s.IDs) == len(ids)) {
				t.Errorf("%d bytes of ids are believed: %v", len(s.IDs), given)
			}
		}
	}
}

// Before anything of it is believed the whole chunk was looked at.
func TestPiecesThatAreNotTaken(t *testing.T) {
	const maxChunk = 16 << 10
	all := bytes.Repeat(wire.AppendEntry(nil, when, record("x")), 5_000)
	large := wire.AppendEntry(nil, when, record(strings.Repeat("x", 2*maxChunk)))
	wrongSum := squeeze(t, wire.GzipCodec, all, all)
	wrongSum[len(wrongSum)-8] ^= 1
	for _, tt := range []struct {
		name    string
		body    []byte
		records int
		kept    string // kind of the dead letter
	}{
		{"wrong checksum at the end", wrongSum, 0, "compression"},
		{"cut short", squeeze(t, wire.GzipCodec, all, all)[:100], 0, "compression"},
		{"zstd, cut short", squeeze(t, wire.ZstdCodec, all, all)[:60], 0, "compression"},
		{"an entry larger than a piece", squeeze(t, wire.ZstdCodec, all, large, all), 0, "compression"},
		{"no msgpack in the middle", squeeze(t, wire.GzipCodec, all, []byte{0xc1}, all), 0, "compression"},
		{"more than max_unpacked", squeeze(t, wire.GzipCodec, all, all, all, all), 0, "too_large"},
		{"the last entry is cut", squeeze(t, wire.GzipCodec, all, all[:5]), 5_000, "time"},
		{"a bad entry in the middle", squeeze(t, wire.GzipCodec, all, []byte("\x92\xc3\x80"), all), 10_000, "time"},
	} {
		g, out := &grave{}, &fakeOut{}
		s := start(t, out, func(c *Config) { c.Dead, c.MaxChunk, c.MaxUnpacked = g, maxChunk, 1<<18 })
		nc := s.dial(t)
		send(t, nc, wire.AppendPacked(nil, "z", tt.body, wire.Send{Chunk: "c"}))
		expect(t, nc, ack("c"))
		if len(out.lines) != tt.records || len(g.kept) != 1 || !strings.HasPrefix(g.kept[0], "z "+tt.kept+" ") {
			t.Errorf("%s: %d records, kept %.40q", tt.name, len(out.lines), g.kept)
		}
		if tt.records == 0 && len(g.kept) == 1 && !strings.HasSuffix(g.kept[0], string(tt.body)) {
			t.Errorf("%s: the dead letter is not what came", tt.name)
		}
	}
}
