package forward

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// pool keeps a server's connections that nobody uses at the moment.
type pool struct {
	mu     sync.Mutex
	list   []*conn // the last one was used last
	closed bool
}

// take returns the connection used last, nil when there is none.
func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.list)
	if n == 0 {
		return nil
	}
	c := p.list[n-1]
	p.list = slices.Delete(p.list, n-1, n)
	return c
}

// put keeps a connection, and reports whether it did.
func (p *pool) put(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.list = append(p.list, c)
	}
	return !p.closed
}

// drain closes all of them.
func (p *pool) drain() { p.sweep(func(*conn) bool { return false }) }

// sweep closes those that are not worth keeping.
func (p *pool) sweep(keep func(*conn) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = slices.DeleteFunc(p.list, func(c *conn) bool {
		if keep(c) {
			return false
		}
		c.close()
		return true
	})
}

// shut closes all, and for good.
func (p *pool) shut() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.drain()
}

// connect returns a connection of the pool, or a new one.
func (s *Sink) connect(ctx context.Context, srv *server) (*conn, error) {
	for c := srv.pool.take(); c != nil; c = srv.pool.take() {
		if s.fresh(c, time.Now()) && c.alive() {
			c.used = true
			return c, nil
		}
		c.close()
	}
	c, err := s.dial(ctx, srv)
	if err == nil && s.helloWait > 0 {
		if err = c.overhear(s.helloWait); err != nil {
			c.close()
		}
	}
	return c, err
}

// helloWait is how long a server that wants the handshake is given to say so.
const helloWait = 200 * time.Millisecond

// overhear tells that the server wants a handshake that we do not know of.
// Without acknowledgements nobody else would: it would drop all we send.
func (c *conn) overhear(wait time.Duration) error {
	_ = c.nc.SetReadDeadline(time.Now().Add(wait))
	f, err := c.r.Next()
	switch {
	case err == nil:
		return unexpected(&f)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	}
	return fmt.Errorf("it ended the connection at once: %w", err)
}

// release gives a connection back after a chunk went well.
func (s *Sink) release(srv *server, c *conn) {
	c.idle = time.Now()
	if !s.keepalive || !s.fresh(c, c.idle) || !srv.pool.put(c) {
		c.close()
	}
}

// fresh reports whether a connection may still be used again.
func (s *Sink) fresh(c *conn, now time.Time) bool {
	return (c.until.IsZero() || now.Before(c.until)) && (s.keepaliveTimeout == 0 || now.Sub(c.idle) < s.keepaliveTimeout)
}

// jitter is d, give or take a tenth: what began together does not end together.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1)
}

// alive reports whether the server has neither closed an idle connection nor
// sent something on it, which would be taken for the next answer.
func (c *conn) alive() bool {
	t, overTLS := c.nc.(*tls.Conn)
	nc := c.nc
	if overTLS {
		nc = t.NetConn()
	}
	if c.r.Unfinished() > 0 {
		return false
	}
	waiting, open := peek(nc)
	if !overTLS || !open || !waiting {
		return open && !waiting
	}
	// TLS says things of its own, session tickets and the end: that is read here.
	_ = t.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := t.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// peek looks whether bytes wait to be read, and whether the connection is open.
func peek(nc net.Conn) (waiting, open bool) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return false, false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false, false
	}
	err = raw.Control(func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		waiting, open = n > 0, n > 0 || err == syscall.EAGAIN
	})
	return waiting, open && err == nil
}
