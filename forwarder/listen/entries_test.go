package listen

import (
	"bytes"
	"strings"
	"testing"

	"sluice/wire"
)

// Fluent Bit opens and closes groups of records with entries of their own:
// seconds 2^32-1 and 2^32-2. The records between them keep their index.
func TestGroupMarkers(t *testing.T) {
	group := func(sec string) []byte {
		return append([]byte("\x92\x92\xd7\x00"+sec+"\x00\x00\x00\x00\x81\xa1m\x01"), record("of the group")...)
	}
	inner := append([]byte("\x92\x92\xd7\x00\x65\x53\xf1\x00\x00\x00\x00\x05\x80"), record("a line")...)
	body := bytes.Join([][]byte{group("\xff\xff\xff\xff"), inner, group("\xff\xff\xff\xfe"), inner}, nil)
	for name, raw := range map[string][]byte{
		"forward": wire.AppendForward(nil, "g", 4, body, wire.Send{Chunk: "c"}),
		"packed":  wire.AppendPacked(nil, "g", body, wire.Send{Chunk: "c"}),
	} {
		out := &fakeOut{}
		s := start(t, out, nil)
		nc := s.dial(t)
		send(t, nc, raw)
		expect(t, nc, ack("c"))
		const want = `g 1700000000.000000005 message="a line"`
		if got := strings.Join(out.lines, "\n"); got != want+"\n"+want || out.recs[0].Pos != 1 || out.recs[1].Pos != 3 {
			t.Errorf("%s: %+v\n%s", name, out.recs, got)
		}
	}
}

// What is too much of its kind is dropped and counted under its name; what
// comes behind is taken.
func TestLimits(t *testing.T) {
	fields := func(n int) []byte {
		p := []byte{0xde, byte(n >> 8), byte(n)}
		for i := range n {
			p = append(p, 0xcd, byte(i>>8), byte(i), 0x01)
		}
		return p
	}
	deep := func(n int) []byte {
		return append(append([]byte("\x81\xa1d"), bytes.Repeat([]byte{0x91}, n)...), 0xc0)
	}
	msg := func(tag string, record []byte) []byte { return wire.AppendMessage(nil, tag, when, record, wire.Send{}) }
	for _, tt := range []struct {
		name, reason string // no reason: it is taken
		raw          []byte
	}{
		{"as many fields as may be", "", msg("m", fields(maxFields))},
		{"a field too many", "fields", msg("m", fields(maxFields+1))},
		{"as deep as may be", "", msg("m", deep(wire.MaxDepth-1))},
		{"too deep", "depth", msg("m", deep(wire.MaxDepth))},
		{"far too deep", "depth", msg("m", deep(10000))},
		{"as long a tag as may be", "", msg(strings.Repeat("t", maxTag), record("x"))},
		{"too long a tag", "tag", msg(strings.Repeat("t", maxTag+1), record("x"))},
		{"no tag", "tag", msg("", record("x"))},
	} {
		out := &fakeOut{mute: true}
		s := start(t, out, nil)
		nc := s.dial(t)
		send(t, nc, append(tt.raw, message("behind", "x", "c")...))
		expect(t, nc, ack("c"))
		want := 2.0
		if tt.reason != "" {
			want = 1
			if got := s.metric(t, "sluice_forward_bad_entries_total", tt.reason); got != 1 {
				t.Errorf("%s: %v counted", tt.name, got)
			}
		}
		if got := s.metric(t, "sluice_input_records_total", source); got != want {
			t.Errorf("%s: %v records", tt.name, got)
		}
	}
}
