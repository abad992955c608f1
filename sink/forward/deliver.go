package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"sluice/event"
)

const (
	// A frame of more than suspect bytes, whose connection the server has closed
	// suspectTries times, may be larger than the server takes: it is halved.
	suspect      = 64 << 10
	suspectTries = 4
)

// Deliver sends the chunk to one server and waits for its answer. As long as
// nothing of it was written the next server is tried.
func (s *Sink) Deliver(ctx context.Context, c *event.Chunk) (event.Verdict, error) {
	n := c.Len()
	if n == 0 {
		return event.Verdict{}, nil
	}
	p := s.parcels.Get().(*parcel)
	defer s.parcels.Put(p)
	defer p.reset() // it points to the lane's blocks
	if err := s.wrap(p, c); err != nil {
		return event.Verdict{}, err
	}
	start := time.Now()
	err := s.send(ctx, p)
	s.seconds.Observe(time.Since(start).Seconds())
	var refused refusal
	switch {
	case err == nil:
		return event.Verdict{Accepted: uint32(n)}, nil
	case errors.As(err, &refused) && refused.all:
		return event.RetryAll(n, event.Pause, err.Error()), nil
	case errors.As(err, new(brokenOff)) && c.Tries%suspectTries == 0 && c.Bytes() > suspect && n > 1:
		return event.RetryAll(n, event.TooLarge, "connection_closed"), nil
	}
	return event.Verdict{}, err
}

func closed(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// brokenOff says that a server closed the connection when the frame was on it.
type brokenOff struct{ error }

func (b brokenOff) Unwrap() error { return b.error }

// several are errors of several servers, on one line.
type several []error

func (s several) Error() string {
	texts := make([]string, len(s))
	for i, err := range s {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (s several) Unwrap() []error { return s }

// refusal says that servers refused us in the handshake.
type refusal struct {
	error
	all bool // every server did
}

func (r refusal) Unwrap() error { return r.error }

// send gets the parcel to the first server that can be reached.
func (s *Sink) send(ctx context.Context, p *parcel) error {
	if len(s.group.servers()) == 0 {
		if err := s.discover(ctx); err != nil {
			return err
		}
	}
	var errs []error
	refused := 0
	for tried := []*server(nil); ; {
		srv := s.group.pick(tried)
		if srv == nil {
			err := error(several(errs))
			if refused > 0 {
				err = refusal{err, refused == len(errs)}
			}
			return err
		}
		tried = append(tried, srv)
		c, err := s.connect(ctx, srv)
		if err == nil {
			return s.exchange(ctx, srv, c, p)
		}
		if ctx.Err() != nil {
			return err // a delivery that we ended ourselves says nothing of the server
		}
		s.judge(srv, err)
		if errors.As(err, new(refusal)) {
			refused++
		}
		errs = append(errs, fmt.Errorf("cannot connect to %s: %w", srv.name, err))
	}
}

// exchange sends the parcel over a connection. A connection that was used
// before may have been closed by the server meanwhile: that costs a new one.
func (s *Sink) exchange(ctx context.Context, srv *server, c *conn, p *parcel) error {
	for {
		err := c.exchange(ctx, p, s.sendTimeout, s.ackTimeout)
		if err == nil {
			s.release(srv, c)
			s.judge(srv, nil)
			return nil
		}
		c.close()
		if ctx.Err() != nil {
			return fmt.Errorf("cannot deliver to %s: %w", srv.name, context.Cause(ctx))
		}
		if !c.used || !closed(err) {
			s.judge(srv, err)
			if closed(err) {
				err = brokenOff{err}
			}
			return fmt.Errorf("cannot deliver to %s: %w", srv.name, err)
		}
		srv.pool.drain()
		if c, err = s.dial(ctx, srv); err != nil {
			s.judge(srv, err)
			return fmt.Errorf("cannot deliver to %s, which has closed the connection: %w", srv.name, err)
		}
	}
}

// judge notes how it went with a server.
func (s *Sink) judge(srv *server, err error) {
	changed, up := s.group.mark(srv, err == nil)
	switch {
	case changed && up:
		s.log.Info("a server is used again", "server", srv.name)
	case changed:
		s.log.Warn("a server is left out after a failure", "server", srv.name, "error", err)
	}
}
