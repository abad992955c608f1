package socket

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/sourcetest"
	"sluice/parser"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a record as TAG FIELD=VALUE ...
func line(b *event.Batch, i int) string {
	text := b.Tag + sourcetest.Fields(b, i)
	if b.Recs[i].Flags&event.Truncated != 0 {
		text += " (cut)"
	}
	if b.Recs[i].Time.IsZero() || b.Recs[i].ID == (event.ID{}) {
		text += " without time or id"
	}
	return text
}

// fakeDead keeps what it is given.
type fakeDead struct {
	mu  sync.Mutex
	raw []byte
}

func (d *fakeDead) PutRaw(_, _, _, _, _ string, raw []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.raw = append(d.raw, raw...)
	return nil
}

type rig struct {
	*Server
	out  *sourcetest.Out
	dead *fakeDead
	led  *ledger.Ledger
	reg  *prometheus.Registry
	stop func()
}

func jsonOrLevel(t testing.TB) *parser.Parser {
	t.Helper()
	cfg := parser.DefaultConfig()
	cfg.Type, cfg.Expression = "regexp", `/^(?<level>[A-Z]+) (?<message>.*)$/`
	p, err := parser.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// start runs a server on loopback.
func start(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	return startInto(t, &sourcetest.Out{Line: line}, change)
}

func startInto(t testing.TB, out *sourcetest.Out, change func(*Config)) *rig {
	t.Helper()
	r := &rig{out: out, dead: &fakeDead{}, led: ledger.New(), reg: prometheus.NewRegistry()}
	cfg := Config{Name: "test", Network: "tcp", Address: "127.0.0.1:0", Tag: "t", Parser: jsonOrLevel(t), Delimiter: "\n", MaxMessage: 1000, Memory: 1 << 20, Dead: r.dead}
	change(&cfg)
	var err error
	if r.Server, err = New(cfg, r.led, slog.New(slog.DiscardHandler), r.reg, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.stop = sourcetest.Start(t, r.led, func(ctx context.Context) error { return r.Run(ctx, r.out) })
	return r
}

func (r *rig) dial(t testing.TB) net.Conn {
	t.Helper()
	a := r.Addrs()[0]
	nc, err := net.Dial(a.Network(), a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return nc
}

func send(t testing.TB, nc net.Conn, text string) {
	t.Helper()
	if _, err := nc.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// expect waits for as many lines, and compares them.
func (r *rig) expect(t testing.TB, want ...string) {
	t.Helper()
	if got := r.out.Await(t, len(want)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (r *rig) metric(t testing.TB, name string) (sum float64) {
	t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func TestStreams(t *testing.T) {
	for network, change := range map[string]func(*Config){
		"tcp":  func(c *Config) { c.AddressKey = "from" },
		"unix": func(c *Config) { c.Network, c.Address, c.Mode = "unix", filepath.Join(t.TempDir(), "s"), "0600" },
	} {
		r := start(t, change)
		nc := r.dial(t)
		from := ""
		if network == "tcp" {
			from = " from=127.0.0.1"
		}
		send(t, nc, "INFO one\nWARN t")
		r.expect(t, "t level=INFO message=one"+from)
		send(t, nc, "wo\n\nbad\nERR "+strings.Repeat("x", 2000)+"\nINFO three\nINFO end")
		nc.Close()
		r.expect(t, "t level=INFO message=one"+from, "t level=WARN message=two"+from,
			"t level=ERR message="+strings.Repeat("x", 996)+from+" (cut)", "t level=INFO message=three"+from, "t level=INFO message=end"+from)
		r.stop()
		if got := string(r.dead.raw); got != "bad\n" {
			t.Errorf("%s: dead letters %q", network, got)
		}
		if got := r.metric(t, "sluice_socket_bad_messages_total"); got != 2 {
			t.Errorf("%s: %v bad messages", network, got)
		}
	}
}

// However the network cuts it, the same comes out.
func TestAnyCut(t *testing.T) {
	const text = "INFO a\r\nINFO bc\r\n\r\nWARN d\r\n"
	for at := 1; at < len(text); at++ {
		s := &Server{cfg: Config{Parser: jsonOrLevel(t), Delimiter: "\r\n", MaxMessage: 100}}
		var err error
		if s.metrics, err = newMetrics(prometheus.NewRegistry(), "x"); err != nil {
			t.Fatal(err)
		}
		s.ledger = ledger.New()
		out := &sourcetest.Out{Line: line}
		c := &conn{s: s, m: s.maker("x", out), buf: make([]byte, 1000)}
		for _, part := range []string{text[:at], text[at:]} {
			c.end += copy(c.buf[c.end:], part)
			if err := c.take(t.Context(), false); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(out.Lines()); got != 3 || c.end != 0 {
			t.Errorf("cut at %d: %q, %d left", at, out.Lines(), c.end)
		}
	}
}

func TestCountedMessages(t *testing.T) {
	r := start(t, func(c *Config) { c.OctetCount, c.MaxMessage = true, 20 })
	nc := r.dial(t)
	send(t, nc, "8 INFO one11 INFO t\nwo x8")
	send(t, nc, " WARN abc30 INFO "+strings.Repeat("y", 25)+"6 INFO z")
	r.expect(t, "t level=INFO message=one", "t level=INFO message=t", "t level=WARN message=abc", "t level=INFO message="+strings.Repeat("y", 15)+" (cut)", "t level=INFO message=z")
	send(t, nc, "x INFO lost")
	if _, err := nc.Read(make([]byte, 1)); err == nil {
		t.Error("the connection goes on")
	}
}

func TestDatagrams(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Network, c.RemoveNewline, c.MaxMessage, c.HostnameKey, c.Unmatched = "udp", true, 20, "host", "t.unmatched"
	})
	nc := r.dial(t)
	for _, text := range []string{"INFO one\n", "bad", "\n", "WARN " + strings.Repeat("x", 30), "INFO two"} {
		send(t, nc, text)
	}
	all := strings.Join(r.out.Await(t, 4), "\n") + "\n"
	for _, want := range []string{"t level=INFO message=one host=127.0.0.1\n", "t.unmatched unmatched_line=bad host=127.0.0.1\n", "t level=WARN message=xxxxxxxxxxxxxxx host=127.0.0.1 (cut)\n", "t level=INFO message=two host=127.0.0.1\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
}

// What the kernel drops while nobody reads is counted to the last datagram.
func TestLostDatagramsAreCounted(t *testing.T) {
	out := &sourcetest.Out{Line: line}
	out.Fill()
	r := startInto(t, out, func(c *Config) { c.Network, c.ReceiveBuffer = "udp", 4096 })
	raw, err := r.udp.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	told := false
	if err := raw.Control(func(fd uintptr) { _, told = drops(fd) }); err != nil || !told {
		t.Skip("this kernel does not tell what it drops")
	}
	nc := r.dial(t)
	const sent = 500
	for range sent {
		send(t, nc, "INFO "+strings.Repeat("x", 100))
	}
	out.Free()
	n := 0 // sent since then, so that there is something to read
	sourcetest.Eventually(t, "all are accounted for", func() bool {
		send(t, nc, "INFO more")
		n++
		return len(out.Lines())+int(r.metric(t, "sluice_socket_lost_datagrams_total")) >= sent
	})
	r.stop()
	got, lost := len(out.Lines()), int(r.metric(t, "sluice_socket_lost_datagrams_total"))
	if lost == 0 || got+lost > sent+n {
		t.Errorf("%d sent and %d more, %d received, %d lost", sent, n, got, lost)
	}
}

// A stop that comes while datagrams are read does not lose them.
func TestWhatWasReadBeforeTheStopIsHandedOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := Config{Name: "test", Network: "udp", Address: "127.0.0.1:0", Tag: "t", Parser: jsonOrLevel(t), MaxMessage: 1000, Memory: 1 << 20}
	cfg.Route = func(*event.Batch, int) string {
		cancel()
		return "t"
	}
	s, err := New(cfg, ledger.New(), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	send(t, (&rig{Server: s}).dial(t), "INFO one")
	out := &sourcetest.Out{Line: line}
	if err := s.Run(ctx, out); err != nil {
		t.Fatal(err)
	}
	if got := out.Lines(); len(got) != 1 || got[0] != "t level=INFO message=one" {
		t.Errorf("got %q", got)
	}
}

func TestWithoutRoomNothingIsRead(t *testing.T) {
	out := &sourcetest.Out{Line: line}
	out.Fill()
	r := startInto(t, out, func(*Config) {})
	nc := r.dial(t)
	send(t, nc, "INFO one\n")
	sourcetest.Eventually(t, "it asks", func() bool { return out.Asked() > 0 })
	if got := out.Lines(); len(got) != 0 || r.metric(t, "sluice_input_bytes_total") != 0 {
		t.Errorf("%q", got)
	}
	out.Free()
	r.expect(t, "t level=INFO message=one")
}

func TestDeniedNetworks(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		r := start(t, func(c *Config) { c.Network, c.Deny = network, []string{"127.0.0.0/8"} })
		nc := r.dial(t)
		nc.Write([]byte("INFO one\n")) // may be too late
		sourcetest.Eventually(t, "refused", func() bool { return r.metric(t, "sluice_socket_refused_connections_total") == 1 })
		if got := r.out.Lines(); len(got) != 0 {
			t.Errorf("%s: %q", network, got)
		}
	}
}

// A batch costs a few allocations, a message none.
func TestAMessageAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	s := &Server{cfg: Config{Parser: jsonOrLevel(t), Tag: "t"}, ledger: ledger.New()}
	var err error
	if s.metrics, err = newMetrics(prometheus.NewRegistry(), "x"); err != nil {
		t.Fatal(err)
	}
	m := s.maker("x", discard{})
	text := []byte("INFO message")
	arena := append(make([]byte, 0, 4096), text...)
	cost := func(n int) float64 {
		return testing.AllocsPerRun(50, func() {
			m.begin(arena)
			for range n {
				m.add(0, len(text), 0, "")
			}
			if _, err := m.flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
	cost(900) // makes room
	if few, many := cost(1), cost(900); many > few+1 {
		t.Errorf("%v allocations for one message, %v for 900", few, many)
	}
}

type discard struct{}

func (discard) Admit(string) <-chan struct{}             { return nil }
func (discard) Emit(context.Context, *event.Batch) error { return nil }
