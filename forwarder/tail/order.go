package tail

import (
	"runtime"
	"slices"
	"time"
)

// Which group's turn it is. Those that were at their end when they were last
// looked at come first, when they are due or woken: a turn each. Whoever has more
// than that to read is behind, and gets what time is left, but always some: of
// those behind each has one turn before any has its second. A line that somebody
// has just written may stand at the end of a backlog, so the backlogs that are
// written to have every other of these turns.
//
// So a new line waits for no backlog but its own, and a backlog never for ever.

// kind of backlog.
type kind uint8

const (
	fresh kind = iota // it was written to since we run
	stale
	kinds
)

// firstRead bounds the first read of a group: at a start all are new at once.
const firstRead = 4 << 10

// round serves who is due, then who is behind. It returns how long to wait for
// the next.
func (r *reader) round() (next time.Duration, err error) {
	r.collect()
	if next, err = r.pass(); err != nil {
		return 0, err
	}
	moved, err := r.catchUp(time.Now().Add(min(next, r.t.cfg.Poll)))
	switch {
	case moved:
		next = 0
	case len(r.waits) > 0:
		next = min(next, r.t.cfg.Poll) // another's channel may be the first to close
	}
	return next, err
}

// collect takes in the woken groups.
func (r *reader) collect() {
	select {
	case <-r.wake:
	default:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.inbox {
		g.due = time.Time{}
		switch {
		case g.behind && g.kind == stale:
			r.behind[stale] = slices.DeleteFunc(r.behind[stale], func(other *group) bool { return other == g })
			g.kind = fresh
			r.behind[fresh] = append(r.behind[fresh], g)
		case !g.active:
			g.active, g.joins = true, new(joins)
			g.idle.Store(false)
			r.unwatch(g)
			if g.counted {
				g.counted = false
				r.t.resting.Add(-1)
			}
			r.groups = append(r.groups, g)
		}
	}
	clear(r.inbox)
	r.inbox = r.inbox[:0]
}

func (r *reader) unwatch(g *group) {
	r.t.watch.unquiet(g.watched)
	g.watched = 0
}

// pass gives every group that is due its turn, and returns how long to wait for
// the next.
func (r *reader) pass() (next time.Duration, err error) {
	next = time.Hour
	r.waits = r.waits[:0]
	r.chains = slices.DeleteFunc(r.chains, (*chain).step)
	if len(r.chains) > 0 {
		next = r.t.cfg.Poll
	}
	r.now = time.Now()
	for _, g := range r.groups {
		r.release(g)
		if r.refused(g) {
			continue
		}
		if d := g.due.Sub(r.now); d > 0 {
			next = min(next, d)
			continue
		}
		if err = r.serve(g); err != nil || r.ctx.Err() != nil {
			return 0, err
		}
		switch {
		case g.behind:
			r.fallBehind(g)
		case g.active && g.wait == nil:
			next = min(next, g.due.Sub(r.now))
		}
	}
	r.groups = slices.DeleteFunc(r.groups, func(g *group) bool { return !g.active || g.behind })
	for _, list := range r.behind {
		for _, g := range list {
			r.release(g)
		}
	}
	return next, nil
}

// catchUp gives turns to groups that are behind until others are due or woken,
// or have room again. It reports whether any had one.
func (r *reader) catchUp(due time.Time) (moved bool, err error) {
	for {
		served := false
		for k := range r.behind {
			some, err := r.catchUpOne(kind(k))
			if err != nil || r.ctx.Err() != nil {
				return true, err
			}
			served = served || some
		}
		moved = moved || served
		if !served || len(r.wake) > 0 || slices.ContainsFunc(r.waits, closed) || !time.Now().Before(due) {
			return moved, nil
		}
		runtime.Gosched() // the finder, which calls the kernel all the time, must not wait for a processor
	}
}

// catchUpOne gives a turn to the first group behind that is not refused.
func (r *reader) catchUpOne(k kind) (served bool, err error) {
	for n, g := range r.behind[k] {
		if r.refused(g) {
			continue
		}
		if err := r.serve(g); err != nil {
			return true, err
		}
		if g.wait != nil {
			continue // it keeps its place
		}
		r.behind[k] = slices.Delete(r.behind[k], n, n+1)
		switch {
		case g.behind:
			r.behind[k] = append(r.behind[k], g)
		case g.active:
			r.groups = append(r.groups, g)
		}
		return true, nil
	}
	return false, nil
}

// refused reports whether the group has still nowhere to go; then its channel is
// one of those to wait for.
func (r *reader) refused(g *group) bool {
	if g.wait == nil {
		return false
	}
	if closed(g.wait) && r.admit(g) {
		r.t.m.in.Stalled.Dec()
		g.due = time.Time{}
		return false
	}
	r.await(g)
	return true
}

func (r *reader) await(g *group) {
	if n := len(r.waits); n == 0 || r.waits[n-1] != g.wait {
		r.waits = append(r.waits, g.wait)
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// fallBehind puts a group behind. If nobody has written to it since we run, a
// watch tells when somebody does.
func (r *reader) fallBehind(g *group) {
	g.kind = stale
	r.queue = g.snapshot(r.queue)
	if f := r.queue[len(r.queue)-1]; !f.lost.Load() && !f.closed.Load() {
		if st, err := statFD(f.fd); err == nil && st.mtime >= r.begun.Add(-r.t.cfg.Racy).UnixNano() {
			g.kind = fresh
		} else if wd, err := r.t.watch.quiet(f.fd, g); err == nil {
			g.watched = wd
		}
	}
	r.behind[g.kind] = append(r.behind[g.kind], g)
}
