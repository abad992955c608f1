package tail

import "sluice/event"

// flush makes a record of a line whose end never came.
func (r *reader) flush(g *group, k int) (outcome, error) {
	if !r.admit(g) {
		return refused, nil
	}
	j := &g.partials[k]
	f := j.last
	i := f.ident.Load()
	r.begin(g, i, r.buf[:0])
	b := &r.batch
	p := piece{start: j.end, end: j.end, weight: 1, flags: event.Partial}
	p.stream = b.PutString(streamNames[k], event.Text)
	p.tag = b.PutString("P", event.Text)
	r.whole(j, f, &p)
	r.record(i, &p)
	r.settle(g, k, r.parts, f, i, p.end)
	return atEnd, r.emit(g, f, i)
}

// flushTrace makes a record of a trace that no line ended.
func (r *reader) flushTrace(g *group, k int, flags event.Flags) (outcome, error) {
	if !r.admit(g) {
		return refused, nil
	}
	t := &g.traces[k]
	f, end := t.last, t.end
	i := f.ident.Load()
	r.begin(g, i, r.buf[:0])
	r.endTrace(g, k, f, flags)
	if next := &g.partials[k]; next.open { // see step
		next.inherit(r.ended)
	} else {
		r.settle(g, k, r.ended, f, i, end)
	}
	return atEnd, r.emit(g, f, i)
}

// flushLate emits joins whose rest did not come in time, or can come no more. A
// stream that is quiet has ended its trace; one that goes on and on with it has
// not, and the record says so.
func (r *reader) flushLate(g *group) (outcome, error) {
	over := g.gone.Load() && len(g.snapshot(nil)) == 0
	for k := range g.traces {
		t := &g.traces[k]
		var flags event.Flags
		switch {
		case !t.open:
			continue
		case over, r.now.Sub(t.seen) >= r.t.cfg.MultilineFlush:
		case r.now.Sub(t.began) >= r.t.cfg.MultilineMax:
			flags = event.Partial
		default:
			continue
		}
		if o, err := r.flushTrace(g, k, flags); o != atEnd || err != nil {
			return o, err
		}
	}
	return r.flushIf(g, func(_ int, j *join) bool { return over || r.now.Sub(j.seen) >= r.t.cfg.PartialTimeout })
}

// flushBefore emits joins that cannot go on in f, which is read next: those of
// an older file if a line of their stream was completed in f before. That one
// ended the join already, before the agent was restarted, or came after it was
// given up; the next would not be its rest.
func (r *reader) flushBefore(g *group, f *file) (outcome, error) {
	i := f.ident.Load()
	if i == nil {
		return atEnd, nil
	}
	hopeless := func(k int, j *join) bool { return j.last.seq < f.seq && i.first[k] != 0 }
	if o, err := r.flushTraces(g, hopeless); o != atEnd || err != nil {
		return o, err
	}
	return r.flushIf(g, hopeless)
}

// flushTraces emits the traces that the given test is true of.
func (r *reader) flushTraces(g *group, hopeless func(k int, j *join) bool) (outcome, error) {
	for k := range g.traces {
		if t := &g.traces[k]; t.open && hopeless(k, t) {
			if o, err := r.flushTrace(g, k, 0); o != atEnd || err != nil {
				return o, err
			}
		}
	}
	return atEnd, nil
}

// flushIf emits the lines that the given test is true of.
func (r *reader) flushIf(g *group, hopeless func(k int, j *join) bool) (outcome, error) {
	for k := range g.partials {
		if j := &g.partials[k]; j.open && hopeless(k, j) {
			if g.traces[k].open {
				if o, err := r.flushTrace(g, k, 0); o != atEnd || err != nil {
					return o, err
				}
			}
			if o, err := r.flush(g, k); o != atEnd || err != nil {
				return o, err
			}
		}
	}
	return atEnd, nil
}
