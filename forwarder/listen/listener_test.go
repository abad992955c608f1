package listen

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/event"
	"sluice/wire"
)

// Receipts come in any order; acks go out in the frames'.
func TestAcksInOrder(t *testing.T) {
	out := &fakeOut{hold: true}
	s := start(t, out, nil)
	nc := s.dial(t)
	for _, chunk := range []string{"one", "two", "three"} {
		send(t, nc, packed(2, chunk))
	}
	out.until(t, "three batches", func() bool { return out.batches == 3 })
	out.release(2)
	out.release(1)
	out.release(0)
	expect(t, nc, ack("one")+ack("two")+ack("three"))
}

// Frames of all kinds on one connection, one byte at a time.
func TestModesMixed(t *testing.T) {
	out := &fakeOut{}
	s := start(t, out, nil)
	nc := s.dial(t)
	gz, err := wire.Gzip(nil, entries(3))
	if err != nil {
		t.Fatal(err)
	}
	raw := message("m", "hello", "c1")
	raw = wire.AppendForward(raw, "f", 2, entries(2), wire.Send{Chunk: "c2"})
	raw = append(raw, 0xc0)
	raw = append(raw, packed(2, "c3")...)
	raw = wire.AppendPacked(raw, "z", gz, wire.Send{Chunk: "c4", Compressed: "gzip"})
	for i := range raw {
		send(t, nc, raw[i:i+1])
	}
	expect(t, nc, ack("c1")+ack("c2")+ack("c3")+ack("c4"))
	want := `m 1700000000.000000005 message="hello"
f 1700000000.000000005 message="line 0"
f 1700000000.000000005 message="line 1"
packed 1700000000.000000005 message="line 0"
packed 1700000000.000000005 message="line 1"
z 1700000000.000000005 message="line 0"
z 1700000000.000000005 message="line 1"
z 1700000000.000000005 message="line 2"`
	if got := strings.Join(out.lines, "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := s.metric(t, "sluice_input_records_total", source); got != 8 {
		t.Errorf("%v records counted", got)
	}
	if got := s.metric(t, "sluice_input_bytes_total", source); got != float64(len(raw)) {
		t.Errorf("%v bytes counted of %d", got, len(raw))
	}
	if got := s.metric(t, "sluice_forward_connections", ""); got != 1 {
		t.Errorf("%v connections counted", got)
	}
}

// What a client sent before it shut its side is taken in, and its ack sent.
func TestHalfClose(t *testing.T) {
	out := &fakeOut{hold: true}
	s := start(t, out, nil)
	nc := s.dial(t)
	send(t, nc, append(packed(2, "one"), message("m", "x", "two")...))
	nc.CloseWrite()
	out.until(t, "both batches", func() bool { return out.batches == 2 })
	out.release(-1)
	if got := answers(t, nc); got != ack("one")+ack("two") {
		t.Errorf("read %q", got)
	}
}

// Single messages that came together are one batch, each with its ack.
func TestMessagesAreJoined(t *testing.T) {
	const n = 1000
	out := &fakeOut{}
	s := start(t, out, nil)
	nc := s.dial(t)
	var raw []byte
	var want strings.Builder
	for i := range n {
		raw = append(raw, message("app", fmt.Sprint("line ", i), fmt.Sprint(i))...)
		want.WriteString(ack(fmt.Sprint(i)))
	}
	raw = append(raw, message("other", "x", "")...)
	raw = append(raw, message("app", "last", "end")...)
	send(t, nc, raw)
	expect(t, nc, want.String()+ack("end"))
	if len(out.lines) != n+2 || out.lines[n-1] != `app 1700000000.000000005 message="line 999"` || !strings.HasPrefix(out.lines[n], "other ") {
		t.Errorf("%d records", len(out.lines))
	}
	if out.batches > n/10 {
		t.Errorf("%d batches", out.batches)
	}
}

func TestLargeChunkInManyBatches(t *testing.T) {
	const n = 10000
	out := &fakeOut{hold: true}
	s := start(t, out, nil)
	nc := s.dial(t)
	raw := packed(n, "big")
	send(t, nc, append(raw, message("m", "behind", "")...))
	out.until(t, "the record behind the chunk", func() bool { return len(out.lines) == n+1 })
	if out.batches < n/maxRecords || out.arenas > len(raw)+100 {
		t.Errorf("%d batches, %d bytes of arena for %d sent", out.batches, out.arenas, len(raw))
	}
	for i, r := range out.recs[:n] {
		if r.Pos != int64(i) || r.ID.Position() != uint64(i) {
			t.Fatalf("record %d has position %d, id %v", i, r.Pos, r.ID)
		}
	}
	out.release(-1)
	expect(t, nc, ack("big"))
}

