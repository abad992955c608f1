package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/wire"
)

// faulty is a server that does one thing wrong. Each connection is given to
// the next of its acts; the last one stays.
type faulty struct {
	addr string
	mu   sync.Mutex
	acts []act
	met  int // connections
}

// act is what a server does with a connection; it may return early.
type act func(t testing.TB, nc net.Conn, r *wire.Reader)

func startFaulty(t testing.TB, acts ...act) *faulty {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{addr: l.Addr().String(), acts: acts}
	var wg sync.WaitGroup
	var open sync.Map
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(nc, nil)
			wg.Go(func() {
				defer nc.Close()
				f.next()(t, nc, wire.NewReader(nc, 64<<20))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(nc, _ any) bool { nc.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return f
}

func (f *faulty) next() act {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.met++
	a := f.acts[0]
	if len(f.acts) > 1 {
		f.acts = f.acts[1:]
	}
	return a
}

func (f *faulty) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.met
}

// acknowledge answers n frames; 0: all. It is strict about what it is sent.
func acknowledge(n int) act {
	return func(t testing.TB, nc net.Conn, r *wire.Reader) {
		for i := 0; i < n || n == 0; i++ {
			f, err := r.Next()
			if err != nil {
				return
			}
			p := f.Parts()
			if p.Mode == wire.Broken || len(p.Option.Chunk) == 0 {
				t.Errorf("not a frame with a chunk id: %.100x", f.Raw)
				return
			}
			if _, err := nc.Write(wire.AppendAck(nil, p.Option.Chunk)); err != nil {
				return
			}
		}
	}
}

// after reads a frame whole, then does more.
func after(do act) act {
	return func(t testing.TB, nc net.Conn, r *wire.Reader) {
		if _, err := r.Next(); err == nil {
			do(t, nc, r)
		}
	}
}

func hangUp(testing.TB, net.Conn, *wire.Reader) {}

// silent reads and never says a word.
func silent(_ testing.TB, nc net.Conn, _ *wire.Reader) { _, _ = io.Copy(io.Discard, nc) }

func say(p []byte) act {
	return func(t testing.TB, nc net.Conn, r *wire.Reader) {
		_, _ = nc.Write(p)
		silent(t, nc, r)
	}
}

func ackOf(id string) []byte { return wire.AppendAck(nil, msgp.AppendString(nil, id)) }

// What a server does wrong is an error that names it: nothing counts as
// accepted.
func TestFaults(t *testing.T) {
	key := func(c *Config) { c.SharedKey = "k" }
	for _, tt := range []struct {
		name   string
		act    act
		change func(*Config)
		want   string
	}{
		{"hangs up at once", hangUp, nil, "the connection ended before the acknowledgement|reset|broken pipe"},
		{"hangs up after the frame", after(hangUp), nil, "the connection ended before the acknowledgement"},
		{"hangs up within the acknowledgement", after(func(_ testing.TB, nc net.Conn, _ *wire.Reader) {
			_, _ = nc.Write(ackOf("abcdefgh")[:7])
		}), nil, "the connection ended before the acknowledgement"},
		{"acknowledges another chunk", after(say(ackOf("other"))), nil, "acknowledged another chunk"},
		{"acknowledges with nothing", after(say([]byte{0x80})), nil, "no acknowledgement"},
		{"answers with nonsense", after(say([]byte("HTTP/1.1 400 Bad Request\r\n"))), nil, "no acknowledgement"},
		{"never acknowledges", silent, func(c *Config) { c.AckTimeout = 20 * time.Millisecond }, "did not acknowledge a chunk within 20ms"},
		{"asks for the handshake", say(wire.AppendHelo(nil, []byte("nonce"), nil)), nil, "set shared_key"},
		{"refuses after the frame", after(say(wire.AppendRefusal(nil, "go away"))), nil, `refuses the connection: "go away"`},

		{"hangs up before HELO", hangUp, key, "ended before the handshake"},
		{"begins with something else", say([]byte{0x80}), key, "no HELO"},
		{"hangs up after PING", func(_ testing.TB, nc net.Conn, r *wire.Reader) {
			_, _ = nc.Write(wire.AppendHelo(nil, []byte("nonce"), nil))
			_, _ = r.Next()
		}, key, "may have another shared key"},
		{"answers PING with nonsense", say(append(wire.AppendHelo(nil, []byte("nonce"), nil), 0x91, 0xa0)), key, "no PONG"},
		{"knows no key", say(wire.AppendPong(wire.AppendHelo(nil, []byte("nonce"), nil), "server", []byte("wrong"))), key, "does not know the shared key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := startFaulty(t, tt.act)
			s := newSink(t, tt.change, f.addr)
			v, err := s.Deliver(t.Context(), chunkOf(s, 10))
			got := v.Reason
			if err != nil {
				got = err.Error()
			}
			found := false
			for _, want := range strings.Split(tt.want, "|") {
				found = found || strings.Contains(got, want)
			}
			if !found || !strings.Contains(got, f.addr) || v.Accepted != 0 {
				t.Errorf("got %q %+v, want %q", got, v, tt.want)
			}
			if srv := s.group.list[0]; !srv.down || srv.failed != 1 {
				t.Errorf("after it down is %v, failures %d", srv.down, srv.failed)
			}
		})
	}
}

// A server that cannot be reached is passed over within one Deliver.
func TestTheNextServerIsTried(t *testing.T) {
	good := startFaulty(t, acknowledge(0))
	s := newSink(t, nil, closedAddr(t), closedAddr(t), good.addr)
	for range 3 {
		if v, err := s.Deliver(t.Context(), chunkOf(s, 10)); err != nil || v.Accepted != 10 {
			t.Fatalf("%v %+v", err, v)
		}
	}
	if n := good.connections(); n != 1 {
		t.Errorf("%d connections to the server that is there", n)
	}
}

func TestNoServerIsThere(t *testing.T) {
	one, two := closedAddr(t), closedAddr(t)
	s := newSink(t, nil, one, two)
	_, err := s.Deliver(t.Context(), chunkOf(s, 10))
	if err == nil || !strings.Contains(err.Error(), one) || !strings.Contains(err.Error(), two) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v does not name %s and %s on one line", err, one, two)
	}
}

