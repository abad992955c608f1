package listen

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/netin"
	"sluice/wire"
)

const (
	idleTrim = 5 * time.Second        // a connection quiet for so long gives its memory back
	linger   = 250 * time.Millisecond // for a client to see the FIN before what it still sends meets an RST
	maxOdd   = 3                      // top-level values in a row that are no arrays

	baseMemory = 4 << 10 // bytes of frames that a connection holds beyond its share of the room
)

var (
	// errStopped ends a connection whose listener stops.
	errStopped = errors.New("stopped")
	// errIdle ends one on which nothing came for idle_timeout.
	errIdle = errors.New("idle for longer than idle_timeout")
)

// conn is one connection. Its fields belong to its reader, the goroutine that
// runs run; the ack writer has its own, see acks.
type conn struct {
	l     *Listener
	out   Out
	raw   net.Conn        // of the transport
	nc    net.Conn        // raw, or TLS over it
	host  netip.Addr      // not valid at the unix socket
	peer  string          // for logs
	base  *event.Fragment // what is true of all its records, as far as we know
	ctx   context.Context // ends reading: the stop, or abort
	hard  context.Context // ends everything
	abort context.CancelCauseFunc

	frames   *wire.Reader
	share    netin.Share // of the room, for frames and inflated
	frame    wire.Frame  // the newest one read: here, for it is large for a stack
	parts    wire.Parts  // of frame
	held     bool        // frame is not part of the batch it was looked at for
	deadline time.Time   // as set on nc
	greetBy  time.Time   // until then the first frame waits for TLS and handshake; zero: they are over
	begun    time.Time   // the unfinished frame
	heard    time.Time   // the last byte
	readAt   int64       // the last read, Unix nanoseconds
	warm     bool        // holds memory worth giving back
	odd      int
	spoken   bool // a frame was an array

	build    builder
	inflater wire.Inflater
	inflated []byte
	tag      string
	shared   *event.Fragment // of the frame's records: base, or what another Sluice told
	tolds    tolds
	nonce    event.SourceKey
	counter  uint64 // records that came without a chunk id
	scratch  []byte // what a source key is the hash of
	dropped  [numReasons]int
	rejected []byte // bad entries of the batch being made, for the dead letters
	due      []byte // acks of the batch being made
	dueEnds  []int

	rejectedWhy reason
	rejections  int

	stream   *ledger.Stream // from the first batch on
	pos      int64          // batches handed on
	progress progress
	acks     *acks // from the first chunk id on
}

func newConn(ctx, hard context.Context, l *Listener, nc net.Conn, out Out) *conn {
	c := &conn{
		l: l, out: out, raw: nc, nc: nc, hard: hard, host: netin.HostOf(nc.RemoteAddr().String()), peer: nc.RemoteAddr().String(), base: l.base,
		share: netin.Share{Room: l.room}, heard: time.Now(), progress: progress{wake: make(chan struct{}, 1)},
	}
	if a := nc.LocalAddr(); a != nil && a.Network() == "unix" {
		c.peer = "unix:" + a.String()
	} else if a != nil && l.secure(a) {
		c.nc = tls.Server(nc, l.tls)
	}
	c.ctx, c.abort = context.WithCancelCause(ctx)
	c.frames = wire.NewReader(c, int(l.cfg.MaxChunk))
	c.frames.Grow = c.grow
	c.inflater.Grow = c.growInflated
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails
	c.nonce = event.SourceKey{Hi: binary.BigEndian.Uint64(nonce[:]), Lo: binary.BigEndian.Uint64(nonce[8:])}
	return c
}

// run reads to the end, gives out the acks owed and closes.
func (c *conn) run() {
	unblock := context.AfterFunc(c.ctx, func() { c.nc.SetReadDeadline(time.Unix(1, 0)) })
	err := c.open()
	if err == nil {
		err = c.read()
	}
	c.report(err)
	c.close(err)
	unblock()
	c.abort(nil)
}

func (c *conn) read() error {
	for {
		if err := c.next(); err != nil {
			return err
		}
		c.warm = true
		if err := c.take(); err != nil {
			return err
		}
		if !c.held && (!c.share.Large.IsZero() || c.l.room.Tight()) {
			c.build.reset() // it still knows the arena
			c.inflated = nil
			c.letGo()
		}
	}
}

// next makes the next frame the newest one.
func (c *conn) next() error {
	for {
		if c.ctx.Err() != nil {
			return c.cause()
		}
		if c.held {
			c.held = false
			return nil
		}
		f, err := c.frames.Next()
		switch {
		case err == nil:
			c.found(&f)
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded) || c.ctx.Err() != nil:
			return err
		case !c.greetBy.IsZero():
			return refusal{"auth", fmt.Errorf("the handshake was not finished within %v", c.l.cfg.GreetTimeout)}
		case c.frames.Unfinished() > 0:
			return fmt.Errorf("a frame of which %d bytes came was not finished within %v", c.frames.Unfinished(), c.patience())
		case c.idle():
			return errIdle
		}
		c.trim()
	}
}

// found takes note of a frame read.
func (c *conn) found(f *wire.Frame) {
	c.frame, c.parts = *f, f.Parts()
	c.begun = time.Time{}
	c.l.metrics.in.Bytes.Add(float64(f.Size))
}

// Read reads from the connection for c.frames: within the frame's deadline
// when one is begun, for ever between frames.
func (c *conn) Read(p []byte) (int, error) {
	deadline := c.until()
	if deadline != c.deadline {
		c.deadline = deadline
		if err := c.nc.SetReadDeadline(deadline); err != nil {
			return 0, err
		}
	}
	// In this order: whoever ends ctx after the look sets a deadline after ours.
	if c.ctx.Err() != nil {
		return 0, c.cause()
	}
	n, err := c.nc.Read(p)
	now := time.Now()
	c.readAt = now.UnixNano()
	if n > 0 {
		c.heard = now
	}
	switch {
	case err == nil:
	case c.ctx.Err() != nil:
		err = c.cause()
	case err == io.ErrUnexpectedEOF: // TLS: closed without the notice. Where a frame ends we see ourselves.
		err = io.EOF
	}
	return n, err
}

// cause is why ctx ended.
func (c *conn) cause() error {
	if err := context.Cause(c.ctx); err != context.Canceled {
		return err
	}
	return errStopped
}
