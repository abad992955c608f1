package forwarder

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"sluice/event"
)

// Stage is a step that may hold records back, split a batch, or give it another
// tag. Process is called from many goroutines at once, Flush from one.
//
// A record that is held keeps its share of the batch's receipt (Ack.Fork), so
// that its source's position stays before it. Both ways out stay valid after
// Process has returned: a stage keeps them with what it holds. They may not be
// called with a lock held that Process takes.
//
// A stage may have records of an urgent batch kept elsewhere, and give back
// their share when they are safe there. Config.Held brings them to Process
// again, in a batch that is marked Kept, before any source runs.
type Stage interface {
	// Process hands on through emit what of b may go on; what it marks as
	// Dropped it holds, or has counted itself. late is for what was held and is
	// let go because its rest did not come.
	Process(ctx context.Context, b *event.Batch, emit, late event.Emit) error
	// Flush lets go what has been held for long enough at now; of all of it when
	// all is set, because the sources have ended.
	Flush(ctx context.Context, now time.Time, all bool) error
}

// flushEvery is how often stages are asked to let go what waits for too long.
const flushEvery = 250 * time.Millisecond

// ways are a stage's ways out on one path: on to the step after it or, under
// another tag, to the top of the same label.
func (f *Forwarder) ways(p *path, step int, t trip) (emit, late event.Emit) {
	emit = func(ctx context.Context, b *event.Batch) error {
		if b.Tag != p.tag {
			return f.again(ctx, p, p.label, b, t)
		}
		return f.walk(ctx, p, step+1, b, t)
	}
	late = emit
	if at := p.late[step]; at != nil {
		late = func(ctx context.Context, b *event.Batch) error { return f.walk(ctx, at, 0, b, t) }
	}
	return emit, late
}

// beyond is what a tag's paths reach under other tags, which stages and
// retaggers gave.
type beyond struct {
	mu    sync.Mutex
	paths map[place]*path
	all   atomic.Pointer[[]*branch] // for Admit
}

// retagged is the path for the tag that a batch got on path p, from the top of
// a label.
func (r *router) retagged(p *path, label, tag string) *path {
	b, at := p.beyond, place{label, tag}
	b.mu.Lock()
	defer b.mu.Unlock()
	if next := b.paths[at]; next != nil {
		return next
	}
	if b.paths == nil || len(b.paths) >= maxPaths {
		b.paths = map[place]*path{}
	}
	next := r.compile(route{tag: tag, beyond: b}, label)
	b.paths[at] = next
	var all []*branch
	if old := b.all.Load(); old != nil && len(b.paths) > 1 {
		all = append(all, *old...)
	}
	all = append(all, next.all...)
	b.all.Store(&all)
	return next
}

// stages lists each stage of the pipeline once.
func (p *Pipeline) stages() (list []Stage) {
	add := func(steps []Step) {
		for _, s := range steps {
			if s.Stage != nil {
				list = append(list, s.Stage)
			}
		}
	}
	add(p.Root)
	for _, steps := range p.Labels {
		add(steps)
	}
	return list
}

// flusher asks the stages until done is closed; from the moment ctx ends they
// let go everything, so that no source waits for what is held.
func (f *Forwarder) flusher(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			f.flush(context.WithoutCancel(ctx), ctx.Err() != nil)
		}
	}
}

func (f *Forwarder) flush(ctx context.Context, all bool) {
	if err := f.letGo(ctx, all); err != nil {
		f.log.Error("cannot hand on what a filter held; it is read again after a restart", "err", err)
	}
}

// Finish lets go all that stages hold, where nothing more comes.
func (f *Forwarder) Finish(ctx context.Context) error { return f.letGo(ctx, true) }

func (f *Forwarder) letGo(ctx context.Context, all bool) error {
	rounds := 1
	if all { // what one stage lets go another may hold, which was asked before it
		rounds = len(f.stages)
	}
	var errs []error
	for range rounds {
		for _, s := range f.stages {
			errs = append(errs, s.Flush(ctx, time.Now(), all))
		}
	}
	return errors.Join(errs...)
}
