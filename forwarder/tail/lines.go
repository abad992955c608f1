package tail

import (
	"bytes"
	"time"

	"sluice/event"
	"sluice/parser"
)

// headRoom is what may stand in front of a line's text: a long line is kept
// with it.
const headRoom = 256

// keys are the fields' names, interned in the batch.
type keys struct{ stream, logtag, message, log uint16 }

// begin empties the batch for what was read from i's file.
func (r *reader) begin(g *group, i *identity, arena []byte) {
	b := &r.batch
	b.Reset(arena)
	b.Stream, b.Tag, b.Shared = event.StreamID(i.stream.ID()), g.tag, g.pod.Fragment()
	b.Read = time.Now().UnixNano()
	r.heed(g, b.Shared)
	r.keys = keys{b.KeyString("stream"), b.KeyString("logtag"), b.KeyString("message"), b.KeyString("log")}
	r.links, r.taken = r.links[:0], 0
}

// lines takes the complete lines of the batch's arena, which begins at f.off;
// f.off moves behind them. full says that the read took all it could: what it
// holds without a newline is then part of a long line. capped says that the
// batch is full with lines left.
func (r *reader) lines(g *group, f *file, i *identity, full bool) (capped bool) {
	b, p, n := &r.batch, 0, len(r.batch.Arena)
	if f.long != nil {
		if p = r.longer(g, f, i); p == 0 {
			return false
		}
	}
	for p < n {
		if len(b.Recs) >= maxRecords {
			return true
		}
		eol := bytes.IndexByte(b.Arena[p:n], '\n')
		if eol < 0 {
			if p == 0 && full {
				f.long = &long{start: f.off}
				r.longer(g, f, i)
			}
			return false
		}
		start := f.off
		f.off += int64(eol) + 1
		r.line(g, f, i, p, p+eol, start, 0)
		p += eol + 1
	}
	return false
}

// longer goes on with a long line and returns how many bytes of the arena end
// it with its newline, 0 if it does not end there.
func (r *reader) longer(g *group, f *file, i *identity) int {
	arena := r.batch.Arena
	room := r.maxLine + headRoom
	eol := bytes.IndexByte(arena, '\n')
	if eol < 0 {
		f.long.add(arena, room)
		f.off += int64(len(arena))
		return 0
	}
	f.long.add(arena[:eol], room)
	f.off += int64(eol) + 1
	r.endLong(g, f, i, 0)
	return eol + 1
}

// endLong makes a record of the long line, whose end is f.off.
func (r *reader) endLong(g *group, f *file, i *identity, flags event.Flags) {
	l := f.long
	f.long = nil
	if l.cut > 0 {
		flags |= event.Truncated
		r.t.m.truncated.Add(float64(l.cut))
	}
	v := r.batch.Put(l.buf, event.Text)
	r.line(g, f, i, int(v.Off), int(v.Off+v.Len), l.start, flags)
}

// line parses arena[lo:hi], a line without its newline that stands in the file
// from start to f.off.
func (r *reader) line(g *group, f *file, i *identity, lo, hi int, start int64, flags event.Flags) {
	r.taken++
	if r.decode != nil {
		v := r.batch.Put(r.decode.line(r.batch.Arena[lo:hi]), event.Text)
		lo, hi = int(v.Off), int(v.Off+v.Len)
	}
	line := r.batch.Arena[lo:hi]
	p := piece{start: start, end: f.off, flags: flags}
	switch i.format {
	case cri:
		if l, ok := parser.CRI(line); ok {
			p.time, p.stderr, p.partial = l.Time, l.Stderr, l.Partial
			p.stream = text(lo+l.Stream, lo+l.Stream+parser.CRIStreamLen)
			p.tag = text(lo+l.Tag, lo+l.TagEnd)
			p.text = text(lo+l.Message, hi)
			r.put(g, f, i, &p)
			return
		}
	case docker:
		if l, ok := parser.Docker(line); ok {
			p.time, p.stderr, p.partial = l.Time, l.Stderr, l.Partial
			p.stream = text(lo+l.Stream, lo+l.StreamEnd)
			p.text = text(lo+l.Log, lo+l.LogEnd)
			r.put(g, f, i, &p)
			return
		}
	}
	p.text = text(lo, hi)
	if i.format == raw {
		r.put(g, f, i, &p)
		return
	}
	p.weight = 1
	r.cut(&p)
	r.t.m.unparsed.Inc()
	r.plain(i, &p)
}

func text(lo, hi int) event.Value {
	return event.Value{Off: uint32(lo), Len: uint32(hi - lo), Kind: event.Text}
}

// record appends a record with the fields that the file's format has, in the
// order of the line.
func (r *reader) record(i *identity, p *piece) {
	if i.format == raw {
		r.plain(i, p)
		return
	}
	b, key := &r.batch, i.key
	key.Lo ^= uint64(p.branch) << 32
	rec := event.Record{
		Time: p.time, ID: event.MakeID(p.time.Millis(), key, uint64(p.end)),
		Pos: p.start, Weight: p.weight, Flags: p.flags, Field0: uint32(len(b.Fields)),
	}
	if i.format == cri {
		rec.NField = 3
		b.Fields = append(b.Fields, event.Field{Key: r.keys.stream, Val: p.stream},
			event.Field{Key: r.keys.logtag, Val: p.tag}, event.Field{Key: r.keys.message, Val: p.text})
	} else {
		rec.NField = 2
		b.Fields = append(b.Fields, event.Field{Key: r.keys.log, Val: p.text}, event.Field{Key: r.keys.stream, Val: p.stream})
	}
	b.Recs = append(b.Recs, rec)
}

// plain appends a record of a line without a format. Its own time is unknown;
// the id takes the file's, which stays the same however often it is read.
func (r *reader) plain(i *identity, p *piece) {
	b, key := &r.batch, i.key
	key.Lo ^= uint64(p.branch) << 32
	b.Begin(event.Record{ID: event.MakeID(i.born, key, uint64(p.end)), Pos: p.start, Weight: p.weight, Flags: p.flags})
	b.Add(r.keys.message, p.text)
}
