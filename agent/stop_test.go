package agent_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/sink/elastictest"
)

// impatient is a client that waits so long for an acknowledgement, then hangs up
// and sends the same chunk again on a new connection, as Fluentd does.
type impatient struct {
	addr    string
	timeout time.Duration
	next    *atomic.Int64 // number of the next message, of all clients
	acked   atomic.Int64
	gaveUp  atomic.Int64
}

// run sends one message after the other until stop is closed; the last one is
// acknowledged when it returns.
func (c *impatient) run(ctx context.Context, stop <-chan struct{}) {
	var conn net.Conn
	for {
		select {
		case <-stop:
			if conn != nil {
				conn.Close()
			}
			return
		default:
		}
		number := c.next.Add(1) - 1
		chunk := fmt.Sprint("stop-", number)
		p := msgp.AppendArrayHeader(nil, 4)
		p = msgp.AppendString(p, "app.test")
		p = msgp.AppendInt64(p, 1_700_000_000)
		p = msgp.AppendMapStrStr(p, map[string]string{"message": fmt.Sprintf("line %d of the stop test", number)})
		p = msgp.AppendMapStrStr(p, map[string]string{"chunk": chunk})
		for ctx.Err() == nil {
			if conn == nil {
				conn, _ = net.DialTimeout("tcp", c.addr, c.timeout)
			}
			if conn != nil && c.exchange(conn, p, chunk) == nil {
				c.acked.Add(1)
				break
			}
			c.gaveUp.Add(1)
			if conn != nil {
				conn.Close()
				conn = nil
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

func (c *impatient) exchange(conn net.Conn, p []byte, chunk string) error {
	if err := conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return err
	}
	if _, err := conn.Write(p); err != nil {
		return err
	}
	answer := map[string]any{}
	if err := msgp.NewReader(conn).ReadMapStrIntf(answer); err != nil {
		return err
	}
	if answer["ack"] != chunk {
		return errors.New("another chunk is acknowledged")
	}
	return nil
}

// TestStopped halts the agent with SIGSTOP, again and again, while clients send,
// give up, and send the same on other connections: what it then finds in its
// sockets are copies. Each message must be stored once. SLUICE_TEST_STOP is how
// long each halt takes at least.
func TestStopped(t *testing.T) {
	halt, err := time.ParseDuration(os.Getenv("SLUICE_TEST_STOP"))
	if err != nil {
		halt = 0
	}
	for _, kind := range []string{"memory", "disk", "auto"} {
		t.Run(kind, func(t *testing.T) { testStopped(t, kind, halt) })
	}
}

func testStopped(t *testing.T, kind string, halt time.Duration) {
	dir, addr := t.TempDir(), quietPort(t)
	store := newSeenStore(`"message":"line `)
	server := elastictest.New(store, elastictest.WithFaults(elastictest.Chaos(1, 0.1, 50*time.Millisecond)))
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close()
	must(t, os.WriteFile(filepath.Join(dir, "sluice.yaml"), fmt.Appendf(nil, `
data_dir: %s/data
shutdown_grace: 60s
log: { level: warn }
metrics: { listen: "" }
admin: { listen: "" }
inputs:
  containers: { path: "" }
  forward: { listen: ["%s"] }
buffer: { type: %s, flush_interval: 50ms }
elasticsearch: { urls: ["%s"], request_timeout: 2s }
`, dir, addr, kind, web.URL), 0o600))
	c := startChild(t, dir)
	var next atomic.Int64
	clients := make([]*impatient, 16)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range clients {
		clients[i] = &impatient{addr: addr, timeout: 300 * time.Millisecond, next: &next}
		wg.Go(func() { clients[i].run(t.Context(), stop) })
	}
	for range 3 {
		each(t, clients, 5, func(c *impatient) int64 { return c.acked.Load() })
		must(t, c.cmd.Process.Signal(syscall.SIGSTOP))
		begun := time.Now()
		each(t, clients, 2, func(c *impatient) int64 { return c.gaveUp.Load() })
		for time.Since(begun) < halt {
			each(t, clients, 1, func(c *impatient) int64 { return c.gaveUp.Load() })
		}
		must(t, c.cmd.Process.Signal(syscall.SIGCONT))
	}
	each(t, clients, 5, func(c *impatient) int64 { return c.acked.Load() })
	close(stop)
	wg.Wait()
	server.SetFaults(nil)
	n := int(next.Load())
	dead := func() map[int]bool { return deadLines(t, filepath.Join(dir, "data")) }
	store.await(t, n, dead, 5*time.Minute)
	c.end(t, syscall.SIGTERM)
	store.verify(t, n, dead())
	again := server.Stats().Conflicts
	t.Logf("%d messages; %d times a copy came to the store", n, again)
}

// each waits until a count of every client has grown by n.
func each(t *testing.T, clients []*impatient, n int64, count func(*impatient) int64) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(10 * time.Minute)
	from := make([]int64, len(clients))
	for i, c := range clients {
		from[i] = count(c)
	}
	for i, c := range clients {
		for count(c) < from[i]+n {
			select {
			case <-look.C:
			case <-deadline:
				t.Fatalf("a client is at %d, and was at %d", count(c), from[i])
			}
		}
	}
}
