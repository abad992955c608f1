package forward

import (
	"net"
	"testing"
	"time"

	"sluice/forwarder/listen"
	"sluice/wire"
)

// until waits until the condition holds of the sink's only server.
func until(t *testing.T, s *Sink, what string, ok func(*server) bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(long)
	for {
		s.group.mu.Lock()
		done := ok(s.group.list[0])
		s.group.mu.Unlock()
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func isDown(s *server) bool { return s.down }
func isUp(s *server) bool   { return !s.down }

// A server that goes is found out by its heartbeats, and found again when it
// is back, whatever the heartbeats are made of; no chunk is needed for it.
func TestHeartbeats(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server func(*listen.Config)
		client func(*Config)
	}{
		{"transport", nil, nil},
		{"transport with handshake", func(c *listen.Config) { c.SharedKey = "k" }, func(c *Config) { c.SharedKey = "k" }},
		// A datagram that comes while the server stops is never answered.
		{"udp", nil, func(c *Config) { c.HeartbeatType, c.ConnectTimeout = "udp", time.Second }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &sluice{tags: map[string]bool{}, grew: make(chan struct{}, 1)}
			stop := r.start(t, "", tt.server)
			s := newSink(t, func(c *Config) {
				c.HeartbeatInterval, c.HardTimeout, c.RecoverWait = time.Millisecond, time.Nanosecond, time.Millisecond
				if tt.client != nil {
					tt.client(c)
				}
			}, r.addr)
			run(t, s)
			heard := time.Now()
			until(t, s, "it is heard", func(s *server) bool { return s.heard.After(heard) })
			stop()
			until(t, s, "it is down", isDown)
			r.start(t, r.addr, tt.server)
			until(t, s, "it is up again", isUp)
		})
	}
}

// Connections that were idle for too long are closed by Run.
func TestIdleConnectionsAreClosed(t *testing.T) {
	gone := make(chan struct{})
	f := startFaulty(t, func(t testing.TB, nc net.Conn, r *wire.Reader) {
		acknowledge(0)(t, nc, r)
		close(gone)
	})
	s := newSink(t, func(c *Config) {
		c.KeepaliveTimeout, c.HeartbeatInterval = time.Millisecond, time.Millisecond
	}, f.addr)
	if v, err := s.Deliver(t.Context(), chunkOf(s, 10)); err != nil || v.Accepted != 10 {
		t.Fatal(err)
	}
	s.udp = true // heartbeats that do not connect
	run(t, s)
	select {
	case <-gone:
	case <-time.After(long):
		t.Error("an idle connection stays")
	}
}
