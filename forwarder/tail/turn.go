package tail

import (
	"slices"
	"time"

	"sluice/event"
)

// outcome of a turn, or of a look at one file.
type outcome uint8

const (
	atEnd   outcome = iota // all that is there was read
	more                   // more waits
	refused                // nowhere to put it: group.wait
	failed                 // cannot be read at present
	waiting                // for the finder
	paced                  // not before group.paced
)

// turn reads up to one read's worth of a group's files, the oldest first. The
// next file's turn comes when the one before is at its end AFTER a younger one
// was seen to have something in it, and was for a moment: containerd writes what it
// had read of a line when its file was changed, the line's beginning, to the
// old one while the rest goes to the new one already. The old one stays open
// until its end has stood for a while, should that be wrong.
func (r *reader) turn(g *group) (outcome, error) {
	r.queue = g.snapshot(r.queue)
	for n, f := range r.queue {
		going := slices.ContainsFunc(r.queue[n+1:], hasBytes)
		if f.seq == 0 {
			g.read++
			f.seq = g.read
		}
		if f.closed.Load() && !f.ended.Load() {
			if o := r.reopen(g, f); o != atEnd {
				return o, nil
			}
		}
		if g.changing.Load() {
			r.t.finder.poke(g.dir)
		}
		o, err := r.flushBefore(g, f)
		if o == atEnd && err == nil {
			o, err = r.look(g, f)
		}
		if o != atEnd || err != nil {
			return o, err
		}
		if !f.rotated.Load() {
			f.ending = false
			break
		}
		if !f.ending { // before, it had every right to rest
			f.ending, f.changed = true, r.now
		}
		if f.ended.Load() || r.now.Sub(f.changed) >= r.t.cfg.RotateWait {
			if o, err := r.finish(g, f); o != atEnd || err != nil {
				return o, err
			}
		} else if !going || !f.quiet(r.now, r.t.cfg.Settle) {
			break
		}
	}
	return r.flushLate(g)
}

// quiet reports whether nobody has written to the file for a moment. A
// compressed one is whole, and only CRI runtimes write late.
func (f *file) quiet(now time.Time, moment time.Duration) bool {
	if i := f.ident.Load(); f.packed != nil || i == nil || i.format != cri {
		return true
	}
	st, err := statFD(f.fd)
	return err != nil || st.age(now) >= moment
}

func hasBytes(f *file) bool {
	switch {
	case f.lost.Load():
		return false
	case f.closed.Load():
		return true
	}
	st, err := statFD(f.fd)
	return err == nil && st.size > 0
}

// look reads what a file has, up to one read.
func (r *reader) look(g *group, f *file) (outcome, error) {
	switch {
	case f.lost.Load():
		return waiting, nil
	case f.ended.Load():
		return atEnd, nil
	}
	st, err := f.stat()
	if err != nil {
		return r.failed(f, err), nil
	}
	if f.changed.IsZero() {
		f.changed = r.now
	}
	i := f.ident.Load()
	r.t.m.setLag(f, st.size-f.off)
	if st.size == f.seen.Load() {
		return r.unchanged(g, f, i, st), nil
	}
	f.changed = r.now
	if i == nil {
		if i, err = r.identify(g, f, false); err != nil {
			return r.failed(f, err), nil
		} else if i == nil {
			f.seen.Store(st.size)
			return atEnd, nil
		}
	}
	o := atEnd
	switch {
	case !r.pace(g):
		o = paced
	case !r.admit(g):
		o = refused
	case !g.excluded():
		return r.read(g, f, i, st.size)
	}
	if o := r.still(g, f, i, st.size, f.off); o != atEnd {
		g.wait = nil // it waits for the finder
		return o, nil
	}
	i.size.Store(st.size)
	if o == atEnd {
		return r.skip(g, f, i, st.size), nil
	}
	return o, nil
}

// unchanged is a look at a file that is as long as at the last one. It was not
// written to if its time is the same as well, once that is some while ago.
func (r *reader) unchanged(g *group, f *file, i *identity, st stat) outcome {
	if i == nil || st == f.looked {
		return atEnd
	}
	if o := r.still(g, f, i, st.size, f.off); o != atEnd {
		return o
	}
	if i.size.Store(st.size); st.age(r.now) > r.t.cfg.Racy {
		f.looked = st
	}
	return atEnd
}

// still returns atEnd if the file, whose size is given, begins as it did and
// reaches up to end; else it was truncated, and waits for the finder.
func (r *reader) still(g *group, f *file, i *identity, size, end int64) outcome {
	if f.packed != nil {
		return atEnd
	}
	same, err := i.matches(f.fd, r.head[:])
	if err != nil {
		return r.failed(f, err)
	}
	if !same || size < end {
		f.lost.Store(true)
		r.t.finder.poke(g.dir)
		return waiting
	}
	return atEnd
}

