package agent_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/agent/agenttest"
	"sluice/forwarder/checkpoint"
	"sluice/sink/elastictest"
)

func TestMain(m *testing.M) { agenttest.Main(m) }

// child is an agent in a process of its own.
type child struct {
	cmd *exec.Cmd
	log *os.File
}

func startChild(t *testing.T, dir string) *child {
	t.Helper()
	return startWith(t, dir, "sluice.yaml")
}

// startWith starts one with the settings of a file in dir.
func startWith(t *testing.T, dir, file string) *child {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(dir, "agent.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd := agenttest.Command(filepath.Join(dir, file))
	cmd.Stderr = log
	ready, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // of a test that failed before it ended the agent
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	if _, err := io.ReadFull(ready, make([]byte, len("ready"))); err != nil {
		t.Fatalf("the agent did not start: %v (see its log below)\n%s", err, tailOf(log.Name()))
	}
	return &child{cmd, log}
}

func (c *child) end(t *testing.T, sig syscall.Signal) {
	t.Helper()
	defer c.log.Close()
	if err := c.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil && sig == syscall.SIGTERM {
		t.Fatalf("the agent did not stop in order: %v", err)
	}
}

func tailOf(path string) []byte {
	raw, _ := os.ReadFile(path)
	return raw[max(0, len(raw)-2000):]
}

// TestChaos writes 200,000 numbered lines into container files that rotate,
// while the agent is stopped and killed at random moments, loses its checkpoint
// once, and Elasticsearch misbehaves in every way that time heals, and refuses
// single documents for good. When the checkpoint is lost, the data stream rolls over,
// too. Every line must be stored once, or be a dead letter.
func TestChaos(t *testing.T) {
	chaos(t, "sluice.yaml", func(dir, url string) { settings(t, dir, url, "request_timeout: 3s") })
}

// TestChaosWithAFluentConf is TestChaos with the same pipeline in Fluentd's
// language.
func TestChaosWithAFluentConf(t *testing.T) {
	t.Setenv("SLUICE_SHUTDOWN_GRACE", "2s")
	t.Setenv("SLUICE_MEMORY_LIMIT", "2MiB")
	chaos(t, "fluent.conf", func(dir, url string) { configure(t, "chaos.conf", dir, url) })
}

// configure writes a file of testdata as dir's fluent.conf, with what stands
// for DIR and URL in it.
func configure(t *testing.T, name, dir, url string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.NewReplacer("DIR", dir, "URL", url).Replace(string(text)))
	if err := os.WriteFile(filepath.Join(dir, "fluent.conf"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// chaos runs agents with the settings of a file that configure writes.
func chaos(t *testing.T, file string, configure func(dir, url string)) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SLUICE_TEST_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("SLUICE_TEST_SEED=%d repeats the faults", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	store := newSeenStore(`"message":"line `)
	server := elastictest.New(store, elastictest.WithFaults(withRefusals(elastictest.Chaos(seed, 0.5, 300*time.Millisecond))))
	var quiet sync.RWMutex // locked: no request is being served
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		quiet.RLock()
		defer quiet.RUnlock()
		server.ServeHTTP(w, r)
	}))
	defer web.Close()
	defer server.Close()
	configure(dir, web.URL)

	const files, lines, lives = 8, 200_000, 25
	w := newWriter(t, dir, files)
	for life := range lives {
		w.write(lines/lives/2, rnd) // what is there before the start
		c := startWith(t, dir, file)
		w.write(lines/lives/2, rnd) // and what comes meanwhile
		wait := time.NewTimer(time.Duration(20+rnd.IntN(700)) * time.Millisecond)
		<-wait.C
		sig := []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}[rnd.IntN(2)]
		c.end(t, sig)
		t.Logf("life %d ended by %v: %d of %d lines stored", life, sig, store.distinct(), w.written)
		if life == lives/2 {
			if err := os.Remove(filepath.Join(dir, "data", checkpoint.Name)); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			quiet.Lock()                                                  // a request of the dead that comes later finds what the living stored
			_ = server.Rollover("logs-kubernetes.container_logs-default") // if the settings name no index
			quiet.Unlock()
		}
	}
	server.SetFaults(withRefusals(func(elastictest.Request) elastictest.Fault { return elastictest.Fault{} }))
	c := startWith(t, dir, file)
	dead := func() map[int]bool { return deadLines(t, filepath.Join(dir, "data")) }
	store.await(t, w.written, dead, 10*time.Minute)
	c.end(t, syscall.SIGTERM)
	store.verify(t, w.written, dead())
	stats := server.Stats()
	t.Logf("%d requests, %d of them with a fault", stats.Requests, stats.Faults)
	if stats.Faults == 0 || len(dead()) == 0 {
		t.Errorf("%d faults and %d dead letters: the test tested too little", stats.Faults, len(dead()))
	}
}

// withRefusals lets every 16th request that has no other fault refuse one
// document for good.
func withRefusals(plan func(elastictest.Request) elastictest.Fault) func(elastictest.Request) elastictest.Fault {
	return func(r elastictest.Request) elastictest.Fault {
		f := plan(r)
		if f.Kind == elastictest.None && r.Bulk%16 == 0 {
			f = elastictest.Fault{Kind: elastictest.Items, Item: elastictest.At(400, 1)}
		}
		return f
	}
}

func settings(t *testing.T, dir, url, more string) {
	t.Helper()
	text := fmt.Sprintf(`
data_dir: %[1]s/data
shutdown_grace: 2s
log: { level: warn }
metrics: { listen: "" }
admin: { listen: "" }
inputs:
  containers: { path: "%[1]s/containers/*.log", refresh_interval: 200ms }
  forward: { listen: ["127.0.0.1:0"] }
buffer: { flush_interval: 50ms, flush_bytes: 32KiB }
memory_limit: 2MiB
elasticsearch: { urls: ["%[2]s"], %[3]s }
`, dir, url, more)
	if err := os.WriteFile(filepath.Join(dir, "sluice.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
