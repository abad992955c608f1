package listen

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/event"
	"sluice/tlsfiles"
	"sluice/tlsfiles/tlstest"
)

const host = "sluice.test"

// secure makes a TLS client's connection; the handshake is the first write's.
func (s *server) secure(t testing.TB, cfg *tls.Config) *tls.Conn {
	t.Helper()
	return tls.Client(s.dial(t), cfg)
}

func TestTLSMatrix(t *testing.T) {
	good, other := tlstest.New(t), tlstest.New(t)
	server, agent := issue(t, good, t.TempDir(), host), issue(t, good, t.TempDir(), "agent-1")
	stranger := issue(t, other, t.TempDir(), "agent-2")
	noClient, noCert, wrongCA := server, tlsfiles.Config{CA: server.CA}, stranger
	noClient.CA, wrongCA.CA = "", server.CA
	old := files(t, agent).Client(host)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	for _, tt := range []struct {
		name   string
		server tlsfiles.Config
		client *tls.Config // nil: it speaks no TLS
		want   string      // in the log; empty: it gets through
		peer   string
	}{
		{"server's certificate only", noClient, files(t, noCert).Client(host), "", ""},
		{"mutual", server, files(t, agent).Client(host), "", "agent-1"},
		{"mutual, no certificate", server, files(t, noCert).Client(host), "cannot agree on TLS", ""},
		{"mutual, of another authority", server, files(t, wrongCA).Client(host), "cannot agree on TLS", ""},
		{"the client does not trust us", server, files(t, stranger).Client(host), "cannot agree on TLS", ""},
		{"the client wants another host", server, files(t, agent).Client("else.test"), "cannot agree on TLS", ""},
		{"TLS 1.1", server, old, "cannot agree on TLS", ""},
		{"plain", server, nil, "does not speak TLS", ""},
	} {
		out := &fakeOut{}
		s := start(t, out, func(c *Config) {
			secured(files(t, tt.server))(c)
			if tt.server.CA == "" {
				c.TLS.ClientCA, c.TLS.PeerNameKey = "", ""
			}
		})
		nc := net.Conn(s.dial(t))
		if tt.client != nil {
			nc = tls.Client(nc, tt.client)
		}
		nc.Write(message("m", "hello", "c"))
		got := make([]byte, len(ack("c")))
		n, err := io.ReadFull(nc, got)
		if through := err == nil && string(got) == ack("c"); through != (tt.want == "") {
			t.Errorf("%s: read %q, %v", tt.name, got[:n], err)
		}
		nc.Close()
		if tt.want != "" {
			poll(t, "the log of "+tt.name, func() bool { return strings.Contains(s.log.String(), tt.want) })
		}
		s.stop(t)
		if tt.want == "" {
			if name := fieldOf(out.shared, "peer"); name != tt.peer || strings.Contains(s.log.String(), "level=WARN") {
				t.Errorf("%s: peer %q; log: %s", tt.name, name, s.log)
			}
			continue
		}
		if len(out.lines) != 0 || s.metric(t, "sluice_forward_refused_connections_total", "tls") != 1 {
			t.Errorf("%s: %d records; log: %s", tt.name, len(out.lines), s.log)
		}
	}
}

func fieldOf(f *event.Fragment, name string) string {
	if f != nil {
		for _, p := range f.Fields {
			if p.Name == name {
				return p.Value
			}
		}
	}
	return ""
}

