package socket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"sluice/event"
	"sluice/forwarder/netin"
)

const (
	baseMemory = 4 << 10         // of a connection, bytes; more comes from the room
	readMemory = 64 << 10        // what a busy one reads at once
	idleTrim   = 5 * time.Second // a connection quiet for so long gives memory back
)

// conn is one connection of a stream.
type conn struct {
	s     *Server
	nc    net.Conn
	from  string // for AddressKey
	m     *maker
	arena []byte
	share netin.Share

	buf      []byte
	end      int  // of what was read into buf
	skipping bool // to the end of a message that was cut
	left     int  // bytes of such a message, when its length is known
}

func newConn(s *Server, nc net.Conn, peer string, out netin.Out) *conn {
	c := &conn{s: s, nc: nc, from: peer, m: s.maker(peer, out), share: netin.Share{Room: s.room}, buf: make([]byte, baseMemory)}
	if host := netin.HostOf(nc.RemoteAddr().String()); host.IsValid() {
		c.from = host.String()
	}
	return c
}

func (c *conn) close() {
	c.share.Fit(0)
	c.m.feed.Close()
}

// read reads to the end.
func (c *conn) read(ctx context.Context) error {
	for {
		if err := c.m.feed.Wait(ctx, c.m.tag); err != nil {
			return nil // stopped
		}
		n, err := c.fill(ctx)
		if n > 0 || err == io.EOF {
			if emitErr := c.take(ctx, err == io.EOF); emitErr != nil {
				return emitErr
			}
		}
		switch {
		case err == io.EOF, ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
}

// fill reads once, into more memory where what there is was not enough.
func (c *conn) fill(ctx context.Context) (n int, err error) {
	if c.end == len(c.buf) {
		if err := c.grow(ctx); err != nil {
			return 0, err
		}
	}
	deadline := time.Time{}
	if len(c.buf) > baseMemory && c.end <= baseMemory {
		deadline = time.Now().Add(idleTrim)
	}
	c.nc.SetReadDeadline(deadline)
	if ctx.Err() != nil { // the stop's deadline was just overwritten
		return 0, ctx.Err()
	}
	n, err = c.nc.Read(c.buf[c.end:])
	c.end += n
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		c.trim()
		err = nil
	}
	return n, err
}

// grow doubles the buffer, up to what one message may need.
func (c *conn) grow(ctx context.Context) error {
	size := min(2*len(c.buf), max(readMemory, c.s.cfg.MaxMessage+len(c.s.cfg.Delimiter)+16))
	if err := c.share.Grow(ctx, size-len(c.buf), true); err != nil {
		return err
	}
	c.buf = append(make([]byte, 0, size), c.buf[:c.end]...)[:size]
	return nil
}

func (c *conn) trim() {
	c.buf = append(make([]byte, 0, baseMemory), c.buf[:c.end]...)[:baseMemory]
	c.arena, c.m.b = nil, event.Batch{}
	c.share.Fit(0)
}

// take makes records of the messages that are whole; last: no more comes.
func (c *conn) take(ctx context.Context, last bool) (err error) {
	at := 0
	for err == nil {
		c.arena = append(c.arena[:0], c.buf[at:c.end]...)
		base := at
		c.m.begin(c.arena)
		more := true
		for more && !c.m.full() {
			var lo, hi int
			var flags event.Flags
			if lo, hi, at, flags, more = c.next(at, last); more && hi > lo {
				c.m.add(lo-base, hi-base, flags, c.from)
			}
		}
		if c.arena, err = c.m.flush(ctx); !more {
			break
		}
	}
	c.end = copy(c.buf, c.buf[at:c.end])
	if err == nil && c.end == 0 && len(c.buf) > readMemory {
		c.trim()
	}
	return err
}

// next finds the message at buf[at] and where the next one begins; more is
// false where there is none yet.
func (c *conn) next(at int, last bool) (lo, hi, next int, flags event.Flags, more bool) {
	if c.s.cfg.OctetCount {
		return c.counted(at)
	}
	p, limit := c.buf[at:c.end], c.s.cfg.MaxMessage
	delimiter := c.s.cfg.Delimiter
	n := bytes.Index(p, []byte(delimiter))
	skipped := c.skipping
	switch {
	case n >= 0:
		next, c.skipping = at+n+len(delimiter), false
	case len(p) > limit+len(delimiter): // no delimiter is in sight: keep what may be its begin
		n = len(p) - len(delimiter)
		next, c.skipping = at+n, true
	case last && len(p) > 0:
		n, next = len(p), c.end
	default:
		return 0, 0, at, 0, false
	}
	if skipped {
		return at, at, next, 0, true
	}
	if n > limit {
		n, flags = limit, event.Truncated
		c.s.metrics.truncated.Inc()
	}
	return at, at + n, next, flags, true
}

// errCount ends a connection whose next message cannot be found.
var errCount = errors.New("a message does not begin with its length and a blank (frame_type octet_count)")

// counted is next for messages that begin with their length.
func (c *conn) counted(at int) (lo, hi, next int, flags event.Flags, more bool) {
	if c.left > 0 {
		n := min(c.left, c.end-at)
		c.left -= n
		return at, at, at + n, 0, n > 0
	}
	i, size := at, 0
	for i < c.end && i-at < 9 && c.buf[i]-'0' <= 9 {
		size = size*10 + int(c.buf[i]-'0')
		i++
	}
	switch {
	case i == c.end && i-at < 9:
		return 0, 0, at, 0, false
	case i == at || c.buf[i] != ' ':
		c.end = at // the rest cannot be told apart
		c.s.bad.Warn(errCount.Error())
		c.nc.Close()
		return 0, 0, at, 0, false
	}
	i++
	limit := min(size, c.s.cfg.MaxMessage)
	if c.end-i < limit {
		return 0, 0, at, 0, false
	}
	if size > limit {
		flags = event.Truncated
		c.s.metrics.truncated.Inc()
		c.left = size - limit
	}
	return i, i + limit, i + limit, flags, true
}