// closedAddr is an address where nobody listens.
func closedAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A connection that the server closed while nobody used it costs a new one and
// nothing else; so does one that it closes at the very moment.
func TestAStaleConnection(t *testing.T) {
	t.Run("closed before", func(t *testing.T) {
		f := startFaulty(t, acknowledge(1), acknowledge(0))
		s := newSink(t, nil, f.addr)
		deliverTwice(t, s, func(c *conn) {
			for late := time.Now().Add(long); c.alive() && time.Now().Before(late); { // until the FIN is here
				time.Sleep(time.Millisecond)
			}
		})
	})
	t.Run("closed after the next frame", func(t *testing.T) {
		f := startFaulty(t, func(t testing.TB, nc net.Conn, r *wire.Reader) {
			acknowledge(1)(t, nc, r)
			_, _ = r.Next()
		}, acknowledge(0))
		s := newSink(t, nil, f.addr)
		deliverTwice(t, s, func(*conn) {})
		if n := f.connections(); n != 2 {
			t.Errorf("%d connections", n)
		}
	})
}

func deliverTwice(t *testing.T, s *Sink, between func(*conn)) {
	t.Helper()
	for i := range 2 {
		if v, err := s.Deliver(t.Context(), chunkOf(s, 10)); err != nil || v.Accepted != 10 {
			t.Fatalf("%d: %v %+v", i, err, v)
		}
		if i == 0 {
			between(s.group.list[0].pool.list[0])
		}
	}
}

