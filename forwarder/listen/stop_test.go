package listen

import (
	"net"
	"strings"
	"testing"
	"time"

	"sluice/wire"
)

// Acks that are due within the drain time are given out after the stop.
func TestStopGivesOutOwedAcks(t *testing.T) {
	out := &fakeOut{hold: true}
	s := start(t, out, nil)
	nc := s.dial(t)
	raw := message("m", "x", "one")
	send(t, nc, append(raw, raw[:len(raw)/2]...)) // the second one is abandoned
	idle := s.dial(t)
	out.until(t, "the first message", func() bool { return out.batches == 1 })
	poll(t, "the idle connection", func() bool { return s.metric(t, "sluice_forward_connections", "") == 2 }) // else the stop resets it
	s.cancel()
	if got := answers(t, idle); got != "" {
		t.Errorf("idle connection read %q", got)
	}
	out.release(-1)
	if got := answers(t, nc); got != ack("one") {
		t.Errorf("read %q", got)
	}
	s.stop(t)
	if out.batches != 1 {
		t.Errorf("%d batches", out.batches)
	}
	if _, err := net.Dial("tcp", s.addr); err == nil {
		t.Error("still accepts")
	}
}

func TestDrainTimeout(t *testing.T) {
	out := &fakeOut{hold: true}
	s := start(t, out, func(c *Config) { c.DrainTimeout = 20 * time.Millisecond })
	nc := s.dial(t)
	send(t, nc, message("m", "x", "never"))
	out.until(t, "the message", func() bool { return out.batches == 1 })
	s.stop(t)
	if got := answers(t, nc); got != "" {
		t.Errorf("read %q", got)
	}
}

// What came before a frame that ends the connection is kept.
func TestEarlierFramesSurviveABadOne(t *testing.T) {
	for name, bad := range map[string][]byte{
		"syntax":             {0xc1},
		"too large":          []byte("\x92\xa1m\xdb\xff\xff\xff\xff"),
		"chunk id too large": message("m", "x", strings.Repeat("c", maxChunkID)),
		"broken compression": wire.AppendPacked(nil, "m", entries(2), wire.Send{Compressed: "gzip", Chunk: "c"}),
		"another protocol":   []byte("abc"),
	} {
		out := &fakeOut{}
		s := start(t, out, nil)
		nc := s.dial(t)
		raw := append(message("m", "x", "one"), message("m", "y", "")...)
		raw = append(raw, message("m", "z", "two")...)
		raw = append(append(raw, bad...), message("m", "never", "three")...)
		send(t, nc, raw)
		if got := answers(t, nc); got != ack("one")+ack("two") || len(out.lines) != 3 {
			t.Errorf("%s: read %q, %d records", name, got, len(out.lines))
		}
	}
}

// Without room the stop is not held up either.
func TestStopWhileStalled(t *testing.T) {
	out := &fakeOut{wait: make(chan struct{})}
	s := start(t, out, nil)
	nc := s.dial(t)
	send(t, nc, packed(10, "c"))
	poll(t, "the gauge", func() bool { return s.metric(t, "sluice_source_stalled", source) == 1 })
	s.stop(t)
	if got := answers(t, nc); got != "" || out.batches != 0 {
		t.Errorf("read %q, %d batches", got, out.batches)
	}
}
