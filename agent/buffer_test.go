package agent_test

import (
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/sink/elastictest"
)

// ackedClient sends numbered records with chunk ids, one at a time, and knows
// which were acknowledged.
type ackedClient struct {
	gate chan struct{} // nil, or: a token for each message

	mu    sync.Mutex
	next  int
	acked map[int]bool
}

// run sends until the connection breaks. told is called after each
// acknowledgement with their number on this connection.
func (c *ackedClient) run(addr string, told func(n int)) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := msgp.NewReader(conn)
	for n := 1; ; n++ {
		if c.gate != nil {
			<-c.gate
		}
		c.mu.Lock()
		number := c.next
		c.next++
		c.mu.Unlock()
		chunk := fmt.Sprint("chunk-", number)
		p := msgp.AppendArrayHeader(nil, 4)
		p = msgp.AppendString(p, "app.test")
		p = msgp.AppendInt64(p, 1_700_000_000)
		p = msgp.AppendMapStrStr(p, map[string]string{"message": fmt.Sprintf("line %d of the buffer test", number)})
		p = msgp.AppendMapStrStr(p, map[string]string{"chunk": chunk})
		if _, err := conn.Write(p); err != nil {
			return err
		}
		answer := map[string]any{}
		if err := r.ReadMapStrIntf(answer); err != nil {
			return err
		}
		if answer["ack"] != chunk {
			return fmt.Errorf("acknowledged %v, sent %s", answer, chunk)
		}
		c.mu.Lock()
		c.acked[number] = true
		c.mu.Unlock()
		told(n)
	}
}

// open are the numbers without an acknowledgement.
func (c *ackedClient) open() map[int]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	open := map[int]bool{}
	for n := range c.next {
		if !c.acked[n] {
			open[n] = true
		}
	}
	return open
}

// TestAcknowledgedSurvivesKill ends the agent again and again, by SIGKILL and
// in order, while a client gets acknowledgements and Elasticsearch answers
// nothing good; later it takes everything. What was acknowledged must be stored, and nothing twice.
func TestAcknowledgedSurvivesKill(t *testing.T) {
	for _, kind := range []string{"disk", "auto"} {
		t.Run(kind, func(t *testing.T) {
			dir, addr := t.TempDir(), quietPort(t)
			store := newSeenStore(`"message":"line `)
			down := func(r elastictest.Request) elastictest.Fault {
				if r.Bulk%5 == 4 { // it takes one all the same, and does not say so
					return elastictest.Fault{Kind: elastictest.Vanish}
				}
				return elastictest.Fault{Kind: elastictest.Refuse, Status: 503}
			}
			server := elastictest.New(store, elastictest.WithFaults(down))
			web := httptest.NewServer(server)
			defer web.Close()
			defer server.Close()
			text := fmt.Sprintf(`
data_dir: %s/data
shutdown_grace: 1s
metrics: { listen: "" }
inputs:
  containers: { path: "" }
  forward: { listen: ["%s"] }
buffer: { type: %s, flush_interval: 50ms }
elasticsearch: { urls: ["%s"] }
`, dir, addr, kind, web.URL)
			if err := os.WriteFile(filepath.Join(dir, "sluice.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			client := &ackedClient{acked: map[int]bool{}}
			for life := range 4 {
				c := startChild(t, dir)
				enough, ended := make(chan struct{}), make(chan error, 1)
				go func() {
					ended <- client.run(addr, func(n int) {
						if n == 20+10*life {
							close(enough)
						}
					})
				}()
				select {
				case <-enough:
				case err := <-ended:
					t.Fatalf("life %d: %v\n%s", life, err, tailOf(c.log.Name()))
				case <-time.After(10 * time.Minute):
					t.Fatalf("life %d: no acknowledgements\n%s", life, tailOf(c.log.Name()))
				}
				c.end(t, []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[life%2])
				<-ended
			}
			server.SetFaults(nil)
			c := startChild(t, dir)
			store.await(t, client.next, client.open, 10*time.Minute)
			c.end(t, syscall.SIGTERM)
			store.verify(t, client.next, client.open())
			if store.distinct() == 0 {
				t.Error("nothing was stored")
			}
		})
	}
}
