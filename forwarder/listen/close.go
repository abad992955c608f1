package listen

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"syscall"
	"time"

	"sluice/wire"
)

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
	c.forget()
	if half, ok := c.raw.(interface{ CloseWrite() error }); ok && err != io.EOF && !gone(err) {
		if t, ok := c.nc.(*tls.Conn); ok {
			t.SetWriteDeadline(time.Now().Add(linger))
			t.CloseWrite() // fails before the handshake is through, and need not be said then
		}
		// What was sent and not read would turn the close into a reset, which
		// takes acks with it that the client has not read yet.
		if half.CloseWrite() == nil && c.raw.SetReadDeadline(time.Now().Add(linger)) == nil {
			readAway(c.raw)
		}
	}
	c.nc.Close()
	if c.stream != nil {
		c.stream.Close()
	}
}

// forget gives all memory back: nothing is read any more, and who keeps on
// promising too much comes again faster than we close.
func (c *conn) forget() {
	c.frame, c.parts, c.frames = wire.Frame{}, wire.Parts{}, new(wire.Reader)
	c.build, c.inflater, c.inflated, c.tolds = builder{}, wire.Inflater{}, nil, tolds{}
	c.share.Fit(0)
}

// readAway reads until an error and keeps nothing. io.Copy would take 8 KiB for
// each connection that does so.
func readAway(r io.Reader) {
	p := make([]byte, 512)
	for {
		if _, err := r.Read(p); err != nil {
			return
		}
	}
}

// gone reports whether the client can no longer be reached.
func gone(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ETIMEDOUT) ||
		errors.Is(err, errDeaf) || errors.Is(err, net.ErrClosed)
}

// report tells why a connection ends, when that is worth a line.
func (c *conn) report(err error) {
	peer := slog.String("peer", c.peer)
	var no refusal
	if errors.As(err, &no) {
		c.l.metrics.refused[no.door].Inc()
		c.l.refuseLog.Warn("connection refused", peer, slog.Any("error", err))
		return
	}
	if errors.Is(err, wire.ErrSyntax) || errors.Is(err, wire.ErrJSON) {
		c.l.metrics.bad[badSyntax].Inc()
	}
	if errors.As(err, new(wire.TooLargeError)) {
		c.l.metrics.bad[tooLarge].Inc()
	}
	if quiet(err) {
		c.l.log.LogAttrs(c.hard, slog.LevelDebug, "connection ended", peer, slog.Any("error", err))
		return
	}
	c.l.closeLog.Warn("connection closed", peer, slog.Any("error", err))
}

// quiet reports whether a connection's end is nothing to tell of: heartbeats
// come every second, each in a connection of its own.
func quiet(err error) bool {
	return err == io.EOF || errors.Is(err, errStopped) || errors.Is(err, errIdle) || errors.Is(err, errNoHello) || errors.Is(err, syscall.ECONNRESET)
}

// isEOF reports whether err says that the client went away.
func isEOF(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
