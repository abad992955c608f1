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
// bytes, so that a busy file never keeps the others waiting.
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
	groups []*group // looked at; idle ones are not here
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
		r.collect()
		next, wait, err := r.pass()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if next <= 0 {
			continue
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

// collect takes in the woken groups.
func (r *reader) collect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.inbox {
		g.due = time.Time{}
		if g.active {
			continue
		}
		g.active = true
		g.idle.Store(false)
		r.t.watch.unquiet(g.watched)
		g.watched = 0
		if g.counted {
			g.counted = false
			r.t.resting.Add(-1)
		}
		r.groups = append(r.groups, g)
	}
	clear(r.inbox)
	r.inbox = r.inbox[:0]
}

// pass gives every group that is due its turn. It returns how long to wait for
// the next and, if a group was refused, the channel of the longest refused one.
func (r *reader) pass() (next time.Duration, wait <-chan struct{}, err error) {
	next = time.Hour
	r.chains = slices.DeleteFunc(r.chains, (*chain).step)
	if len(r.chains) > 0 {
		next = r.t.cfg.Poll
	}
	for _, g := range r.groups {
		r.now = time.Now()
		r.release(g)
		if g.wait != nil {
			select {
			case <-g.wait:
				g.wait, g.due = nil, time.Time{}
				r.t.m.in.Stalled.Dec()
			default:
				if wait == nil {
					wait = g.wait
				}
				next = min(next, r.t.cfg.Poll) // another's channel may be the first to close
				continue
			}
		}
		if d := g.due.Sub(r.now); d > 0 {
			next = min(next, d)
			continue
		}
		if err = r.serve(g); err != nil || r.ctx.Err() != nil {
			return 0, nil, err
		}
		if g.active {
			next = min(next, g.due.Sub(r.now))
		}
	}
	r.groups = slices.DeleteFunc(r.groups, func(g *group) bool { return !g.active })
	return next, wait, nil
}

// serve gives a group its turn and decides when the next is.
func (r *reader) serve(g *group) error {
	o, err := r.turn(g)
	if err != nil {
		return err
	}
	state := active
	switch o {
	case more:
		g.due = time.Time{}
	case refused:
		g.due = time.Time{}
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
