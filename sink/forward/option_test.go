package forward

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"sluice/event"
	"sluice/wire"
	"sluice/wire/metadata"
)

func inOption(c *Config) { c.MetadataIn = "option" }

// framed is what goes over the wire for a chunk, taken apart as a receiver does.
func framed(t *testing.T, s *Sink, c *event.Chunk) wire.Parts {
	t.Helper()
	var p parcel
	if err := s.wrap(&p, c); err != nil {
		t.Fatal(err)
	}
	f, err := wire.NewReader(bytes.NewReader(bytes.Join(p.bufs, nil)), 1<<20).Next()
	if err != nil {
		t.Fatal(err)
	}
	return f.Parts()
}

// With metadata: option the bytes of a frame, written down by hand.
func TestBytesOfTheOption(t *testing.T) {
	s := newSink(t, func(c *Config) { c.MetadataIn, c.Compress, c.IDs, c.RequireAck = "option", "text", "none", false }, "127.0.0.1:1")
	b := &event.Batch{Tag: "t", Shared: &event.Fragment{File: "f", Pod: "p"}}
	b.Begin(event.Record{Time: event.Time{Sec: 0x6b034a02, Nsec: 5}, Pos: 7, Flags: event.Truncated})
	b.Begin(event.Record{Time: event.Time{Sec: 0x6b034a02, Nsec: 5}, Pos: -1})
	list := encode(s, b).List
	var p parcel
	if err := s.wrap(&p, &event.Chunk{Key: list[0].Key, Blocks: list}); err != nil {
		t.Fatal(err)
	}
	const (
		when  = "d7006b034a0200000005"
		first = "92" + "92" + when + "82" + "a66f6666736574" + "07" + "a5666c616773" + "01" + "80"
		body  = first + "92" + when + "80"
		tree  = "82" + "a466696c65" + "a166" + "a3706f64" + "a170"
		want  = "93" + "a174" + "c429" + body + "82" + "a473697a65" + "02" + "af736c756963655f6d65746164617461" + tree
	)
	if got := hex.EncodeToString(bytes.Join(p.bufs, nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Each fragment has a key of its own; records hold nothing of it, and a name
// that it has is not taken.
func TestOneKeyForEachFragment(t *testing.T) {
	s := newSink(t, inOption, "127.0.0.1:1")
	b, other := batchOf(2), batchOf(2)
	other.Shared = enriched()
	b.Add(b.KeyString("kubernetes"), b.PutString("own", event.Text))
	one, two, again := encode(s, b).List, encode(s, other).List, encode(s, batchOf(1)).List
	if len(one) != 1 || len(two) != 1 || one[0].Key == two[0].Key || one[0].Key != again[0].Key {
		t.Fatalf("keys %q, %q, %q", one[0].Key, two[0].Key, again[0].Key)
	}
	if text := string(one[0].Body); strings.Contains(text, "shop") || !strings.Contains(text, "kubernetes\xa3own") {
		t.Errorf("entries %q", text)
	}
	for _, tt := range []struct {
		blocks []*event.Block
		want   *event.Fragment
	}{{one, b.Shared}, {two, other.Shared}} {
		p := framed(t, s, &event.Chunk{Key: tt.blocks[0].Key, Blocks: tt.blocks})
		want, _ := metadata.Append(nil, tt.want)
		if string(p.Tag) != b.Tag || !bytes.Equal(p.Option.Metadata, want) {
			t.Errorf("tag %q, metadata %q, want %q", p.Tag, p.Option.Metadata, want)
		}
	}
	b.Tag = "another"
	if key := encode(s, b).List[0].Key; !strings.HasPrefix(key, "another\x00") {
		t.Errorf("under another tag the key is %q", key)
	}
}

// What a server would not take stands in the records; so does everything where
// the setting does not say otherwise, and nothing is told of what has no origin.
func TestMetadataThatStaysInTheRecords(t *testing.T) {
	large := batchOf(1)
	large.Shared.Labels = []event.Pair{{Name: "app", Value: strings.Repeat("x", metadata.Max)}}
	bare := batchOf(1)
	bare.Shared = nil
	for name, tt := range map[string]struct {
		change func(*Config)
		batch  *event.Batch
		inside bool
	}{
		"too large": {inOption, large, true}, "by default": {nil, batchOf(1), true}, "nothing is known": {inOption, bare, false},
	} {
		s := newSink(t, tt.change, "127.0.0.1:1")
		list := encode(s, tt.batch).List
		p := framed(t, s, &event.Chunk{Key: list[0].Key, Blocks: list})
		if inside := bytes.Contains(list[0].Body, []byte("namespace_name")); inside != tt.inside || p.Option.Metadata != nil || string(p.Tag) != tt.batch.Tag {
			t.Errorf("%s: in the records %v, tag %q, metadata %q", name, inside, p.Tag, p.Option.Metadata)
		}
	}
}

// Blocks that lie on the disk go out as they were made, whatever the settings
// are now; and a key that only looks like one with metadata is a tag.
func TestKeysOfOtherSettings(t *testing.T) {
	list := encode(newSink(t, inOption, "127.0.0.1:1"), batchOf(3)).List
	for name, change := range map[string]func(*Config){"record": nil, "message": func(c *Config) { c.Mode = "message" }} {
		s := newSink(t, change, "127.0.0.1:1")
		p := framed(t, s, &event.Chunk{Key: list[0].Key, Blocks: list})
		if p.Mode != wire.Packed || string(p.Tag) != "kubernetes.shop.web" || len(p.Option.Metadata) == 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for _, key := range []string{"t", "", "t" + mark + "!", "t\x00"} {
		if tag, tree := splitKey(nil, key); tag != key || len(tree) != 0 {
			t.Errorf("key %q: tag %q, metadata %q", key, tag, tree)
		}
	}
}

func TestOptionNeedsAModeWithOne(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Servers, cfg.MetadataIn, cfg.Mode = []Server{serverAt(t, "127.0.0.1:1")}, "option", "message"
	if err := cfg.validate(); err == nil || !strings.Contains(err.Error(), "write mode: packed or forward") {
		t.Error(err)
	}
}