// The same chunk has the same ids; anything else has others.
func TestIDs(t *testing.T) {
	out := &fakeOut{}
	s := start(t, out, nil)
	nc := s.dial(t)
	seen := map[event.ID]string{}
	ids := func(raw []byte, chunk string) []event.ID {
		out.mu.Lock()
		from := len(out.ids)
		out.mu.Unlock()
		send(t, nc, raw)
		send(t, nc, message("end", "end", "end"))
		if chunk != "" {
			expect(t, nc, ack(chunk))
		}
		expect(t, nc, ack("end"))
		out.mu.Lock()
		defer out.mu.Unlock()
		return out.ids[from : len(out.ids)-1]
	}
	for _, tt := range []struct {
		name, chunk string
		raw         []byte
		n           int
		repeats     bool
	}{
		{"message", "m", message("a", "x", "m"), 1, true},
		{"message, other text", "m", message("a", "y", "m"), 1, true},
		{"message, other tag", "m", message("b", "x", "m"), 1, true},
		{"message, other chunk", "n", message("a", "x", "n"), 1, true},
		{"message without chunk", "", message("a", "x", ""), 1, false},
		{"packed", "p", packed(3, "p"), 3, true},
		{"packed without chunk", "", packed(3, ""), 3, false},
		{"unset time", "u", wire.AppendMessage(nil, "a", wire.Time{}, record("x"), wire.Send{Chunk: "u"}), 1, true},
	} {
		first, second := ids(tt.raw, tt.chunk), ids(tt.raw, tt.chunk)
		if len(first) != tt.n || len(second) != tt.n {
			t.Fatalf("%s: %d and %d records", tt.name, len(first), len(second))
		}
		for i := range first {
			if (first[i] == second[i]) != tt.repeats {
				t.Errorf("%s: ids %v and %v", tt.name, first[i], second[i])
			}
			if other, ok := seen[first[i]]; ok {
				t.Errorf("%s has an id of %s", tt.name, other)
			}
			seen[first[i]], seen[second[i]] = tt.name, tt.name
		}
	}
}

// A chunk that is pending is not taken in again when its client comes back.
func TestRetryJoinsPendingChunk(t *testing.T) {
	out := &fakeOut{hold: true}
	s := start(t, out, nil)
	first := s.dial(t)
	send(t, first, packed(5000, "c"))
	out.until(t, "the chunk", func() bool { return len(out.lines) == 5000 })
	first.Close()
	second := s.dial(t)
	send(t, second, append(packed(5000, "c"), message("m", "behind", "d")...))
	out.until(t, "what follows the repeat", func() bool { return len(out.lines) > 5000 })
	if len(out.lines) != 5001 {
		t.Errorf("%d records", len(out.lines))
	}
	out.release(-1)
	expect(t, second, ack("c")+ack("d"))
	// It is over: once more is new.
	send(t, second, packed(1, "c"))
	out.until(t, "a third one", func() bool { return len(out.lines) == 5002 })
	out.release(len(out.held) - 1)
	expect(t, second, ack("c"))
	if err := s.ledger.Check(); err != nil {
		t.Error(err)
	}
}

// A batch that could not be handed on is not acknowledged, nor is a repeat of
// its chunk that waited for it.
func TestFailedEmitIsNotAcknowledged(t *testing.T) {
	out := &fakeOut{}
	s := start(t, out, nil)
	nc := s.dial(t)
	send(t, nc, packed(1, "good"))
	expect(t, nc, ack("good"))
	out.mu.Lock()
	out.fail = errors.New("no lane takes it")
	out.mu.Unlock()
	send(t, nc, append(packed(1, "bad"), packed(1, "behind")...))
	if got := answers(t, nc); got != "" {
		t.Errorf("read %q", got)
	}
	if !strings.Contains(s.log.String(), "no lane takes it") {
		t.Errorf("log: %s", s.log)
	}
	s.pending.mu.Lock()
	defer s.pending.mu.Unlock()
	if len(s.pending.m) != 0 {
		t.Errorf("%d chunks still pending", len(s.pending.m))
	}
}