// An answer that comes too late must not be taken for the next one's.
func TestAConnectionWithWordsToSpareIsNotUsedAgain(t *testing.T) {
	f := startFaulty(t, func(_ testing.TB, nc net.Conn, r *wire.Reader) {
		fr, err := r.Next()
		if err != nil {
			return
		}
		ack := wire.AppendAck(nil, fr.Parts().Option.Chunk)
		_, _ = nc.Write(append(ack, ack...))
		_, _ = r.Next()
	}, acknowledge(0))
	s := newSink(t, nil, f.addr)
	deliverTwice(t, s, func(*conn) {})
	if n := f.connections(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// A frame that a server closes its connection on again and again is halved.
func TestAFrameThatIsNeverTakenIsHalved(t *testing.T) {
	f := startFaulty(t, after(hangUp))
	s := newSink(t, func(c *Config) { c.Compress = "text" }, f.addr)
	c := chunkOf(s, 2000)
	var v event.Verdict
	var err error
	for c.Tries = 1; c.Tries <= suspectTries; c.Tries++ {
		v, err = s.Deliver(t.Context(), c)
		if c.Tries < suspectTries && err == nil {
			t.Errorf("try %d: %+v", c.Tries, v)
		}
	}
	if err != nil || v.Signal != event.TooLarge || len(v.Retry) != 2000 || c.Bytes() < suspect {
		t.Errorf("%v, signal %v, %d items of %d bytes", err, v.Signal, len(v.Retry), c.Bytes())
	}
}

// One that closes its connections before there is a frame on them is not told
// by the frame's size.
func TestAServerThatTakesNobodyIsNoReasonToHalve(t *testing.T) {
	f := startFaulty(t, hangUp)
	s := newSink(t, func(c *Config) { c.SharedKey = "k" }, f.addr)
	c := chunkOf(s, 2000)
	c.Tries = suspectTries
	if v, err := s.Deliver(t.Context(), c); err == nil || !strings.Contains(err.Error(), "ended before the handshake") {
		t.Errorf("%v %+v", err, v)
	}
}

// Who gives up on his own account learns nothing about the server.
func TestDeliverEndsWithItsContext(t *testing.T) {
	ended := errors.New("ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	f := startFaulty(t, after(func(t testing.TB, nc net.Conn, r *wire.Reader) {
		cancel(ended)
		silent(t, nc, r)
	}))
	s := newSink(t, nil, f.addr)
	if _, err := s.Deliver(ctx, chunkOf(s, 10)); !errors.Is(err, ended) {
		t.Error(err)
	}
	if s.group.list[0].down {
		t.Error("the server is taken to be down")
	}
	if _, err := s.Deliver(ctx, chunkOf(s, 10)); err == nil {
		t.Error("delivered after the end")
	}
}

// A server that takes nothing is given up after send_timeout.
func TestSendTimeout(t *testing.T) {
	block := make(chan struct{})
	f := startFaulty(t, func(testing.TB, net.Conn, *wire.Reader) { <-block })
	t.Cleanup(func() { close(block) })
	s := newSink(t, func(c *Config) { c.SendTimeout, c.Compress = 50*time.Millisecond, "text" }, f.addr)
	b := &event.Batch{Tag: "t"}
	b.Begin(event.Record{Time: testTime})
	b.Add(b.KeyString("k"), b.Put(make([]byte, 48<<20), event.Text)) // more than sockets hold
	_, err := s.Deliver(t.Context(), &event.Chunk{Key: "t", Blocks: encode(s, b).List})
	if err == nil || !strings.Contains(err.Error(), "did not take a chunk within 50ms") {
		t.Error(err)
	}
}

// A server that has no handshake to begin says nothing.
func TestNoHELO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSink(t, func(c *Config) { c.SharedKey = "k" }, "127.0.0.1:1")
		ours, theirs := net.Pipe()
		defer theirs.Close()
		ctx, cancel := context.WithTimeout(t.Context(), s.connectTimeout)
		defer cancel()
		began := time.Now()
		err := s.handshake(ctx, &conn{nc: ours, r: wire.NewReader(ours, maxAnswer)}, s.group.list[0])
		if err == nil || !strings.Contains(err.Error(), "did not begin the handshake within 1m0s") || time.Since(began) != s.connectTimeout {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
