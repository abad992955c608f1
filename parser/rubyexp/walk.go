package rubyexp

import (
	"bytes"
	"regexp/syntax"
	"unicode/utf8"
)

// walk is one search through one text.
type walk struct {
	p       []byte
	places  []int // nil: nobody asks where, nor which of several matches it is
	choices []choice
	noted   []note
	left    int // steps that may still be taken
}

// choice is where the walk may go on in another way: at a split, or with
// another end, from lo to hi, of a loop.
type choice struct {
	pc, noted int // the instruction, and how much was noted before
	lo, hi    int
}

// note is what a place was before it was noted anew.
type note struct{ n, was int }

// find walks the text. Its steps are limited to a multiple of the text's
// length: done is false where they did not suffice, or where the text is not
// UTF-8, and then the linear engine decides.
func (p *program) find(dst []int, text []byte) (match []int, found, done bool) {
	n := len(dst)
	for range p.places {
		dst = append(dst, -1)
	}
	if found, done = p.search(dst[n:], text); !found {
		dst = dst[:n]
	}
	return dst, found, done
}

// match is find for who does not ask where.
func (p *program) match(text []byte) (found, done bool) { return p.search(nil, text) }

func (p *program) search(places []int, text []byte) (found, done bool) {
	if !bytes.Contains(text, p.must) {
		return false, true
	}
	if !utf8.Valid(text) {
		return false, false
	}
	w, _ := p.pool.Get().(*walk)
	if w == nil {
		w = &walk{}
	}
	w.p, w.places, w.left = text, places, 20*len(text)+50*len(p.insts)
	for at := p.start(text, 0); at >= 0 && w.left > 0; at = p.start(text, at+1) {
		if end := w.run(p.insts, at); end >= 0 {
			found = true
			if places != nil {
				places[0], places[1] = at, end
			}
			break
		}
		w.left--
	}
	done = found || w.left > 0
	w.p, w.places = nil, nil
	p.pool.Put(w)
	return found, done
}

// start is the next place from i on where a match may begin, -1 if there is
// none.
func (p *program) start(text []byte, i int) int {
	if i > len(text) || p.anchor && i > 0 {
		return -1
	}
	if p.line && i > 0 {
		n := bytes.IndexByte(text[i-1:], '\n')
		if n < 0 {
			return -1
		}
		return i + n
	}
	if len(p.prefix) > 0 {
		n := bytes.Index(text[i:], p.prefix)
		if n < 0 {
			return -1
		}
		return i + n
	}
	return p.first.first(text, i, len(text))
}

// run tries to match from place i on; it returns where the match ends, -1: there
// is none.
func (w *walk) run(insts []inst, i int) int {
	w.choices, w.noted = w.choices[:0], w.noted[:0]
	for n := range w.places {
		w.places[n] = -1
	}
	for pc := 0; w.left > 0; pc++ {
		w.left--
		switch in := &insts[pc]; in.op {
		case opText:
			if bytes.HasPrefix(w.p[i:], in.text) {
				i += len(in.text)
				continue
			}
		case opSet:
			if n := in.set.one(w.p, i); n > 0 {
				i += n
				continue
			}
		case opLoop:
			if end := w.loop(in, pc, i); end >= 0 {
				i = end
				continue
			}
		case opSplit:
			if !in.here.permits(w.p, i) {
				pc = in.to - 1
			} else if in.there.permits(w.p, i) {
				w.choices = append(w.choices, choice{pc: pc, noted: len(w.noted), lo: i})
			}
			continue
		case opJump:
			pc = in.to - 1
			continue
		case opCap:
			w.note(in.n, i)
			continue
		case opAssert:
			if holds(w.p, in.empty, i) {
				continue
			}
		case opMatch:
			return i
		}
		if pc, i = w.back(insts); i < 0 {
			return -1
		}
	}
	return -1
}

// note notes place i as the n-th.
func (w *walk) note(n, i int) {
	if w.places == nil {
		return
	}
	if len(w.choices) > 0 { // else nobody comes back to before this
		w.noted = append(w.noted, note{n, w.places[n]})
	}
	w.places[n] = i
}

// loop takes the loop's characters and returns where it ends; -1: there are not
// enough.
func (w *walk) loop(in *inst, pc, i int) int {
	lo := i
	for range in.min {
		n := in.set.one(w.p, lo)
		if n == 0 {
			return -1
		}
		lo += n
	}
	hi := lo
	if in.max < 0 {
		hi = in.set.end(w.p, lo)
	} else {
		for range in.max - in.min {
			hi += in.set.one(w.p, hi)
		}
	}
	w.left -= (hi - i) / 8
	if in.n > 0 {
		w.note(2*in.n, i)
	}
	if !in.sure {
		return w.choose(in, pc, lo, hi)
	}
	if in.n > 0 {
		w.note(2*in.n+1, hi)
	}
	return hi
}

// choose ends the loop at one of the places from lo to hi: the last where what
// comes may follow, or the first if it is lazy. The others are a choice. -1:
// there is no such place.
func (w *walk) choose(in *inst, pc, lo, hi int) (end int) {
	c := choice{pc: pc, noted: len(w.noted), lo: lo, hi: hi}
	if in.lazy || w.places == nil {
		end = in.here.first(w.p, lo, hi)
		c.lo = end + 1
	} else {
		end = in.here.last(w.p, lo, hi)
		c.hi = end - 1
	}
	if end < 0 {
		w.left -= (hi - lo) / 8
		return -1
	}
	w.left -= (hi - lo - (c.hi - c.lo)) / 8
	if c.lo <= c.hi {
		w.choices = append(w.choices, c)
	}
	if in.n > 0 {
		w.note(2*in.n+1, end)
	}
	return end
}

// back takes up the last choice and returns behind which instruction it goes
// on, and where; -1: there is none.
func (w *walk) back(insts []inst) (pc, i int) {
	for len(w.choices) > 0 {
		c := w.choices[len(w.choices)-1]
		w.choices = w.choices[:len(w.choices)-1]
		for n := len(w.noted) - 1; n >= c.noted; n-- {
			w.places[w.noted[n].n] = w.noted[n].was
		}
		w.noted = w.noted[:c.noted]
		in := &insts[c.pc]
		if in.op == opSplit {
			return in.to - 1, c.lo
		}
		if i := w.choose(in, c.pc, c.lo, c.hi); i >= 0 {
			return c.pc, i
		}
		w.left--
	}
	return -1, -1
}

func holds(p []byte, empty syntax.EmptyOp, i int) bool {
	switch empty {
	case syntax.EmptyBeginLine:
		return i == 0 || p[i-1] == '\n'
	case syntax.EmptyEndLine:
		return i == len(p) || p[i] == '\n'
	case syntax.EmptyBeginText:
		return i == 0
	case syntax.EmptyEndText:
		return i == len(p)
	}
	before := i > 0 && word(p[i-1])
	after := i < len(p) && word(p[i])
	return (before != after) == (empty == syntax.EmptyWordBoundary)
}

func word(c byte) bool { return alnum(c) || c == '_' }
