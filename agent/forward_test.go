package agent_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/agent"
	"sluice/conf"
	"sluice/forwarder"
	"sluice/forwarder/catalog"
	"sluice/sink/elastictest"
	"sluice/tlsfiles/tlstest"
)

// pair is an agent in front of an aggregator, each with its own folder.
type pair struct {
	t           *testing.T
	store       *seenStore
	front, back string // folders
	addr        string // the aggregator's
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, store: newSeenStore(`"message":"line `), front: t.TempDir(), back: t.TempDir(), addr: quietPort(t)}
	return p
}

// quietPort is an address that no outgoing connection takes while it is free.
func quietPort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 15000+rand.IntN(15000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// elastic starts the store's server and returns its URL.
func (p *pair) elastic(options ...elastictest.Option) string {
	return serve(p.t, p.store, options...)
}

func serve(t *testing.T, store elastictest.Store, options ...elastictest.Option) string {
	t.Helper()
	server := elastictest.New(store, options...)
	web := httptest.NewServer(server)
	t.Cleanup(func() { web.Close(); server.Close() })
	return web.URL
}

// settings writes both settings files. in and out are what the aggregator's
// input and the agent's output have beside addresses.
func (p *pair) settings(url, to, in, out string) {
	host, port, err := net.SplitHostPort(to)
	if err != nil {
		p.t.Fatal(err)
	}
	for dir, text := range map[string]string{
		p.back: fmt.Sprintf(`
inputs:
  containers: { path: "" }
  forward: { listen: ["%s"], self_hostname: aggregator, %s }
elasticsearch: { urls: ["%s"] }
`, p.addr, in, url),
		p.front: fmt.Sprintf(`
inputs:
  containers: { path: "%s/containers/*.log", refresh_interval: 200ms }
  forward: { listen: [] }
output: forward
forward: { servers: [{ host: "%s", port: %s }], self_hostname: agent, %s }
`, p.front, host, port, out),
	} {
		p.write(dir, text)
	}
}

// write writes a folder's settings, with what every test's have.
func (p *pair) write(dir, text string) {
	p.t.Helper()
	text += fmt.Sprintf(`
data_dir: %s/data
shutdown_grace: 2s
metrics: { listen: "" }
buffer: { flush_interval: 50ms, flush_bytes: 32KiB }
memory_limit: 2MiB
`, dir)
	if err := os.WriteFile(filepath.Join(dir, "sluice.yaml"), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// launch runs the Sluice of a folder in this process; stop stops it in order.
func launch(t *testing.T, dir string) (stop func()) {
	t.Helper()
	s := catalog.Default()
	if _, problems := conf.Load(conf.LoadOptions{File: filepath.Join(dir, "sluice.yaml"), Schema: s}); problems.Bad() {
		t.Fatal(problems)
	}
	quick := forwarder.LaneConfig{RetryBase: 5 * time.Millisecond, RetryMax: 50 * time.Millisecond, PauseEvery: 50 * time.Millisecond}
	a, err := agent.New(s, agent.Options{Log: slog.New(slog.DiscardHandler), Lane: quick})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
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

// await waits until all lines are stored, and checks that each is once.
func (p *pair) await(n int) {
	p.t.Helper()
	p.store.await(p.t, n, func() map[int]bool { return nil }, 3*time.Minute)
	p.store.verify(p.t, n, nil)
}

// TestForwardCutAtEveryStep cuts the connection between agent and aggregator
// at every step between frame, safe and ack, and restarts the aggregator
// there. Every line must be stored once.
func TestForwardCutAtEveryStep(t *testing.T) {
	p := newPair(t)
	var mu sync.Mutex
	var stop func()
	restart := func() {
		mu.Lock()
		defer mu.Unlock()
		stop()
		stop = launch(t, p.back)
	}
	var cuts []cut
	for range 3 {
		for _, step := range []string{"before the frame", "within the frame", "behind the frame", "before the ack", "within the ack", "behind the ack"} {
			cuts = append(cuts, atStep(step, nil))
		}
		cuts = append(cuts, atStep("restart", restart))
	}
	c := startCutter(t, p.addr, cuts)
	// Heartbeats would take cuts away from frames.
	p.settings(p.elastic(), c.addr, "", "heartbeat_type: none")
	stop = launch(t, p.back)
	w := newWriter(t, p.front, 4)
	w.write(15_000, rand.New(rand.NewPCG(1, 2)))
	launch(t, p.front)
	p.await(w.written)
	select {
	case <-c.whole:
	default:
		t.Error("not every cut was made: the frames are too few")
	}
}

// TestForwardOverTLSCutAnywhere does the same over TLS with certificates on
// both sides and a shared key, at random bytes, heartbeats included.
func TestForwardOverTLSCutAnywhere(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SLUICE_TEST_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("SLUICE_TEST_SEED=%d repeats the cuts", seed)
	rnd := rand.New(rand.NewPCG(seed, 3))
	p := newPair(t)
	var cuts []cut
	for range 60 {
		cuts = append(cuts, afterBytes(rnd))
	}
	c := startCutter(t, p.addr, cuts)
	ca, server, client := certificates(t)
	p.settings(p.elastic(), c.addr,
		fmt.Sprintf(`shared_key: k3y, tls: { cert: "%s.crt", key: "%s.key", client_ca: "%s" }`, server, server, ca),
		fmt.Sprintf(`shared_key: k3y, heartbeat_interval: 20ms, recover_wait: 100ms, tls: { ca: "%s", cert: "%s.crt", key: "%s.key" }`, ca, client, client))
	stop := launch(t, p.back)
	w := newWriter(t, p.front, 4)
	w.write(7_000, rnd)
	launch(t, p.front)
	for range 3 { // restarted while lines come
		w.write(1_000, rnd)
		stop()
		stop = launch(t, p.back)
	}
	p.await(w.written)
}

// TestTwoSluicesKilled kills agent and aggregator, processes of their own, at
// random moments, in front of an Elasticsearch that misbehaves.
// SLUICE_TEST_LIVES is how often; make test-kills sets it higher.
func TestTwoSluicesKilled(t *testing.T) {
	lives := 8
	if s := os.Getenv("SLUICE_TEST_LIVES"); s != "" {
		lives, _ = strconv.Atoi(s)
	}
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 4))
	t.Logf("seed %d", seed)
	p := newPair(t)
	url := p.elastic(elastictest.WithFaults(elastictest.Chaos(seed, 0.2, 100*time.Millisecond)))
	p.settings(url, p.addr, "shared_key: k3y", "shared_key: k3y")
	w := newWriter(t, p.front, 4)
	dirs := []string{p.front, p.back}
	children := []*child{startChild(t, p.front), startChild(t, p.back)}
	for range lives {
		w.write(2_000, rnd)
		wait := time.NewTimer(time.Duration(20+rnd.IntN(400)) * time.Millisecond)
		<-wait.C
		i := rnd.IntN(2)
		children[i].end(t, syscall.SIGKILL)
		children[i] = startChild(t, dirs[i])
	}
	p.await(w.written)
	for _, c := range children {
		c.end(t, syscall.SIGTERM)
	}
}

// certificates writes an authority's certificate, and a server's and a
// client's: NAME.crt and NAME.key.
func certificates(t *testing.T) (ca, server, client string) {
	t.Helper()
	a, dir := tlstest.New(t), t.TempDir()
	server, client = filepath.Join(dir, "server"), filepath.Join(dir, "client")
	a.Issue(t, server, "127.0.0.1")
	a.Issue(t, client, "agent")
	return a.WriteCA(t, filepath.Join(dir, "ca.crt")), server, client
}
