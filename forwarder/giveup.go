package forwarder

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// RetryLimit ends a lane's trying, which without one goes on for as long as it
// takes. What is given up then goes to the lane's Second, or becomes a dead
// letter.
type RetryLimit struct {
	Time    time.Duration // since the sink last took something; 0: no limit
	Retries int           // of one chunk; 0: no limit
}

func (r RetryLimit) set() bool { return r.Time > 0 || r.Retries > 0 }

// Second is where a lane's chunks go that were given up.
type Second struct {
	Lane    *Lane // nil: they are dropped and counted, because somebody wrote so
	Decoder Decoder
}

// Decoder is a sink that reads its own blocks back.
type Decoder interface {
	// Decode adds the record of item i of blk to b, whose arena blk's body is.
	// It need not set the record's id and weight. false: it is none of this
	// sink's, and b is as before.
	Decode(b *event.Batch, blk *event.Block, i int) bool
}

// patience is how long a lane's sink, or one parked key of it, has been taking
// nothing.
type patience struct {
	limit RetryLimit

	mu     sync.Mutex
	since  time.Time // of the first failure after something was taken; zero: it works
	over   bool      // the limit was reached: what follows has one try
	parked map[string]time.Time
}

// worked notes that something of a key was taken.
func (p *patience) worked(key string) {
	if !p.limit.set() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.over = time.Time{}, false
	delete(p.parked, key)
}

// failed notes the n-th failure in a row of one chunk, and reports whether it
// is time to give it up.
func (p *patience) failed(n int) bool {
	if !p.limit.set() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		p.since = time.Now()
	}
	p.over = p.over || p.limit.Retries > 0 && n > p.limit.Retries || p.limit.Time > 0 && time.Since(p.since) >= p.limit.Time
	return p.over
}

// park notes that a key is to wait, and reports whether it has waited enough.
// Its tries do not count: they are few, and far between.
func (p *patience) park(key string) bool {
	if p.limit.Time <= 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parked == nil {
		p.parked = map[string]time.Time{}
	}
	since, ok := p.parked[key]
	if !ok {
		p.parked[key] = time.Now()
	}
	return ok && time.Since(since) >= p.limit.Time
}

// left is how much of d may be slept before the limit is reached.
func (p *patience) left(d time.Duration) time.Duration {
	if p.limit.Time <= 0 {
		return d
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() || p.over {
		return d
	}
	return min(d, max(p.limit.Time-time.Since(p.since), time.Millisecond))
}

// giveUp answers for what is left of a chunk without its sink, and reports
// whether it could: until what takes it has it safely the chunk stays here.
func (l *Lane) giveUp(ctx context.Context, c *event.Chunk, why string) bool {
	if l.cfg.Second == nil {
		v := event.Verdict{}
		for i := range uint32(c.Len()) {
			v.Reject = append(v.Reject, event.Rejection{Item: i, Type: "retries_exhausted", Reason: why})
		}
		l.judge(ctx, c, &v)
		return c.Len() == 0
	}
	weight := c.Weight()
	if s := l.cfg.Second; s.Lane != nil {
		if err := s.take(ctx, l.cfg.Name, l.dead, c); err != nil {
			if ctx.Err() == nil {
				l.log.Error("cannot give records to the secondary, keeping them", "items", c.Len(), "error", err)
			}
			return false
		}
	}
	l.log.Warn("records given up, the secondary has them", "items", c.Len(), "reason", why)
	l.count(func(a *ledger.Account) { a.Drop(event.GivenUp.Of(weight)); a.Pending -= uint64(weight) })
	l.buf.Settle(c, nil)
	l.metrics.second.Add(float64(weight))
	return true
}

// take gives the chunk's records to the secondary's lane, and returns when it
// has them safely. A repeat after an error or a restart has the same ids.
func (s *Second) take(ctx context.Context, lane string, dead DeadLetters, c *event.Chunk) error {
	safe := make(settled)
	ack := event.NewAck(safe)
	var alien []event.Rejection
	item := uint32(0)
	for _, blk := range c.Blocks {
		b := &event.Batch{
			Stream: blk.Stream, Tag: blk.Tag, Read: blk.Since, Ack: ack, Urgent: true, // somebody waits: this lane
			Arena: blk.Body[:len(blk.Body):len(blk.Body)],
		}
		for i := range blk.Len() {
			if s.Decoder.Decode(b, blk, i) {
				r := &b.Recs[len(b.Recs)-1]
				r.ID, r.Weight = blk.IDs[i], blk.Weights[i]
			} else {
				alien = append(alien, event.Rejection{Item: item, Type: "unreadable", Reason: "it is not in the form of its output"})
			}
			item++
		}
		if err := s.Lane.wait(ctx, b.Tag); err != nil {
			return err
		}
		if err := s.Lane.offer(b, nil); err != nil {
			return err
		}
	}
	if len(alien) > 0 {
		if err := dead.Put(lane, c, alien); err != nil {
			return fmt.Errorf("cannot write dead letters: %w", err)
		}
	}
	ack.Done()
	select {
	case <-safe:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait returns when the lane has room for a batch under the tag.
func (l *Lane) wait(ctx context.Context, tag string) error {
	for {
		room := l.admit(tag, nil)
		if room == nil {
			return nil
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settled is closed when a batch is safe.
type settled chan struct{}

// Settled implements event.Receipt.
func (s settled) Settled(event.Drops) { close(s) }
