package listen

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/wire"
)

// Frames that together are far larger than the room all come through, one
// after the other where it must be: none waits for another for ever.
func TestFramesLargerThanTheRoom(t *testing.T) {
	const clients, chunks = 20, 5
	out := &fakeOut{mute: true}
	s := start(t, out, func(c *Config) { c.Memory, c.MaxChunk = 64<<10, 1<<20 })
	gz, err := wire.Gzip(nil, entries(5000))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			nc := s.dial(t)
			for n := range chunks {
				raw := packed(2000, fmt.Sprint(c, n))
				if c%2 == 0 {
					raw = wire.AppendPacked(nil, "z", gz, wire.Send{Chunk: fmt.Sprint(c, n), Compressed: "gzip"})
				}
				send(t, nc, raw)
			}
			for n := range chunks {
				expect(t, nc, ack(fmt.Sprint(c, n)))
			}
		})
	}
	wg.Wait()
	s.stop(t)
	if s.room.Free() != 64<<10 || s.room.Crowded() {
		t.Errorf("%d of %d free at the end", s.room.Free(), 64<<10)
	}
	if got := s.metric(t, "sluice_input_records_total", source); got != clients/2*chunks*(2000+5000) {
		t.Errorf("%v records", got)
	}
}

// A thousand slow clients, and promises of gigabytes, cost what has come, and
// disturb nobody.
func TestSlowClientsCostLittle(t *testing.T) {
	const slow, memory = 1000, 4 << 20
	s := start(t, &fakeOut{mute: true}, func(c *Config) { c.Memory = memory })
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	starts := [][]byte{
		packed(10, "c")[:1],                        // a byte
		[]byte("\x93\xa1a\xc6\x00\xf0\x00\x00abc"), // 15 MiB promised
		[]byte("\x92\xa1a\xdd\x00\xf0\x00\x00\x01"),
		packed(1000, "c")[:12000],                  // more than a connection has for itself
		[]byte("\x93\xa1a\xdb\x80\x00\x00\x00abc"), // 2 GiB: refused at once
	}
	sent := 0
	for i := range slow {
		raw := starts[i%len(starts)]
		sent += len(raw)
		send(t, s.dial(t), raw)
	}
	read := func() bool { // what can be has been read, and who promised too much is gone
		return s.metric(t, "sluice_forward_bad_entries_total", "too_large") == slow/5
	}
	poll(t, "the promises to be refused", read)
	fast := s.dial(t)
	for i := range 20 {
		if err := exchange(fast, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	send(t, fast, packed(20000, "large"))
	expect(t, fast, ack("large"))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if cost := int(after.HeapAlloc) - int(before.HeapAlloc); cost > 16<<20 {
		t.Errorf("%d bytes sent cost %d", sent, cost)
	}
	if s.room.Free() < 0 {
		t.Errorf("%d bytes free", s.room.Free())
	}
}

// A connection on which nothing happens costs a few KiB, its acks' writer and
// its own reading included, before it has given anything back.
func TestIdleConnectionsCostLittle(t *testing.T) {
	const idle, most = 300, 20 << 10
	if racing {
		t.Skip("the race detector makes everything larger")
	}
	s := start(t, &fakeOut{mute: true}, nil)
	held := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc + m.StackInuse)
	}
	before := held()
	for i := range idle {
		if err := exchange(s.dial(t), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if cost := (held() - before) / idle; cost > most {
		t.Errorf("an idle connection costs %d bytes, both ends, want at most %d", cost, most)
	}
}

// Whoever is let through in any case must hurry.
func TestLargeFrameMustHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newListener(t, func(c *Config) { c.Memory = 1 })
		nc, stop, giveUp, done := piped(s, &fakeOut{mute: true})
		defer giveUp()
		defer stop()
		<-time.After(time.Hour)
		raw := packed(2000, "c")
		send(t, nc, raw[:10000])
		began := time.Now()
		<-done
		if took := time.Since(began); took != s.cfg.FrameTimeout/4 {
			t.Errorf("closed after %v", took)
		}
		if s.room.Crowded() || !strings.Contains(s.log.String(), "not finished within") {
			t.Errorf("log: %s", s.log)
		}
	})
}

func TestIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &fakeOut{hold: true}
		s := newListener(t, func(c *Config) { c.IdleTimeout = time.Minute })
		nc, stop, giveUp, done := piped(s, out)
		defer giveUp()
		defer stop()
		<-time.After(50 * time.Second)
		send(t, nc, message("m", "x", "one"))
		<-time.After(10 * time.Hour) // it waits for its ack, so it is not idle
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("closed while its ack was due")
		default:
		}
		out.release(-1)
		expect(t, nc, ack("one"))
		began := time.Now()
		<-done
		if took := time.Since(began); took > time.Minute {
			t.Errorf("closed after %v", took)
		}
		if strings.Contains(s.log.String(), "level=WARN") {
			t.Errorf("log: %s", s.log)
		}
	})
}

// Connections that only look whether somebody is there leave nothing behind.
func TestTCPHeartbeats(t *testing.T) {
	for _, key := range []string{"", "handshake"} {
		s := start(t, &fakeOut{}, func(c *Config) { c.SharedKey = key })
		for i := range 200 {
			nc, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				nc.(*net.TCPConn).SetLinger(0) // as Fluentd closes: with RST
			}
			nc.Close()
		}
		poll(t, "the listener's line, and them to end", func() bool { return s.log.String() != "" && s.open.Load() == 0 })
		if log := s.log.String(); strings.Count(log, "\n") != 1 {
			t.Errorf("key %q: log: %s", key, log)
		}
	}
}
