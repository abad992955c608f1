package tail

import (
	"slices"
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
	first      *file  // of a line of several pieces: where the first is
	origin     int64  // start of that
	branch     uint32 // tells the ids of joined lines apart
	weight     uint16 // lines in it
	flags      event.Flags
}

// join collects what becomes one record of one stream: the pieces of a line, or
// the lines of a stack trace. It belongs to the group, not to a file: a rotation
// may come in between.
type join struct {
	open   bool
	holds  []part // the positions that wait for its end
	first  *file  // where its first piece is
	start  int64  // of that
	last   *file  // where the newest piece is
	from   int64  // start of that
	end    int64  // of that
	time   event.Time
	began  time.Time // when the first piece was read
	seen   time.Time // when the newest piece was read
	buf    []byte
	cut    int64  // bytes beyond max_line
	lines  int    // of a trace
	branch uint32 // of a trace's first line
	flags  event.Flags
}

// joins are those of a group: of stdout and stderr each.
type joins struct {
	partials [2]join // lines whose end is still to come
	traces   [2]join // lines that may go on
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

// inherit makes the positions of others wait as well.
func (j *join) inherit(parts []part) {
	for _, p := range parts {
		j.hold(p.f, p.start)
	}
}

// held is where f's position waits, at most end.
func (j *join) held(f *file, end int64) int64 {
	for _, p := range j.holds { // none if it is not open
		if p.f == f {
			end = min(end, p.start)
		}
	}
	return end
}

// keepRoom is how much of its room an empty join keeps.
const keepRoom = 64 << 10

func (j *join) add(f *file, p *piece, text []byte, room int, now time.Time) {
	if !j.open {
		j.open, j.first, j.start, j.time, j.began = true, f, p.start, p.time, now
	}
	j.hold(f, p.start)
	n := min(len(text), max(0, room-len(j.buf)))
	j.buf = append(j.buf, text[:n]...)
	j.cut += int64(len(text) - n)
	j.last, j.from, j.end, j.seen = f, p.start, p.end, now
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

// put takes a line, or a piece of one, one stage on.
func (r *reader) put(g *group, f *file, i *identity, p *piece) {
	k := streamIndex(p.stderr)
	j := &g.partials[k]
	if !p.partial && i.first[k] == 0 {
		i.complete(k, p.end)
	}
	p.weight, r.parts = 1, r.parts[:0]
	if j.open && !j.continues(f, p) {
		if p.partial {
			p.flags |= event.Partial
		}
	} else if j.open || p.partial {
		j.add(f, p, r.batch.Bytes(p.text), r.maxLine, r.now)
		if p.partial {
			return
		}
		r.whole(j, f, p)
	}
	r.cut(p)
	r.step(g, k, f, i, p)
}

// whole makes p, of file f, the whole of what the join collected, and ends the
// join; its parts are the reader's then. The id of a joined line has its start
// in it: should its pieces once be joined and once not, both stay.
func (r *reader) whole(j *join, f *file, p *piece) {
	p.text = r.batch.Put(j.buf, event.Text)
	p.time, p.first, p.origin = j.time, j.first, j.start
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
}

// settle lets go of the positions that a record of stream k waited for, which is
// in the present batch, of file f. The batch's position will be at end or behind
// it.
//
// While the other stream has something open, every position stays where it was
// before this record: a restart amid two interleaved ones would find the end of
// one without its beginning. Streams whose records always overlap would hold it
// for ever so: behind MaxSpan bytes it moves, and a restart just then reads the
// rest of a record again, as another one.
func (r *reader) settle(g *group, k int, parts []part, f *file, i *identity, end int64) {
	// Where f was made to wait only for something of the other stream behind end,
	// its position may come to end before the record is answered for.
	together := slices.ContainsFunc(parts, func(p part) bool { return p.f == f && p.start < end })
	others := [...]*join{&g.partials[1-k], &g.traces[1-k]}
	for _, part := range parts {
		held := false
		far := f.off // since the position stands still in this file
		if part.f == f {
			far -= part.start
		}
		for _, other := range others {
			if other.open && far <= r.t.cfg.MaxSpan {
				other.hold(part.f, part.start)
				held = true
			}
		}
		if !held && part.f != f {
			r.link(g, part, i, end, together)
		}
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
