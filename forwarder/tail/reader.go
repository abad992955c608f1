package tail

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"sluice/event"
)

// reader serves its groups in turn: a turn is at most one read's worth of
// bytes, so that a busy file never keeps the others waiting. See order.go.
type reader struct {
	t       *Tail
	out     Out
	maxLine int
	wake    chan struct{}
	beat    func()

	mu    sync.Mutex
	inbox []*group // woken since the last look

	// The goroutine's own.
	ctx    context.Context
	groups []*group          // looked at when they are due; idle ones are not here
	behind [kinds][]*group   // that have more to read than a turn's worth
	waits  []<-chan struct{} // of the groups that were refused, without those that repeat
	begun  time.Time
	now    time.Time
	buf    []byte // becomes the batch's arena
	batch  event.Batch
	keys   keys
	taken  int64    // lines of the batch, as they stand in the file
	decode *decoder // nil: lines are UTF-8
	parts  []part   // of the line at hand
	ended  []part   // of the trace that it ended
	links  []link   // of the batch: older files in which lines began that end in it
	chains []*chain
	queue  []*file // scratch
	head   [headMax]byte
}

func newReader(t *Tail, out Out, name string) *reader {
	return &reader{t: t, out: out, maxLine: int(t.cfg.MaxLine), decode: newDecoder(t.cfg.Encoding), wake: make(chan struct{}, 1), beat: t.cfg.loop(name)}
}

// wakeUp makes the reader look at the group now. It never blocks.
func (r *reader) wakeUp(g *group) {
	r.mu.Lock()
	r.inbox = append(r.inbox, g)
	r.mu.Unlock()
	r.nudge()
}

// nudge makes the loop turn. It never blocks.
func (r *reader) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run serves until ctx ends. Its error is Out's.
func (r *reader) run(ctx context.Context) error {
	r.ctx, r.begun, r.buf = ctx, time.Now(), make([]byte, 0, r.t.cfg.ReadSize+headRoom)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		r.beat()
		next, err := r.round()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if next <= 0 {
			continue
		}
		var wait <-chan struct{}
		if len(r.waits) > 0 {
			wait = r.waits[0]
		}
		timer.Reset(min(next, beatEvery))
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-timer.C:
		case <-wait:
		}
	}
}

// serve gives a group its turn and decides when the next is.
func (r *reader) serve(g *group) error {
	r.now = time.Now()
	o, err := r.turn(g)
	if err != nil {
		return err
	}
	if o == more {
		g.behind = true
	} else if g.behind && o != refused {
		g.behind = false
		r.unwatch(g)
	}
	state := active
	switch o {
	case more:
	case refused:
		r.await(g)
		state = parked
		r.t.m.in.Stalled.Inc()
	case paced:
		g.due = g.paced
	case failed:
		g.due = r.now.Add(r.t.cfg.IdlePoll)
	default:
		g.due = r.nextPoll()
		if o == atEnd && r.rest(g) {
			state = idle
		}
	}
	r.queue = g.snapshot(r.queue)
	now := report{state: state}
	for _, f := range r.queue {
		if f.rotated.Load() {
			now.other++
		} else {
			now.live++
		}
	}
	r.t.m.report(g, now)
	return nil
}

// nextPoll is when to look again, on a common grid: many slow files cost one
// wake-up, not one each. The grid is the monotonic clock's, which nobody sets
// back; time.Time's Truncate would make it the wall clock's.
func (r *reader) nextPoll() time.Time {
	return r.now.Add(r.t.cfg.Poll - r.now.Sub(r.begun)%r.t.cfg.Poll)
}

// admit asks for room for a batch, of whose pod there is nothing to wait for.
func (r *reader) admit(g *group) bool {
	if g.wait = g.pod.Wait(); g.wait == nil {
		g.wait = r.out.Admit(g.tag)
	}
	return g.wait == nil
}

// emit hands the batch on. When all its records are answered for, f's position
// moves up to the oldest line still open.
func (r *reader) emit(g *group, f *file, i *identity) error {
	b := &r.batch
	if len(b.Recs) > 0 {
		ticket := i.stream.Open(g.hold(f), b.Weight(event.Live))
		var to event.Receipt = ticket
		if len(r.links) > 0 {
			c := &chain{r: r, ticket: ticket, links: slices.Clone(r.links)}
			r.chains = append(r.chains, c)
			to = c
		}
		r.t.m.in.Records.Add(float64(b.Weight(event.Live)))
		ack := event.NewAck(to)
		b.Ack = ack
		if err := r.out.Emit(r.ctx, b); err != nil {
			return fmt.Errorf("cannot emit records of %s: %w", *f.path.Load(), err)
		}
		ack.Done()
	}
	if c := cap(b.Arena); c > cap(r.buf) && c <= 2*(r.t.cfg.ReadSize+2*r.maxLine) {
		r.buf = b.Arena[:0]
	}
	return nil
}
