package listen

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/wire"
)

const (
	idleTrim = 5 * time.Second        // a connection quiet for so long gives its memory back
	linger   = 250 * time.Millisecond // for a client to see the FIN before what it still sends meets an RST
	maxOdd   = 3                      // top-level values in a row that are no arrays
)

// errStopped ends a connection whose listener stops.
var errStopped = errors.New("stopped")

// conn is one connection. Its fields belong to its reader, the goroutine that
// runs run; the ack writer has its own, see acks.
type conn struct {
	l     *Listener
	out   Out
	nc    net.Conn
	host  netip.Addr
	ctx   context.Context // ends reading: the stop, or abort
	hard  context.Context // ends everything
	abort context.CancelCauseFunc

	frames   *wire.Reader
	held     wire.Frame // read, but not part of the batch it was looked at for
	isHeld   bool
	deadline time.Time // as set on nc
	begun    time.Time // the unfinished frame
	readAt   int64     // the last read, Unix nanoseconds
	warm     bool      // holds memory worth giving back
	odd      int
	spoken   bool // a frame was an array

	build    builder
	inflater wire.Inflater
	inflated []byte
	tag      string
	nonce    event.SourceKey
	counter  uint64 // records that came without a chunk id
	scratch  []byte // what a source key is the hash of
	dropped  [numReasons]int
	due      []byte // acks of the batch being made
	dueEnds  []int

	stream   *ledger.Stream // from the first batch on
	pos      int64          // batches handed on
	progress progress
	acks     *acks // from the first chunk id on
}

func newConn(ctx, hard context.Context, l *Listener, nc net.Conn, out Out) *conn {
	c := &conn{l: l, out: out, nc: nc, hard: hard, progress: progress{wake: make(chan struct{}, 1)}}
	c.ctx, c.abort = context.WithCancelCause(ctx)
	c.frames = wire.NewReader(c, int(l.cfg.MaxChunk))
	if ap, err := netip.ParseAddrPort(nc.RemoteAddr().String()); err == nil {
		c.host = ap.Addr().Unmap()
	}
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails
	c.nonce = event.SourceKey{Hi: binary.BigEndian.Uint64(nonce[:]), Lo: binary.BigEndian.Uint64(nonce[8:])}
	return c
}

// run reads to the end, gives out the acks owed and closes.
func (c *conn) run() {
	unblock := context.AfterFunc(c.ctx, func() { c.nc.SetReadDeadline(time.Unix(1, 0)) })
	err := c.read()
	c.report(err)
	c.close(err)
	unblock()
	c.abort(nil)
}

func (c *conn) read() error {
	for {
		f, err := c.next()
		if err != nil {
			return err
		}
		c.warm = true
		if err := c.take(f); err != nil {
			return err
		}
	}
}

// next returns the next frame.
func (c *conn) next() (wire.Frame, error) {
	for {
		if c.ctx.Err() != nil {
			return wire.Frame{}, c.cause()
		}
		if c.isHeld {
			c.isHeld = false
			return c.held, nil
		}
		f, err := c.frames.Next()
		switch {
		case err == nil:
			c.begun = time.Time{}
			c.l.metrics.in.Bytes.Add(float64(len(f.Raw)))
			return f, nil
		case !errors.Is(err, os.ErrDeadlineExceeded) || c.ctx.Err() != nil:
			return f, err
		case c.frames.Unfinished() > 0:
			return f, fmt.Errorf("a frame of which %d bytes came was not finished within %v", c.frames.Unfinished(), c.l.cfg.FrameTimeout)
		}
		c.trim()
	}
}

// Read reads from the connection for c.frames: within the frame's deadline
// when one is begun, for ever between frames.
func (c *conn) Read(p []byte) (int, error) {
	var deadline time.Time
	switch {
	case c.frames.Unfinished() > 0:
		if c.begun.IsZero() {
			c.begun = time.Now()
		}
		deadline = c.begun.Add(c.l.cfg.FrameTimeout)
	case c.warm:
		deadline = time.Now().Add(idleTrim)
	}
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
	c.readAt = time.Now().UnixNano()
	if err != nil && c.ctx.Err() != nil {
		err = c.cause()
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

// trim gives back what only a busy connection needs.
func (c *conn) trim() {
	c.frames.Trim()
	c.build = builder{}
	c.inflater, c.inflated = wire.Inflater{}, nil
	c.scratch, c.due, c.dueEnds = nil, nil, nil
	c.warm = false
}

// close waits for the acks that are owed, then closes with FIN: the client
// must be able to read the last ack.
func (c *conn) close(err error) {
	if c.acks != nil {
		patience := c.l.cfg.EOFTimeout
		if gone(err) || errors.Is(err, errOther) {
			patience = 0
		}
		c.acks.finish(patience)
	}
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok && err != io.EOF && !gone(err) {
		// What was sent and not read would turn the close into a reset, which
		// takes acks with it that the client has not read yet.
		if half.CloseWrite() == nil && c.nc.SetReadDeadline(time.Now().Add(linger)) == nil {
			io.Copy(io.Discard, c.nc)
		}
	}
	c.nc.Close()
	if c.stream != nil {
		c.stream.Close()
	}
}

// gone reports whether the client can no longer be reached.
func gone(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ETIMEDOUT) ||
		errors.Is(err, errDeaf) || errors.Is(err, net.ErrClosed)
}

// report tells why a connection ends, when that is worth a line.
func (c *conn) report(err error) {
	peer := slog.String("peer", c.nc.RemoteAddr().String())
	if errors.Is(err, wire.ErrSyntax) {
		c.l.metrics.bad[badSyntax].Inc()
	}
	if errors.As(err, new(wire.TooLargeError)) {
		c.l.metrics.bad[tooLarge].Inc()
	}
	if err == io.EOF || errors.Is(err, errStopped) || errors.Is(err, syscall.ECONNRESET) {
		c.l.log.LogAttrs(c.hard, slog.LevelDebug, "connection ended", peer, slog.Any("error", err))
		return
	}
	c.l.closeLog.warn("connection closed", peer, slog.Any("error", err))
}