// Certificates and authorities change while clients send: no connection is
// dropped, and new ones come with the new set.
func TestRotationUnderLoad(t *testing.T) {
	const clients, rounds, chunks = 4, 3, 40
	server, agent := t.TempDir(), t.TempDir()
	first := tlstest.New(t)
	mine := files(t, issue(t, first, server, host))
	theirs := files(t, issue(t, first, agent, "agent"))
	out := &fakeOut{mute: true}
	s := start(t, out, secured(mine))
	var wg, connected sync.WaitGroup
	connected.Add(clients)
	var turned [rounds]sync.WaitGroup // every client has passed the round
	for i := range turned {
		turned[i].Add(clients)
	}
	errs := make(chan error, clients)
	for c := range clients {
		wg.Go(func() {
			kept := s.secure(t, theirs.Client(host)) // lives through all rounds
			defer kept.Close()
			err := exchange(kept, fmt.Sprint(c))
			connected.Done()
			for r := range rounds {
				for n := 0; n < chunks && err == nil; n++ {
					err = exchange(kept, fmt.Sprint(c, r, n))
				}
				turned[r].Done()
			}
			errs <- err
		})
	}
	connected.Wait()
	for r := range rounds {
		next := tlstest.New(t)
		issue(t, next, server, host)
		issue(t, next, agent, "agent")
		for _, f := range []*tlsfiles.Files{mine, theirs} {
			if changed, err := f.Check(); !changed || err != nil {
				t.Fatal(changed, err)
			}
		}
		fresh := s.secure(t, theirs.Client(host))
		if err := exchange(fresh, fmt.Sprint("fresh", r)); err != nil {
			t.Errorf("round %d: a new connection: %v", r, err)
		}
		fresh.Close()
		turned[r].Wait()
	}
	wg.Wait()
	for range clients {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if strings.Contains(s.log.String(), "level=WARN") {
		t.Errorf("log: %s", s.log)
	}
}

// exchange sends a chunk and reads its ack.
func exchange(nc net.Conn, chunk string) error {
	if _, err := nc.Write(packed(20, chunk)); err != nil {
		return fmt.Errorf("chunk %s: %w", chunk, err)
	}
	want := ack(chunk)
	got := make([]byte, len(want))
	if n, err := io.ReadFull(nc, got); err != nil || string(got) != want {
		return fmt.Errorf("chunk %s: read %q, %w", chunk, got[:n], err)
	}
	return nil
}

// The acks reach a client before the close that its bad frame causes, and so
// they do when it closes its side.
func TestTLSAcksBeforeTheClose(t *testing.T) {
	a := tlstest.New(t)
	s := start(t, &fakeOut{}, secured(files(t, issue(t, a, t.TempDir(), host))))
	client := files(t, issue(t, a, t.TempDir(), "agent"))
	for name, tail := range map[string]string{"bad frame": "\xc1" + strings.Repeat("more ", 10000), "half-closed": ""} {
		nc := s.secure(t, client.Client(host))
		send(t, nc, append(message("m", "x", "one"), packed(2, "two")...))
		if tail == "" {
			nc.CloseWrite()
		} else {
			send(t, nc, []byte(tail))
		}
		if got := answers(t, nc); got != ack("one")+ack("two") {
			t.Errorf("%s: read %q", name, got)
		}
	}
}

// Many clients close without TLS's notice, or connect only to see whether
// somebody is there: nothing to tell of.
func TestTLSAbruptClose(t *testing.T) {
	a := tlstest.New(t)
	s := start(t, &fakeOut{}, secured(files(t, issue(t, a, t.TempDir(), host))))
	client := files(t, issue(t, a, t.TempDir(), "agent"))
	nc := s.secure(t, client.Client(host))
	send(t, nc, message("m", "x", "one"))
	expect(t, nc, ack("one"))
	nc.NetConn().Close()
	s.dial(t).Close()
	seen := s.secure(t, client.Client(host))
	if err := seen.Handshake(); err != nil {
		t.Fatal(err)
	}
	seen.Close()
	poll(t, "the connections to end", func() bool { return s.open.Load() == 0 })
	if strings.Contains(s.log.String(), "level=WARN") {
		t.Errorf("log: %s", s.log)
	}
	nc = s.secure(t, client.Client(host))
	send(t, nc, message("m", "x", "one")[:5])
	nc.NetConn().Close()
	poll(t, "the cut frame to be told of", func() bool { return strings.Contains(s.log.String(), "unexpected EOF") })
}

// One that never finishes the handshake is closed.
func TestTLSHandshakeTimeout(t *testing.T) {
	a := tlstest.New(t)
	f := files(t, issue(t, a, t.TempDir(), host))
	s := start(t, &fakeOut{}, func(c *Config) {
		secured(f)(c)
		c.GreetTimeout = 20 * time.Millisecond
	})
	if got := answers(t, s.dial(t)); got != "" {
		t.Errorf("read %q", got)
	}
	poll(t, "the log", func() bool { return strings.Contains(s.log.String(), "cannot agree on TLS") })
}
