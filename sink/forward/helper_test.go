package forward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/listen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long is how long a test waits for what must happen.
const long = time.Minute

var testTime = event.Time{Sec: 1795340550, Nsec: 686123456}

func idOf(n int) event.ID {
	return event.MakeID(testTime.Millis(), event.SourceKey{Hi: 1, Lo: 2}, uint64(n))
}

// batchOf makes a batch of n container lines.
func batchOf(n int) *event.Batch {
	b := &event.Batch{
		Tag: "kubernetes.shop.web", Read: 1795340551e9,
		Shared: &event.Fragment{
			File: "/var/log/containers/web.log", Namespace: "shop", Pod: "web-1", PodUID: "uid", Container: "app", ContainerID: "cid",
			Cluster: "berlin", Node: "node-1", Labels: []event.Pair{{Name: "app", Value: "web"}}, Fields: []event.Pair{{Name: "env", Value: "prod"}},
		},
	}
	message, stream := b.KeyString("message"), b.KeyString("stream")
	for i := range n {
		b.Begin(event.Record{Time: testTime, ID: idOf(i), Pos: int64(i), Weight: 1})
		b.Add(message, b.PutString("line "+strconv.Itoa(i), event.Text))
		b.Add(stream, b.PutString("stdout", event.Text))
	}
	return b
}

func newSink(t testing.TB, change func(*Config), servers ...string) *Sink {
	t.Helper()
	cfg := DefaultConfig()
	cfg.SelfHostname, cfg.ConnectTimeout = "agent", long
	for _, s := range servers {
		cfg.Servers = append(cfg.Servers, serverAt(t, s))
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func serverAt(t testing.TB, addr string) (s Server) {
	t.Helper()
	s.SetDefaults()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	s.Host = host
	if s.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	return s
}

// run lets the sink's Run run for the test.
func run(t testing.TB, s *Sink) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
}

// encode runs Encode into fresh blocks.
func encode(s *Sink, b *event.Batch) *event.Blocks {
	dst := &event.Blocks{New: func() *event.Block { return &event.Block{} }}
	s.Encode(dst, b)
	return dst
}

// chunkOf is n records as a chunk, in two blocks where that goes.
func chunkOf(s *Sink, n int) *event.Chunk {
	b := batchOf(n)
	c := &event.Chunk{Key: b.Tag, Tries: 1}
	for _, part := range [][]event.Record{b.Recs[:n/2], b.Recs[n/2:]} {
		half := *b
		half.Recs = part
		c.Blocks = append(c.Blocks, encode(s, &half).List...)
	}
	return c
}

// sluice is a receiving Sluice: a listener whose records are noted.
type sluice struct {
	addr    string
	mu      sync.Mutex
	records []got
	tags    map[string]bool
	grew    chan struct{}
}

type got struct {
	id   event.ID
	time event.Time
	text string // fields in order
}

// Admit implements listen.Out.
func (r *sluice) Admit(string) <-chan struct{} { return nil }

// Emit implements listen.Out.
func (r *sluice) Emit(_ context.Context, b *event.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tags[b.Tag] = true
	for i := range b.Recs {
		var text strings.Builder
		for _, f := range b.FieldsOf(i) {
			fmt.Fprintf(&text, "%s=%.300q ", b.Keys[f.Key], b.Bytes(f.Val))
		}
		if b.Shared != nil {
			for _, f := range b.Shared.Fields {
				fmt.Fprintf(&text, "%s=%q ", f.Name, f.Value)
			}
		}
		r.records = append(r.records, got{b.Recs[i].ID, b.Recs[i].Time, text.String()})
	}
	select {
	case r.grew <- struct{}{}:
	default:
	}
	return nil
}

// wait waits until n records are there, and returns those there are.
func (r *sluice) wait(t testing.TB, n int) []got {
	t.Helper()
	late := time.After(long)
	for {
		r.mu.Lock()
		list := append([]got(nil), r.records...)
		r.mu.Unlock()
		if len(list) >= n {
			return list
		}
		select {
		case <-r.grew:
		case <-late:
			t.Fatalf("%d of %d records came", len(list), n)
		}
	}
}

// startSluice starts a receiving Sluice on addr, "" for any.
func startSluice(t testing.TB, addr string, change func(*listen.Config)) *sluice {
	t.Helper()
	r := &sluice{tags: map[string]bool{}, grew: make(chan struct{}, 1)}
	r.start(t, addr, change)
	return r
}

// start returns what stops it.
func (r *sluice) start(t testing.TB, addr string, change func(*listen.Config)) (stop func()) {
	t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	cfg := listen.DefaultConfig()
	cfg.Listen, cfg.SelfHostname = []string{addr}, "aggregator"
	if change != nil {
		change(&cfg)
	}
	l, err := listen.New(cfg, ledger.New(), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for late := time.Now().Add(long); ; time.Sleep(10 * time.Millisecond) {
		// Meanwhile the port may be that of somebody's outgoing connection.
		if err = l.Listen(t.Context()); err == nil || !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(late) {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addrs()[0].String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, r) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}
