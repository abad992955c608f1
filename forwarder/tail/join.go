package tail

import (
	"time"

	"sluice/event"
)

// piece is one parsed line, or what became of several: a record to be.
type piece struct {
	time       event.Time
	stderr     bool
	partial    bool // the next line of its stream goes on with it
	stream     event.Value
	tag        event.Value // CRI only
	text       event.Value
	start, end int64
	branch     uint32 // tells the ids of joined lines apart
	flags      event.Flags
}

// join collects the pieces of one line of one stream. It belongs to the group,
// not to a file: a rotation may come between two pieces.
type join struct {
	open  bool
	holds []part     // the positions that wait for its end
	first *file      // where its first piece is
	start int64      // of that
	last  *file      // where the newest piece is
	end   int64      // of that
	time  event.Time // of the first piece
	seen  time.Time  // when the newest piece was read
	buf   []byte
	cut   int64 // bytes beyond max_line
}

// part is what of a join is in one file: that file's position waits at start.
type part struct {
	f     *file
	start int64
}

// hold makes f's position wait at start, or before.
func (j *join) hold(f *file, start int64) {
	for n := range j.holds {
		if h := &j.holds[n]; h.f == f {
			h.start = min(h.start, start)
			return
		}
	}
	j.holds = append(j.holds, part{f, start})
}

// keepRoom is how much of its room an empty join keeps.
const keepRoom = 64 << 10

func (j *join) add(f *file, p *piece, text []byte, room int, now time.Time) {
	if !j.open {
		j.open, j.first, j.start, j.time = true, f, p.start, p.time
	}
	j.hold(f, p.start)
	n := min(len(text), max(0, room-len(j.buf)))
	j.buf = append(j.buf, text[:n]...)
	j.cut += int64(len(text) - n)
	j.last, j.end, j.seen = f, p.end, now
}

// continues reports whether p can be the next piece. A late line in a file whose
// successor is being read is not, nor is a line older than the first piece.
func (j *join) continues(f *file, p *piece) bool {
	return j.last.seq <= f.seq && (p.time.Sec > j.time.Sec || p.time.Sec == j.time.Sec && p.time.Nsec >= j.time.Nsec)
}

func (j *join) reset() {
	buf := j.buf[:0]
	if cap(buf) > keepRoom {
		buf = nil
	}
	clear(j.holds)
	*j = join{buf: buf, holds: j.holds[:0]}
}

var streamNames = [...]string{"stdout", "stderr"}

func streamIndex(stderr bool) int {
	if stderr {
		return 1
	}
	return 0
}

// put makes a record of a line, or a piece of one.
func (r *reader) put(g *group, f *file, i *identity, p *piece) {
	k := streamIndex(p.stderr)
	j := &g.joins[k]
	if !p.partial && i.first[k] == 0 {
		i.complete(k, p.end)
	}
	if j.open && !j.continues(f, p) {
		if p.partial {
			p.flags |= event.Partial
		}
	} else if j.open || p.partial {
		j.add(f, p, r.batch.Bytes(p.text), r.maxLine, r.now)
		if p.partial {
			return
		}
		r.close(g, k, f, i, p)
		r.record(i, p)
		return
	}
	r.cut(p)
	r.record(i, p)
}

// close makes p, of file f, the whole of what the join of stream k collected,
// and ends the join. The id of a joined line has its start in it: should its
// pieces once be joined and once not, both stay.
//
// While the other stream has a line open, every position stays where it was
// before this line: a restart amid two interleaved lines would find the end of
// one without its beginning.
func (r *reader) close(g *group, k int, f *file, i *identity, p *piece) {
	j, other, start := &g.joins[k], &g.joins[1-k], p.start
	p.text = r.batch.Put(j.buf, event.Text)
	p.time = j.time
	p.branch = uint32(j.start) + 1
	if j.first == f {
		p.start = j.start
	}
	if j.cut > 0 {
		p.flags |= event.Truncated
		r.t.m.truncated.Add(float64(j.cut))
	}
	r.parts = append(r.parts[:0], j.holds...)
	j.reset()
	for _, part := range r.parts {
		switch {
		case other.open:
			other.hold(part.f, part.start)
		case part.f != f:
			r.link(g, part, i, p.end)
		}
	}
	if other.open {
		other.hold(f, start)
	}
}

// cut shortens a line that is too long.
func (r *reader) cut(p *piece) {
	if over := int(p.text.Len) - r.maxLine; over > 0 {
		p.text.Len = uint32(r.maxLine)
		p.flags |= event.Truncated
		r.t.m.truncated.Add(float64(over))
	}
}

// flush makes a record of a join whose end never came.
func (r *reader) flush(g *group, k int) (outcome, error) {
	if !r.admit(g) {
		return refused, nil
	}
	j := &g.joins[k]
	f := j.last
	i := f.ident.Load()
	r.begin(g, i, r.buf[:0])
	b := &r.batch
	p := piece{start: j.end, end: j.end, flags: event.Partial}
	p.stream = b.PutString(streamNames[k], event.Text)
	p.tag = b.PutString("P", event.Text)
	r.close(g, k, f, i, &p)
	r.record(i, &p)
	return atEnd, r.emit(g, f, i)
}

// flushLate emits joins whose rest did not come in time, or can come no more.
func (r *reader) flushLate(g *group) (outcome, error) {
	over := g.gone.Load() && len(g.snapshot(nil)) == 0
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
	return r.flushIf(g, func(k int, j *join) bool { return j.last.seq < f.seq && i.first[k] != 0 })
}

func (r *reader) flushIf(g *group, hopeless func(k int, j *join) bool) (outcome, error) {
	for k := range g.joins {
		if j := &g.joins[k]; j.open && hopeless(k, j) {
			if o, err := r.flush(g, k); o != atEnd || err != nil {
				return o, err
			}
		}
	}
	return atEnd, nil
}
