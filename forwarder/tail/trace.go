package tail

import (
	"fmt"
	"regexp"
	"strings"

	"sluice/event"
	"sluice/parser/multiline"
)

// rulesOf reads the setting multiline: auto, off, names of languages with
// commas between, or the pattern of a record's first line between slashes. nil
// stands for off.
func rulesOf(setting string) (*multiline.Rules, error) {
	if setting == "off" || setting == "" {
		return nil, nil
	}
	if n := len(setting); n > 1 && setting[0] == '/' && setting[n-1] == '/' {
		re, err := regexp.Compile(setting[1 : n-1])
		if err != nil {
			return nil, fmt.Errorf("inputs.containers: multiline %s is no pattern: %w", setting, err)
		}
		return multiline.FirstLine(re), nil
	}
	names := strings.FieldsFunc(setting, func(r rune) bool { return r == ',' || r == ' ' })
	rules, err := multiline.New(names...)
	if err != nil {
		return nil, fmt.Errorf("inputs.containers: multiline %q: %w; or off, or the pattern of a first line as /^\\d{4}-/", setting, err)
	}
	return rules, nil
}

// maxTraceLines bounds the lines of one record: its weight has 16 bits.
const maxTraceLines = 10_000

// step makes a record of a whole line, or adds it to a trace.
func (r *reader) step(g *group, k int, f *file, i *identity, p *piece) {
	t := &g.traces[k]
	step := multiline.Alone
	late := t.open && t.last.seq > f.seq
	if g.rules != nil && !late {
		step = g.rules.Next(&g.states[k], r.batch.Bytes(p.text))
	}
	r.ended = r.ended[:0]
	switch {
	case step == multiline.Alone:
		if t.open && !late {
			r.endTrace(g, k, f, 0)
		}
		r.record(i, p)
		r.settle(g, k, r.parts, f, i, p.end)
	case step == multiline.More && t.open && t.fits(p, r.maxLine):
		r.trace(t, f, p)
	default:
		if t.open {
			flags := event.Flags(0)
			if step == multiline.More { // it did not fit
				flags = event.Partial
			}
			r.endTrace(g, k, f, flags)
		}
		r.trace(t, f, p)    // before the other's positions are let go: it has some itself
		if p.first != nil { // it began before it ended the other: their positions move together
			t.inherit(r.ended)
			return
		}
	}
	r.settle(g, k, r.ended, f, i, p.start)
}

// fits reports whether a trace has room for another line.
func (j *join) fits(p *piece, room int) bool {
	return j.lines < maxTraceLines && len(j.buf)+1+int(p.text.Len) <= room
}

// trace adds a line to a trace, or begins one with it.
func (r *reader) trace(t *join, f *file, p *piece) {
	if t.open {
		t.buf = append(t.buf, '\n')
	} else {
		t.branch = p.branch
	}
	t.add(f, p, r.batch.Bytes(p.text), r.maxLine+1, r.now)
	t.inherit(r.parts)
	if t.lines == 0 && p.first != nil { // its first line began before the last piece of it
		t.first, t.start = p.first, p.origin
	}
	t.lines++
	t.flags |= p.flags
}

// endTrace makes a record of the trace of stream k, in the present batch, of f. What
// was one line after all is the record that it would have been without us.
func (r *reader) endTrace(g *group, k int, f *file, flags event.Flags) {
	t := &g.traces[k]
	i, b := t.last.ident.Load(), &r.batch
	p := piece{time: t.time, start: t.from, end: t.end, branch: t.branch, weight: uint16(t.lines), flags: t.flags | flags}
	if t.first == t.last {
		p.start = t.start
	}
	if t.lines > 1 {
		p.flags |= event.Multiline
		p.branch = uint32(t.start) + 1
	}
	p.stream = b.PutString(streamNames[k], event.Text)
	p.tag = b.PutString("F", event.Text)
	p.text = b.Put(t.buf, event.Text)
	r.record(i, &p)
	r.ended = append(r.ended[:0], t.holds...)
	if t.lines == 1 && t.branch == 0 && len(r.ended) == 1 && r.ended[0].f == f {
		r.ended = r.ended[:0] // one line is read again as a whole, or not at all
	}
	t.reset()
}
