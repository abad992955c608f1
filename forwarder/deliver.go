package forwarder

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// minRequest is where halving, on 413 and on time-outs, stops shrinking the
// lane's limit: bytes.
const minRequest = 64 << 10

// send is one sender: it leases a chunk and stays with it until every item is
// answered for, or its key is parked, or ctx is done.
func (l *Lane) send(ctx context.Context) {
	for {
		c, err := l.buf.Lease(ctx, int(l.limit.Load()))
		if err != nil { // closed and empty, or ctx done: either way the end
			return
		}
		l.deliver(ctx, c)
	}
}

func (l *Lane) deliver(ctx context.Context, c *event.Chunk) {
	failures := 0 // in a row
	for wait := l.cfg.RetryBase; c.Len() > 0 && ctx.Err() == nil; {
		n := c.Len()
		c.Tries++
		l.inflight.Add(1)
		v, err := l.sink.Deliver(ctx, c)
		alone := l.inflight.Add(-1) == 0
		if err == nil && !v.Counts(n) {
			err = errMiscounted{n, v}
		}
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			l.log.Warn("cannot deliver, trying again", "items", n, "tries", c.Tries, "error", err)
			l.metrics.retry("unknown_fate", c.Weight())
			l.buf.Failed(c)
			if failures++; l.patience.failed(failures) && l.giveUp(ctx, c, err.Error()) {
				return
			}
			if timedOut(err) && c.Tries%4 == 0 && c.Bytes() > minRequest {
				// What the server cannot answer in time it cannot answer the next time either.
				l.limit.Store(int64(max(c.Bytes()/2, minRequest)))
				l.halve(ctx, c, false)
				continue
			}
			wait = l.sleep(ctx, wait, 0)
			continue
		}
		if len(v.Retry) < n {
			wait, failures = l.cfg.RetryBase, 0 // it makes progress
			l.patience.worked(c.Key)
		}
		if done := l.judge(ctx, c, &v); done {
			return
		}
		if len(v.Retry) == n && v.Signal != event.TooLarge && v.Signal != event.Split {
			if failures++; l.patience.failed(failures) && l.giveUp(ctx, c, reasonOf(&v)+" "+v.Reason) {
				return
			}
		}
		switch {
		case v.Signal == event.TooLarge || v.Signal == event.Split || v.Signal == event.Throttle && alone && c.Tries%4 == 0 && len(v.Retry) == n:
			// A body above the server's pressure limit is answered with 429 for ever,
			// hence the second case: nothing else was in flight, and it was refused whole.
			if !l.halve(ctx, c, v.Signal == event.TooLarge) {
				wait = l.sleep(ctx, wait, v.After)
			}
		case v.Signal == event.Pause:
			l.log.Error("output is paused: the server refuses every request", "reason", v.Reason, "next_try", l.cfg.PauseEvery)
			l.sleep(ctx, l.cfg.PauseEvery, max(l.cfg.PauseEvery, v.After))
		case v.Signal == event.Unsent:
		default:
			wait = l.sleep(ctx, wait, v.After)
		}
	}
}

// judge answers for the items the verdict speaks for; what must be sent again
// stays in c. It reports whether the chunk is finished with here.
func (l *Lane) judge(ctx context.Context, c *event.Chunk, v *event.Verdict) (done bool) {
	total, oldest := c.Weight(), oldestOf(c)
	keep, rejected := v.Retry, 0
	if len(v.Reject) > 0 {
		for _, r := range v.Reject {
			b, i := c.At(r.Item)
			rejected += int(b.Weights[i])
		}
		if err := l.dead.Put(l.cfg.Name, c, v.Reject); err != nil {
			// Not safe anywhere: it stays, and is offered to the sink again.
			l.log.Error("cannot write dead letters, keeping the records", "items", len(v.Reject), "error", err)
			keep, rejected = withRejected(keep, v.Reject), 0
		} else {
			l.log.Warn("records refused, kept as dead letters", "items", len(v.Reject), "status", v.Reject[0].Status, "type", v.Reject[0].Type)
		}
	}
	left := 0
	for _, i := range keep {
		b, n := c.At(i)
		left += int(b.Weights[n])
	}
	delivered := total - left - rejected
	// Counted first: no position moves for what the account does not hold yet.
	l.count(func(a *ledger.Account) {
		a.Delivered += uint64(delivered)
		a.Drop(event.DeadLettered.Of(rejected))
		a.Pending -= uint64(delivered + rejected)
	})
	l.buf.Settle(c, keep)
	l.metrics.outcome(delivered, rejected, v, oldest)
	if len(keep) == 0 {
		l.grow()
		return true
	}
	l.metrics.retry(reasonOf(v), left)
	if v.Signal == event.Park && l.patience.park(c.Key) && l.giveUp(ctx, c, "parked "+v.Reason) {
		return true
	}
	if v.Signal == event.Park {
		l.log.Error("records wait: the server's set-up refuses this index", "index", c.Key, "reason", v.Reason, "items", c.Len(), "next_try", l.cfg.PauseEvery)
		l.buf.Return(c, l.cfg.PauseEvery)
		return true
	}
	return ctx.Err() != nil
}

// withRejected merges the rejected items into those to keep.
func withRejected(keep []uint32, rejected []event.Rejection) []uint32 {
	for _, r := range rejected {
		keep = append(keep, r.Item)
	}
	slices.Sort(keep)
	return keep
}

func timedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// halve delivers the chunk in two parts; learn: it was too large, so later ones
// are made smaller, and a single item that is too large is refused. It reports
// whether anything was done.
func (l *Lane) halve(ctx context.Context, c *event.Chunk, learn bool) bool {
	size := c.Bytes()
	rest := c.Halve(func() *event.Block { return l.pool.Get(class(size / 2)) })
	switch {
	case rest == nil && learn:
		l.refuse(ctx, c)
		return c.Len() == 0 // else its dead letter could not be written
	case rest == nil:
		return false
	case learn:
		l.limit.Store(int64(max(size/2, minRequest)))
	}
	c.Tries = 0
	l.deliver(ctx, c)
	l.deliver(ctx, rest)
	return true
}

// refuse dead-letters a single item that is too large by itself.
func (l *Lane) refuse(ctx context.Context, c *event.Chunk) {
	v := event.Verdict{Reject: []event.Rejection{{Item: 0, Status: 413, Type: "too_large", Reason: "the server refuses a request with this document alone"}}}
	l.judge(ctx, c, &v)
}

// grow lets a limit that 413 has shrunk recover by a twentieth a request.
func (l *Lane) grow() {
	if n := l.limit.Load(); n < int64(l.cfg.MaxBytes) {
		l.limit.Store(min(n+n/20+1, int64(l.cfg.MaxBytes)))
	}
}

// sleep waits for a random part of wait, but at least after, and returns the
// next wait: capped exponential back-off with full jitter, so that a thousand
// agents do not come back together.
func (l *Lane) sleep(ctx context.Context, wait, after time.Duration) time.Duration {
	d := l.patience.left(max(rand.N(wait+1), after))
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
	return min(2*wait, l.cfg.RetryMax)
}

func oldestOf(c *event.Chunk) int64 {
	oldest := int64(0)
	for _, b := range c.Blocks {
		if b.Since != 0 && (oldest == 0 || b.Since < oldest) {
			oldest = b.Since
		}
	}
	return oldest
}
