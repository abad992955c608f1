package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// maxOwed is how many acks may wait on one connection; then it is not read.
const maxOwed = 1024

// errDeaf ends a connection whose client does not take its acks.
var errDeaf = errors.New("client does not read its acks")

// owed is one ack: due when the stream's safe position has reached pos.
type owed struct {
	pos   int64
	frame []byte
}

// progress is how far a connection's stream is safe.
type progress struct {
	safe atomic.Int64
	wake chan struct{} // of capacity 1
}

// moved is told by the ledger that the safe position grew.
func (p *progress) moved(pos int64) {
	p.safe.Store(pos)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// acks writes a connection's acks, in order, each when it is due and in one
// write of its own: there are clients that read an ack with a single read.
type acks struct {
	nc       net.Conn
	timeout  time.Duration
	progress *progress
	abort    context.CancelCauseFunc // of the connection's reading
	ctx      context.Context         // ends the writing
	cancel   context.CancelFunc
	queue    chan owed
	done     chan struct{}
}

// startAcks starts the writer; finish ends it.
func startAcks(c *conn) *acks {
	a := &acks{
		nc: c.nc, timeout: c.l.cfg.AckTimeout, progress: &c.progress, abort: c.abort,
		queue: make(chan owed, maxOwed), done: make(chan struct{}),
	}
	a.ctx, a.cancel = context.WithCancel(c.hard)
	go func() {
		defer close(a.done)
		defer a.cancel()
		a.run()
	}()
	return a
}

// push queues an ack, waiting for room. false: the writer is gone.
func (a *acks) push(o owed) bool {
	select {
	case a.queue <- o:
		return true
	case <-a.ctx.Done():
		return false
	}
}

// finish lets the writer give out what is owed, for at most the given time,
// and waits for it. Nothing may be pushed after.
func (a *acks) finish(patience time.Duration) {
	close(a.queue)
	t := time.AfterFunc(patience, a.cancel)
	defer t.Stop()
	<-a.done
}

func (a *acks) run() {
	stop := context.AfterFunc(a.ctx, func() { a.nc.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	for o := range a.queue {
		for a.progress.safe.Load() < o.pos {
			select {
			case <-a.progress.wake:
			case <-a.ctx.Done():
				return
			}
		}
		a.nc.SetWriteDeadline(time.Now().Add(a.timeout))
		if a.ctx.Err() != nil { // after the deadline: see conn.Read
			return
		}
		_, err := a.nc.Write(o.frame)
		switch {
		case err == nil:
			continue
		case a.ctx.Err() != nil: // no more patience
		case errors.Is(err, os.ErrDeadlineExceeded):
			a.abort(fmt.Errorf("%w: one did not fit for %v", errDeaf, a.timeout))
		default:
			a.abort(fmt.Errorf("cannot write an ack: %w", err))
		}
		return
	}
}