// While there is no room the connection is not read, and goes on after.
func TestAdmitHoldsTheConnection(t *testing.T) {
	gate := make(chan struct{})
	out := &fakeOut{wait: gate, mute: true}
	s := start(t, out, nil)
	nc := s.dial(t)
	written := make(chan error, 1)
	raw := wire.AppendPacked(nil, "p", wire.AppendEntry(nil, when, record(strings.Repeat("x", 100<<10))), wire.Send{Chunk: "c"})
	const frames = 300 // more than the kernel's buffers take
	go func() {
		for range frames {
			if _, err := nc.Write(raw); err != nil {
				written <- err
				return
			}
		}
		written <- nc.CloseWrite()
	}()
	poll(t, "the gauge", func() bool { return s.metric(t, "sluice_source_stalled", source) == 1 })
	select {
	case err := <-written:
		t.Fatalf("all was read (%v)", err)
	default:
	}
	out.mu.Lock()
	if out.batches != 0 {
		t.Errorf("%d batches without admission", out.batches)
	}
	out.wait = nil
	out.mu.Unlock()
	close(gate)
	if got := answers(t, nc); got != strings.Repeat(ack("c"), frames) {
		t.Errorf("%d bytes of acks", len(got))
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	if n := s.metric(t, "sluice_source_stalled", source); n != 0 {
		t.Errorf("gauge is %v", n)
	}
}

// poll asks until it is so.
func poll(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// What a peer promises costs nothing.
func TestPromisesCostNothing(t *testing.T) {
	out := &fakeOut{}
	s := start(t, out, func(c *Config) { c.MaxChunk = 1 << 30 })
	for _, tt := range []struct {
		name, raw string
		closed    bool
	}{
		{"2^31 elements", "\x92\xa1a\xdd\x80\x00\x00\x00", true},
		{"4 GiB of bytes", "\x92\xa1a\xc6\xff\xff\xff\xff", true},
		{"2^29 elements, below the limit", "\x92\xa1a\xdd\x20\x00\x00\x00", false},
		{"2^28 pairs, below the limit", "\x93\xa1a\x01\xdf\x10\x00\x00\x00", false},
		{"512 MiB of bytes, below the limit", "\x92\xa1a\xc6\x20\x00\x00\x00", false},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		nc := s.dial(t)
		send(t, nc, []byte(tt.raw+strings.Repeat("\x01", 1000)))
		if !tt.closed {
			nc.CloseWrite()
		}
		if _, err := io.ReadAll(nc); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		runtime.ReadMemStats(&after)
		if cost := after.TotalAlloc - before.TotalAlloc; cost > 1<<20 {
			t.Errorf("%s cost %d bytes", tt.name, cost)
		}
	}
	if got := s.metric(t, "sluice_forward_bad_entries_total", "too_large"); got != 2 {
		t.Errorf("%v counted as too large", got)
	}
}

func TestDecompressionIsBounded(t *testing.T) {
	out := &fakeOut{}
	s := start(t, out, func(c *Config) { c.MaxChunk = 1 << 20 })
	bomb, err := wire.Gzip(nil, make([]byte, 32<<20))
	if err != nil {
		t.Fatal(err)
	}
	nc := s.dial(t)
	send(t, nc, wire.AppendPacked(nil, "z", bomb, wire.Send{Chunk: "c", Compressed: "gzip"}))
	if got := answers(t, nc); got != "" {
		t.Errorf("read %q", got)
	}
	if out.batches != 0 || !strings.Contains(s.log.String(), "larger than the limit") {
		t.Errorf("%d batches; log: %s", out.batches, s.log)
	}
}

func TestWrongProtocolIsNamed(t *testing.T) {
	for _, tt := range []struct{ raw, want string }{
		{"\x16\x03\x01\x02\x00\x01\x00", "TLS"},
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP"},
		{"POST /x HTTP/1.1\r\n\r\n", "HTTP"},
		{`["tag",1700000000,{"message":"x"}]` + "\x93\xa1a", "no JSON"},
		{"hello world, this is no protocol", "in a row are no frames"},
		{"\x92\xa1a\xc1", "0xc1"},
	} {
		s := start(t, &fakeOut{}, nil)
		nc := s.dial(t)
		send(t, nc, []byte(tt.raw))
		if got := answers(t, nc); got != "" {
			t.Errorf("%q: read %q", tt.raw, got)
		}
		log := s.log.String()
		if !strings.Contains(log, tt.want) || !strings.Contains(log, nc.LocalAddr().String()) || strings.Count(log, "connection closed") != 1 {
			t.Errorf("%q: log: %s", tt.raw, log)
		}
	}
}
