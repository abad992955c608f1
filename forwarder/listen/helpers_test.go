package listen

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tinylib/msgp/msgp"
	"go.uber.org/goleak"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeOut notes what it is given. With hold set it keeps a share of every
// batch's receipt, until release.
type fakeOut struct {
	mu      sync.Mutex
	hold    bool
	mute    bool // count only
	fail    error
	wait    chan struct{} // what Admit returns
	lines   []string
	ids     []event.ID
	recs    []event.Record
	held    []*event.Ack
	batches int
	arenas  int             // bytes
	shared  *event.Fragment // of the newest batch
	changed chan struct{}
}

func (o *fakeOut) Admit(string) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.wait
}

func (o *fakeOut) Emit(_ context.Context, b *event.Batch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.note()
	if o.fail != nil {
		return o.fail
	}
	o.batches++
	o.arenas += len(b.Arena)
	o.shared = b.Shared
	for i := range b.Recs {
		if !o.mute && b.Recs[i].State == event.Live && b.Recs[i].Weight == 1 {
			o.lines = append(o.lines, describe(b, i))
			o.ids = append(o.ids, b.Recs[i].ID)
			o.recs = append(o.recs, b.Recs[i])
		}
	}
	if o.hold {
		b.Ack.Fork(1)
		o.held = append(o.held, b.Ack)
	}
	return nil
}

// note wakes until; the caller holds mu.
func (o *fakeOut) note() {
	if o.changed != nil {
		close(o.changed)
	}
	o.changed = make(chan struct{})
}

// until waits until the condition, asked with mu held, holds.
func (o *fakeOut) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		o.mu.Lock()
		if ok() {
			o.mu.Unlock()
			return
		}
		if o.changed == nil {
			o.changed = make(chan struct{})
		}
		changed := o.changed
		o.mu.Unlock()
		select {
		case <-changed:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// release gives back the shares of batch i, or of all with -1.
func (o *fakeOut) release(i int) {
	o.mu.Lock()
	held := append([]*event.Ack(nil), o.held...)
	o.mu.Unlock()
	for n, a := range held {
		if i < 0 || n == i {
			a.Done()
		}
	}
}

func describe(b *event.Batch, i int) string {
	r := &b.Recs[i]
	var s strings.Builder
	fmt.Fprintf(&s, "%s %d.%09d", b.Tag, r.Time.Sec, r.Time.Nsec)
	for _, f := range b.FieldsOf(i) {
		v := b.Bytes(f.Val)
		if f.Val.Kind == event.Text {
			fmt.Fprintf(&s, " %s=%q", b.Keys[f.Key], v)
		} else {
			fmt.Fprintf(&s, " %s=%s", b.Keys[f.Key], hex.EncodeToString(v))
		}
	}
	return s.String()
}

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// server is a running listener.
type server struct {
	*Listener
	ledger *ledger.Ledger
	reg    *prometheus.Registry
	log    *lockedBuffer
	addr   string
	cancel context.CancelFunc
	done   chan error
}

func newListener(t testing.TB, change func(*Config)) *server {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Listen = []string{"127.0.0.1:0"}
	if change != nil {
		change(&cfg)
	}
	s := &server{ledger: ledger.New(), reg: prometheus.NewRegistry(), log: &lockedBuffer{}, done: make(chan error, 1)}
	var err error
	s.Listener, err = New(cfg, s.ledger, slog.New(slog.NewTextHandler(s.log, nil)), s.reg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t testing.TB, out Out, change func(*Config)) *server {
	t.Helper()
	s := newListener(t, change)
	s.start(t, out)
	return s
}

func (s *server) start(t testing.TB, out Out) {
	t.Helper()
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.addr = s.Addrs()[0].String()
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() { s.done <- s.Run(ctx, out) }()
	t.Cleanup(func() { s.stop(t) })
}

func (s *server) stop(t testing.TB) {
	s.cancel()
	select {
	case err := <-s.done:
		if err != nil {
			t.Error(err)
		}
		s.done <- nil // for a second call
	case <-time.After(time.Minute):
		t.Error("Run does not return")
	}
}

func (s *server) dial(t testing.TB) *net.TCPConn {
	t.Helper()
	nc, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(time.Minute))
	return nc.(*net.TCPConn)
}

func send(t testing.TB, nc net.Conn, p []byte) {
	t.Helper()
	if _, err := nc.Write(p); err != nil {
		t.Fatal(err)
	}
}

// answers reads until the server closes.
func answers(t testing.TB, nc net.Conn) string {
	t.Helper()
	p, err := io.ReadAll(nc)
	if err != nil {
		t.Errorf("reading to the end: %v", err)
	}
	return string(p)
}

// expect reads exactly want.
func expect(t testing.TB, nc net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(nc, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got[:n], err, want)
	}
}

// metric is a counter's or gauge's value.
func (s *server) metric(t testing.TB, name, label string) float64 {
	t.Helper()
	families, err := s.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, label)
	return 0
}

// record is {"message": text}.
func record(text string) []byte {
	return msgp.AppendString(msgp.AppendString(msgp.AppendMapHeader(nil, 1), "message"), text)
}

var when = wire.Time{Sec: 1700000000, Nsec: 5}

func message(tag, text, chunk string) []byte {
	return wire.AppendMessage(nil, tag, when, record(text), wire.Send{Chunk: chunk})
}

func entries(n int) (p []byte) {
	for i := range n {
		p = wire.AppendEntry(p, when, record(fmt.Sprint("line ", i)))
	}
	return p
}

func packed(n int, chunk string) []byte {
	return wire.AppendPacked(nil, "packed", entries(n), wire.Send{Chunk: chunk, Size: n})
}

func ack(chunk string) string { return string(wire.AppendAck(nil, msgp.AppendString(nil, chunk))) }
