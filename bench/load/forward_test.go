package load

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"sluice/bench/mark"
	"sluice/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a Forward server that keeps the marks of what it acknowledged, and
// may hang up on chosen frames.
type server struct {
	t        *testing.T
	listener net.Listener
	wg       sync.WaitGroup
	hangUp   func(frame int) bool // counts the frames of all connections from 1

	mu     sync.Mutex
	frames int
	taken  map[mark.Mark]int
	modes  map[wire.Mode]int
}

func newServer(t *testing.T, hangUp func(frame int) bool) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, listener: l, hangUp: hangUp, taken: map[mark.Mark]int{}, modes: map[wire.Mode]int{}}
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.serve(c) })
		}
	})
	return s
}

// close waits until every connection has been read to its end. They are
// accepted in their order: when the last one is served, none waits for it.
func (s *server) close() {
	if last, err := net.Dial("tcp", s.listener.Addr().String()); err == nil {
		_ = last.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, last)
		last.Close()
	}
	s.listener.Close()
	s.wg.Wait()
}

func (s *server) serve(c net.Conn) {
	defer c.Close()
	r := wire.NewReader(c, 1<<24)
	for {
		f, err := r.Next()
		if err != nil {
			return
		}
		p := f.Parts()
		if !s.take(&p) {
			return
		}
		if p.Option.Chunk != nil {
			if _, err := c.Write(wire.AppendAck(nil, p.Option.Chunk)); err != nil {
				return
			}
		}
	}
}

func (s *server) take(p *wire.Parts) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames++
	if s.hangUp != nil && s.hangUp(s.frames) {
		return false
	}
	s.modes[p.Mode]++
	if string(p.Tag) != "a.tag" {
		s.t.Errorf("tag %q", p.Tag)
	}
	body := p.Body
	if p.Mode == wire.Message {
		body = p.Record
	}
	codec, err := wire.CodecOf(body, p.Option.Compressed)
	if err == nil && codec != wire.Plain {
		body, err = new(wire.Inflater).Unpack(codec, nil, body, 1<<24)
	}
	if err != nil {
		s.t.Error(err)
	}
	for len(body) > 0 {
		n, err := wire.Skip(body)
		if err != nil {
			s.t.Errorf("entries are cut: %v", err)
			return false
		}
		m, ok := mark.Read(body[:n])
		if !ok {
			s.t.Errorf("no mark in %q", body[:n])
		}
		s.taken[m]++
		body = body[n:]
	}
	return true
}

// check holds what the server took against what the client says it made.
func (s *server) check(made []int64, want ...int64) {
	s.t.Helper()
	n := 0
	for stream, count := range made {
		if count != want[stream] {
			s.t.Errorf("stream %d: made %d, want %d", stream, count, want[stream])
		}
		for seq := int64(1); seq <= count; seq++ {
			n++
			if s.taken[mark.Mark{Stream: stream, Seq: seq}] != 1 {
				s.t.Fatalf("%d.%d was taken %d times", stream, seq, s.taken[mark.Mark{Stream: stream, Seq: seq}])
			}
		}
	}
	if n != len(s.taken) {
		s.t.Errorf("%d records were made, %d taken", n, len(s.taken))
	}
}

func TestForwardModes(t *testing.T) {
	for mode, on := range map[string]wire.Mode{Message: wire.Message, Forward: wire.Forward, Packed: wire.Packed, Compressed: wire.Packed} {
		for _, ack := range []bool{true, false} {
			for _, rate := range []int{0, 40_000} {
				s := newServer(t, nil)
				made, err := SendForward(t.Context(), ForwardConfig{
					Addr: s.listener.Addr().String(), Mode: mode, Ack: ack, Connections: 2, Records: 1001, Chunk: 64, Window: 200,
					Rate: rate, Size: 100, Stream: 1, Tag: "a.tag",
				}, nil)
				if err != nil {
					t.Fatal(err)
				}
				s.close()
				s.check(made, 0, 501, 500)
				if s.modes[on] == 0 || len(s.modes) != 1 {
					t.Errorf("%s: frames of modes %v", mode, s.modes)
				}
			}
		}
	}
}

func TestForwardSendsAgainWhatWasNotAcknowledged(t *testing.T) {
	s := newServer(t, func(frame int) bool { return frame%5 == 0 })
	var most int64
	made, err := SendForward(t.Context(), ForwardConfig{
		Addr: s.listener.Addr().String(), Mode: Packed, Ack: true, Connections: 1, Records: 1000, Chunk: 100, Window: 100, Size: 100, Tag: "a.tag",
	}, func(n int64) { most = n })
	if err != nil {
		t.Fatal(err)
	}
	s.close()
	s.check(made, 1000)
	if most != 1000 {
		t.Errorf("progress ended at %d", most)
	}
	if s.frames <= 10 {
		t.Errorf("only %d frames: the server hung up on none", s.frames)
	}
}

func TestForwardEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, func(frame int) bool {
		if frame == 3 {
			cancel()
		}
		return frame >= 3 // from now on nothing is acknowledged
	})
	made, err := SendForward(ctx, ForwardConfig{
		Addr: s.listener.Addr().String(), Mode: Packed, Ack: true, Connections: 1, Records: 1 << 40, Chunk: 10, Window: 10, Size: 100, Tag: "a.tag",
	}, nil)
	if err != context.Canceled {
		t.Errorf("got %v", err)
	}
	s.close()
	s.check(made, 20)
}

func TestForwardRefuses(t *testing.T) {
	good := ForwardConfig{Addr: "127.0.0.1:1", Mode: Packed, Connections: 1, Chunk: 1, Records: 1, Size: 100}
	for want, change := range map[string]func(*ForwardConfig){
		"none of":         func(c *ForwardConfig) { c.Mode = "loud" },
		"connections":     func(c *ForwardConfig) { c.Connections = 0 },
		"chunk":           func(c *ForwardConfig) { c.Chunk = 0 },
		"want 1 to 1":     func(c *ForwardConfig) { c.Connections, c.Stream = 2, mark.MaxStreams-1 },
		"cannot connect:": func(*ForwardConfig) {},
	} {
		c := good
		change(&c)
		if _, err := SendForward(t.Context(), c, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error about %q, got %v", want, err)
		}
	}
}

// TestAckTimes sends messages one at a time, at a rate and as fast as it goes;
// a connection that is cut delays its message, and loses none.
func TestAckTimes(t *testing.T) {
	for _, rate := range []int{0, 2000} {
		s := newServer(t, func(frame int) bool { return frame == 5 })
		times, made, err := AckTimes(t.Context(), ForwardConfig{
			Addr: s.listener.Addr().String(), Connections: 4, Records: 40, Rate: rate, Size: 50, Tag: "a.tag",
		})
		s.close()
		if err != nil || len(times) != 40 || len(made) != 4 || made[3] != 10 {
			t.Fatalf("rate %d: %v, %d times, %v", rate, err, len(times), made)
		}
		if times[39] < retryAfter || times[0] <= 0 {
			t.Errorf("rate %d: %v to %v, though one was cut", rate, times[0], times[39])
		}
		if len(s.taken) != 40 {
			t.Errorf("rate %d: %d messages arrived", rate, len(s.taken))
		}
	}
}
