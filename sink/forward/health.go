package forward

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// quietTick is how often Run looks around when there are no heartbeats.
const quietTick = 10 * time.Second

// Run sends heartbeats, asks again what servers there are, closes connections that
// were idle for too long and looks for changed certificates, until ctx ends.
func (s *Sink) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	if s.certs != nil {
		wg.Go(func() { s.certs.Run(ctx) })
	}
	every := quietTick
	if s.group.beats {
		every = min(s.heartbeat, quietTick)
	}
	for timer := time.NewTimer(jitter(every)); ; timer.Reset(jitter(every)) {
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := s.discover(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("there is no server yet", "error", err)
		}
		now := time.Now()
		for _, srv := range s.group.servers() {
			srv.pool.sweep(func(c *conn) bool { return s.fresh(c, now) })
		}
		if !s.group.beats {
			continue
		}
		// Side by side, each with its own deadline: a slow server makes no other look dead.
		for _, srv := range s.group.quiet(s.heartbeat) {
			wg.Go(func() { s.beat(ctx, srv) })
		}
	}
}

func (s *Sink) beat(ctx context.Context, srv *server) {
	err := s.heartbeatOnce(ctx, srv)
	changed, up := s.group.beat(srv, err == nil)
	switch {
	case ctx.Err() != nil:
	case changed && up:
		s.log.Info("a server answers heartbeats again and is used", "server", srv.name)
	case changed:
		s.log.Warn("a server is left out: it answers no heartbeats", "server", srv.name, "error", err)
	}
}

// heartbeatOnce connects as for a chunk, handshake and all, and hangs up; or
// sends one datagram and waits for the answer.
func (s *Sink) heartbeatOnce(ctx context.Context, srv *server) error {
	if s.udp {
		return s.datagram(ctx, srv)
	}
	c, err := s.dial(ctx, srv)
	if err != nil {
		return err
	}
	c.close()
	return nil
}

func (s *Sink) datagram(ctx context.Context, srv *server) error {
	ctx, cancel := context.WithTimeout(ctx, s.connectTimeout)
	defer cancel()
	var d net.Dialer
	nc, err := d.DialContext(ctx, "udp", address(srv.host, srv.port))
	if err != nil {
		return err
	}
	defer nc.Close()
	done := guard(ctx, nc)
	defer done()
	if _, err = nc.Write([]byte{0}); err == nil {
		_, err = nc.Read(make([]byte, 16))
	}
	if os.IsTimeout(err) {
		return fmt.Errorf("no answer to a datagram within %v: %w", s.connectTimeout, err)
	}
	return err
}
