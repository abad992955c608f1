package listen

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sluice/wire"
)

// grave is a dead-letter store that fails on demand.
type grave struct {
	fail error
	kept []string
}

func (g *grave) PutRaw(_, _, tag, kind, _ string, raw []byte) error {
	if g.fail != nil {
		return g.fail
	}
	g.kept = append(g.kept, tag+" "+kind+" "+string(raw))
	return nil
}

func TestAChunkThatCannotBeUnpackedIsADeadLetter(t *testing.T) {
	broken := "\x1f\x8bbroken"
	raw := wire.AppendPacked(nil, "z", []byte(broken), wire.Send{Chunk: "bad", Compressed: "gzip"})
	g, out := &grave{}, &fakeOut{}
	s := start(t, out, func(c *Config) { c.Dead = g })
	nc := s.dial(t)
	send(t, nc, append(slices.Clone(raw), packed(2, "good")...))
	expect(t, nc, ack("bad")+ack("good"))
	if len(g.kept) != 1 || g.kept[0] != "z compression "+broken {
		t.Errorf("kept %q", g.kept)
	}

	s = start(t, out, func(c *Config) { c.Dead = &grave{fail: errors.New("disk full")} })
	nc = s.dial(t)
	send(t, nc, raw)
	if got := answers(t, nc); got != "" {
		t.Errorf("acknowledged though it is nowhere: %q", got)
	}
}

// Whatever of a client's bytes cannot be used is kept before it is
// acknowledged, and not acknowledged when it cannot be kept.
func TestBadBytesAreDeadLetters(t *testing.T) {
	good, bad, cut := wire.AppendEntry(nil, when, record("x")), "\x92\xc3\x80", "\x92\x01"
	gz, err := wire.Gzip(nil, make([]byte, 2<<20))
	if err != nil {
		t.Fatal(err)
	}
	noTag := wire.AppendForward(nil, "", 1, good, wire.Send{Chunk: "c"})
	noRecord := wire.AppendMessage(nil, "m", when, []byte{0xc0}, wire.Send{Chunk: "c"})
	noMap := wire.AppendMessage(nil, "m", when, []byte{0x05}, wire.Send{Chunk: "c"})
	entries := slices.Concat([]byte(bad), good, []byte(bad), []byte{5}, []byte(cut))
	metrics := []byte("\x93\xa1s\xc4\x01\x05\x82\xadfluent_signal\x01\xa5chunk\xa1c")
	for _, tt := range []struct {
		name    string
		raw     []byte
		records int
		kept    []string
	}{
		{"entries", wire.AppendPacked(nil, "p", entries, wire.Send{Chunk: "c"}), 1, []string{"p time " + bad + bad + "\x05" + cut}},
		{"messages", append(slices.Clone(noMap), noMap...), 0, []string{"m record " + string(noMap) + string(noMap)}},
		{"no record", noRecord, 0, []string{"m record " + string(noRecord)}},
		{"no tag", noTag, 0, []string{" tag " + string(noTag)}},
		{"unpacks to too much", wire.AppendPacked(nil, "z", gz, wire.Send{Chunk: "c"}), 0, []string{"z too_large " + string(gz)}},
		{"metrics, which are no logs", metrics, 0, nil},
		{"all is well", packed(3, "c"), 3, nil},
	} {
		g, out := &grave{}, &fakeOut{}
		s := start(t, out, func(c *Config) { c.Dead, c.MaxChunk = g, 64<<10 })
		nc := s.dial(t)
		send(t, nc, tt.raw)
		nc.CloseWrite()
		if got := answers(t, nc); strings.ReplaceAll(got, ack("c"), "") != "" || got == "" {
			t.Errorf("%s: read %q", tt.name, got)
		}
		if !slices.Equal(g.kept, tt.kept) || len(out.lines) != tt.records {
			t.Errorf("%s: %d records, kept %q", tt.name, len(out.lines), g.kept)
		}
		if tt.kept == nil {
			continue
		}
		s = start(t, out, func(c *Config) { c.Dead, c.MaxChunk = &grave{fail: errors.New("disk full")}, 64<<10 })
		nc = s.dial(t)
		send(t, nc, tt.raw)
		if got := answers(t, nc); got != "" {
			t.Errorf("%s: acknowledged though it is nowhere: %q", tt.name, got)
		}
	}
}

// A client that wants no acks would not send again: what is good of its bytes
// is taken, whatever becomes of the rest.
func TestBadEntriesWithoutAck(t *testing.T) {
	out := &fakeOut{}
	s := start(t, out, func(c *Config) { c.Dead = &grave{fail: errors.New("disk full")} })
	nc := s.dial(t)
	send(t, nc, wire.AppendPacked(nil, "p", slices.Concat([]byte("\x92\xc3\x80"), entries(2)), wire.Send{}))
	send(t, nc, message("m", "behind", "c"))
	expect(t, nc, ack("c"))
	if len(out.lines) != 3 || !strings.Contains(s.log.String(), "disk full") {
		t.Errorf("%d records; log: %s", len(out.lines), s.log)
	}
}
