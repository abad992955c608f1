package filter

import (
	"cmp"
	"slices"

	"sluice/event"
	"sluice/parser"
	"sluice/wire"
	"sluice/wire/quote"
)

// find notes the hits in a text, in order and none in another, and counts them.
func (r *Redact) find(p []byte, run *redactRun) bool {
	run.hits = run.hits[:0]
	for from := 0; ; {
		h, ok := r.built.next(p, from)
		if !ok {
			break
		}
		run.hits = append(run.hits, h)
		from = h.hi
	}
	for n, re := range r.patterns {
		for from := 0; from < len(p); {
			m, ok := re.Find(run.match[:0], p[from:])
			if run.match = m; !ok || m[1] == m[0] {
				break
			}
			run.hits = append(run.hits, hit{from + m[0], from + m[1], builtin + detector(n)})
			from += m[1]
		}
	}
	if len(run.hits) == 0 {
		return false
	}
	if len(r.patterns) > 0 {
		slices.SortStableFunc(run.hits, func(a, b hit) int { return cmp.Compare(a.lo, b.lo) })
		kept := run.hits[:1]
		for _, h := range run.hits[1:] {
			if h.lo >= kept[len(kept)-1].hi {
				kept = append(kept, h)
			}
		}
		run.hits = kept
	}
	for _, h := range run.hits {
		run.found[h.by]++
	}
	return true
}

// clean is the text p without the hits that find noted.
func (r *Redact) clean(p []byte, run *redactRun) []byte {
	out, from := run.clean[:0], 0
	for _, h := range run.hits {
		out = append(out, p[from:h.lo]...)
		out = r.replace(out, p, h, run)
		from = h.hi
	}
	run.clean = append(out, p[from:]...)
	return run.clean
}

// value looks at a value. found: something must not be seen in it, and clean is
// it without.
func (r *Redact) value(b *event.Batch, v event.Value, run *redactRun) (clean event.Value, found bool) {
	if v.Kind == event.Text {
		p := b.Bytes(v)
		if !r.find(p, run) {
			return v, false
		}
		return b.Put(r.clean(p, run), event.Text), true
	}
	if v.Kind == event.Msgp {
		if !r.inMsgp(b.Bytes(v), run) {
			return v, false
		}
		if v = asJSON(b, v); v.Kind == event.Text {
			return r.value(b, v, run)
		}
	}
	before := len(b.Arena)
	p := b.Bytes(v)
	if len(p) > 0 && p[0] != '{' && p[0] != '[' {
		return r.scalar(b, v, run)
	}
	out, found := r.appendClean(b.Arena, p, run)
	b.Arena = out
	if !found {
		b.Arena = b.Arena[:before]
		return v, false
	}
	return b.Since(before, event.JSON), true
}

// scalar looks at a JSON value that is no object or array; it becomes a text.
func (r *Redact) scalar(b *event.Batch, v event.Value, run *redactRun) (event.Value, bool) {
	p := b.Bytes(v)
	if p[0] == '"' {
		run.text, _ = parser.AppendUnquoted(run.text[:0], p)
		p = run.text
	}
	if !r.find(p, run) {
		return v, false
	}
	return b.Put(r.clean(p, run), event.Text), true
}

// appendClean appends the JSON value p without what must not be seen. Nothing
// is appended, and nothing copied, before the first hit.
func (r *Redact) appendClean(dst, p []byte, run *redactRun) (out []byte, found bool) {
	copied := 0
	for i := 0; i < len(p); {
		c := p[i]
		end := i + 1
		switch {
		case c == '"':
			var escaped bool
			if end, escaped = parser.ScanString(p, i); end < 0 {
				return dst, false
			}
			if end < len(p) && colonFollows(p, end) { // a name
				break
			}
			text := p[i+1 : end-1]
			if escaped {
				run.text, _ = parser.AppendUnquoted(run.text[:0], p[i:end])
				text = run.text
			}
			if r.find(text, run) {
				dst = r.appendInstead(append(dst, p[copied:i]...), text, run)
				copied, found = end, true
			}
		case c == '-' || classes[c]&isDigit != 0:
			for end < len(p) && (classes[p[end]]&isDigit != 0 || p[end] == '.' || p[end] == '-' || p[end] == '+' || p[end]|0x20 == 'e') {
				end++
			}
			if r.find(p[i:end], run) {
				dst = r.appendInstead(append(dst, p[copied:i]...), p[i:end], run)
				copied, found = end, true
			}
		}
		i = end
	}
	if !found {
		return dst, false
	}
	return append(dst, p[copied:]...), true
}

// appendInstead appends what stands for a value within an object or array.
func (r *Redact) appendInstead(dst, text []byte, run *redactRun) []byte {
	if r.cfg.Action == "drop" {
		return append(dst, "null"...)
	}
	return quote.Append(dst, r.clean(text, run))
}

func colonFollows(p []byte, i int) bool {
	for i < len(p) && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n' || p[i] == '\r') {
		i++
	}
	return i < len(p) && p[i] == ':'
}

// inMsgp looks for a hit in a msgpack value, its counts not kept: what is found
// is looked for again in its JSON. Names are looked at, too, which costs time
// but changes nothing.
func (r *Redact) inMsgp(p []byte, run *redactRun) (found bool) {
	for at := 0; at < len(p) && !found; {
		h, err := wire.Head(p[at:])
		if err != nil {
			return false
		}
		end := min(at+h.Head+h.Body, len(p))
		switch h.Type {
		case wire.Str, wire.Bin:
			found = r.find(p[min(at+h.Head, end):end], run)
		case wire.Int:
			run.text = wire.ToText(run.text[:0], p[at:end])
			found = r.find(run.text, run)
		}
		at = end
	}
	if found {
		for _, h := range run.hits {
			run.found[h.by]--
		}
	}
	return found
}
