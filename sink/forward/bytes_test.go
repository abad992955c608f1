package forward

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"sluice/event"
)

// The bytes of a frame, written down from the specification and not made by
// package wire.
func TestBytes(t *testing.T) {
	const (
		one   = "92" + "d7006b034a0220369b5f" + "81" + "a16b" + "a176" // [2026-..., {"k": "v"}]
		chunk = "a56368756e6b" + "b8"
		size  = "a473697a65" + "02"
	)
	when := event.Time{Sec: 0x6b034a02, Nsec: 0x20369b5f}
	ids := []event.ID{{1, 2, 3}, {4, 5, 6}}
	idsHex := "a3696473" + "c424" + "010203" + strings.Repeat("00", 15) + "040506" + strings.Repeat("00", 15)
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   string // CHUNK stands for the chunk id's 24 characters
	}{
		{"packed", func(c *Config) { c.Compress = "text" }, "93" + "a174" + "c420" + one + one + "83" + chunk + "CHUNK" + size + idsHex},
		{"packed, without ids", func(c *Config) { c.Compress, c.IDs = "text", "none" }, "93" + "a174" + "c420" + one + one + "82" + chunk + "CHUNK" + size},
		{"packed, without acks and ids", func(c *Config) { c.Compress, c.IDs, c.RequireAck = "text", "none", false }, "93" + "a174" + "c420" + one + one + "81" + size},
		{"forward", func(c *Config) { c.Mode = "forward" }, "93" + "a174" + "92" + one + one + "83" + chunk + "CHUNK" + size + idsHex},
		{"message", func(c *Config) { c.Mode, c.IDs, c.RequireAck = "message", "none", false }, strings.Repeat("93"+"a174"+one[2:], 2)},
		{"message with acks", func(c *Config) { c.Mode, c.IDs = "message", "none" }, strings.Repeat("94"+"a174"+one[2:]+"81"+chunk+"CHUNK", 2)},
	} {
		s := newSink(t, tt.change, "127.0.0.1:1")
		b := &event.Batch{Tag: "t"}
		for _, id := range ids {
			b.Begin(event.Record{Time: when, ID: id})
			b.Add(b.KeyString("k"), b.PutString("v", event.Text))
		}
		var p parcel
		if err := s.wrap(&p, &event.Chunk{Key: "t", Blocks: encode(s, b).List}); err != nil {
			t.Fatal(err)
		}
		got := hex.EncodeToString(bytes.Join(p.bufs, nil))
		for _, id := range p.acks {
			got = strings.Replace(got, hex.EncodeToString([]byte(id)), "CHUNK", 1)
		}
		if got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// The standard library unpacks what is packed with gzip.
func TestGzipByAnother(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Compress = "gzip" }, "127.0.0.1:1")
	c := chunkOf(s, 1000)
	var p parcel
	if err := s.wrap(&p, c); err != nil {
		t.Fatal(err)
	}
	zr, err := gzip.NewReader(bytes.NewReader(c.Wire))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(zr)
	if want := append(bytes.Clone(c.Blocks[0].Body), c.Blocks[1].Body...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, %d bytes", err, len(got))
	}
}

func BenchmarkEncode(b *testing.B) {
	s := newSink(b, nil, "127.0.0.1:1")
	batch := batchOf(1000)
	blk := &event.Block{}
	dst := &event.Blocks{New: func() *event.Block { return blk }}
	b.ReportAllocs()
	for b.Loop() {
		blk.Reset()
		dst.List = dst.List[:0]
		s.Encode(dst, batch)
	}
}