func (r *reader) failed(f *file, err error) outcome {
	r.t.complain("read", *f.path.Load(), err)
	return failed
}

// identify reads a new file's first line, if it is complete.
func (r *reader) identify(g *group, f *file, force bool) (*identity, error) {
	o, err := probe(reading(f.fd), &g.place, force)
	if err != nil || o.format == unknown {
		return nil, err
	}
	if o.format == raw {
		o.generate()
	}
	return r.t.identify(f, o), nil
}

// read takes one read's worth of a file whose size was seen.
func (r *reader) read(g *group, f *file, i *identity, size int64) (outcome, error) {
	room := r.t.cfg.ReadSize
	if !g.begun {
		room = min(room, firstRead)
	}
	want := room
	if f.packed == nil { // to ask for more than there was would only bring the answer that there is no more
		want = int(min(int64(room), max(size-f.off, 0)))
	}
	n, err := f.read(r.buf[:want], f.off)
	if err != nil {
		return r.failed(f, err), nil
	}
	g.begun = true
	from := f.off
	// What was read may be of the generation after a truncation. Lines with a time
	// begin another text then; without, only the size may tell.
	now := size
	if n > 0 {
		now = max(size, from+int64(n))
	}
	if i.format == raw {
		st, err := f.stat()
		if err != nil {
			return r.failed(f, err), nil
		}
		now = st.size
	}
	if o := r.still(g, f, i, now, from+int64(n)); o != atEnd {
		return o, nil
	}
	i.size.Store(now)
	if err := f.grow(i, r.head[:], from+int64(n)); err != nil {
		return r.failed(f, err), nil
	}
	r.begin(g, i, r.buf[:n])
	capped := r.lines(g, f, i, n == room)
	f.at.Store(f.off)
	r.spend(g, f.off-from)
	r.t.m.in.Bytes.Add(float64(f.off - from))
	r.t.m.setLag(f, size-f.off)
	if err := r.emit(g, f, i); err != nil {
		return failed, err
	}
	if capped || n == room && from+int64(n) < size {
		return more, nil
	}
	f.seen.Store(max(from+int64(n), size))
	return atEnd, nil
}

// finish emits what is left of a file that nobody writes to any more, an
// incomplete line, and closes it.
func (r *reader) finish(g *group, f *file) (outcome, error) {
	if !f.ended.Load() || f.long != nil {
		if !r.admit(g) {
			return refused, nil
		}
		if o, err := r.remainder(g, f); o != atEnd || err != nil {
			return o, err
		}
	}
	r.t.m.setLag(f, 0)
	if f.ended.Load() { // behind a gap nothing goes on
		behind := func(_ int, j *join) bool { return j.last == f }
		if o, err := r.flushTraces(g, behind); o != atEnd || err != nil {
			return o, err
		}
		if o, err := r.flushIf(g, behind); o != atEnd || err != nil {
			return o, err
		}
	}
	if f.packed != nil && f.packed.broken() != nil {
		r.t.lose(unreadable, *f.path.Load(), f.packed.size-f.off, f.packed.broken())
	}
	g.close(f)
	return atEnd, nil
}

func (r *reader) remainder(g *group, f *file) (outcome, error) {
	n, room, i := 0, r.t.cfg.ReadSize, f.ident.Load()
	if !f.ended.Load() {
		var err error
		if n, err = f.read(r.buf[:room], f.off); err == nil && i == nil && n > 0 {
			i, err = r.identify(g, f, true)
		}
		if err != nil {
			return r.failed(f, err), nil
		}
	}
	if i == nil || n == 0 && f.long == nil || g.excluded() {
		return atEnd, nil
	}
	from := f.off
	if n > 0 {
		st, err := f.stat()
		if err != nil {
			return r.failed(f, err), nil
		}
		if o := r.still(g, f, i, st.size, from+int64(n)); o != atEnd {
			return o, nil
		}
	}
	r.begin(g, i, r.buf[:n])
	again := r.lines(g, f, i, false) || n == room // more came meanwhile
	if !again {
		if f.long != nil {
			r.endLong(g, f, i, event.Partial)
		} else if lo := int(f.off - from); lo < n {
			start := f.off
			f.off = from + int64(n)
			r.line(g, f, i, lo, n, start, event.Partial)
		}
	}
	r.t.m.in.Bytes.Add(float64(f.off - from))
	f.at.Store(f.off)
	if err := r.emit(g, f, i); err != nil {
		return failed, err
	}
	if again {
		f.seen.Store(-1)
		return more, nil
	}
	return atEnd, nil
}
