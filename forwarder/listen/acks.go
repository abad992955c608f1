package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
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
// write of its own: there are clients that read an ack with a single read. The
// goroutine that does it is there only while some are owed.
type acks struct {
	nc       net.Conn
	timeout  time.Duration
	progress *progress
	abort    context.CancelCauseFunc // of the connection's reading
	ctx      context.Context         // ends the writing
	cancel   context.CancelFunc
	writer   sync.WaitGroup
	room     chan struct{} // of capacity 1: an ack was written

	mu      sync.Mutex
	queue   []owed // what the writer has not seen
	owed    int    // what it has not written
	running bool
}

// newAcks starts nothing; finish ends it.
func newAcks(c *conn) *acks {
	a := &acks{nc: c.nc, timeout: c.l.cfg.AckTimeout, progress: &c.progress, abort: c.abort, room: make(chan struct{}, 1)}
	a.ctx, a.cancel = context.WithCancel(c.hard)
	return a
}

// push queues acks, of which ends tells where each ends in frames, and waits
// for room. false: nothing can be written any more.
func (a *acks) push(pos int64, frames []byte, ends []int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.owed >= maxOwed && a.ctx.Err() == nil {
		a.mu.Unlock()
		select {
		case <-a.room:
		case <-a.ctx.Done():
		}
		a.mu.Lock()
	}
	if a.ctx.Err() != nil {
		return false
	}
	from := 0
	for _, end := range ends {
		a.queue = append(a.queue, owed{pos, frames[from:end]})
		from = end
	}
	a.owed += len(ends)
	if !a.running {
		a.running = true
		a.writer.Go(a.run)
	}
	return true
}

// finish lets the writer give out what is owed, for at most the given time,
// and waits for it. Nothing may be pushed after.
func (a *acks) finish(patience time.Duration) {
	t := time.AfterFunc(patience, a.cancel)
	a.writer.Wait()
	t.Stop()
	a.cancel()
}

// run ends when nothing is owed, or when nothing can be written any more.
func (a *acks) run() {
	stop := context.AfterFunc(a.ctx, func() { a.nc.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	for due := a.take(nil); len(due) > 0; due = a.take(due) {
		for _, o := range due {
			if !a.write(o) {
				a.cancel()
				return
			}
		}
	}
}

// take returns all that is queued; done, which it returned before, is used
// again.
func (a *acks) take(done []owed) (due []owed) {
	clear(done)
	a.mu.Lock()
	defer a.mu.Unlock()
	due, a.queue = a.queue, done[:0]
	if len(due) == 0 {
		a.queue, a.running = nil, false
	}
	return due
}

// write writes one ack when it is due.
func (a *acks) write(o owed) bool {
	for a.progress.safe.Load() < o.pos {
		select {
		case <-a.progress.wake:
		case <-a.ctx.Done():
			return false
		}
	}
	a.nc.SetWriteDeadline(time.Now().Add(a.timeout))
	if a.ctx.Err() != nil { // after the deadline: see conn.Read
		return false
	}
	_, err := a.nc.Write(o.frame)
	switch {
	case err == nil:
		a.wrote()
		return true
	case a.ctx.Err() != nil: // no more patience
	case errors.Is(err, os.ErrDeadlineExceeded):
		a.abort(fmt.Errorf("%w: one did not fit for %v", errDeaf, a.timeout))
	default:
		a.abort(fmt.Errorf("cannot write an ack: %w", err))
	}
	return false
}

func (a *acks) wrote() {
	a.mu.Lock()
	a.owed--
	a.mu.Unlock()
	select {
	case a.room <- struct{}{}:
	default:
	}
}
