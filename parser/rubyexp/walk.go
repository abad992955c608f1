package rubyexp

import (
	"bytes"
	"regexp/syntax"
	"sync"
	"unicode/utf8"
)

// scratch is kept between walks.
type scratch struct{ pool sync.Pool } // of *walk

// walk is one search through one text.
type walk struct {
	p     []byte
	caps  []int
	stack []frame
	ways  int // frames that are not wayRestore
	left  int // steps that may still be taken
}

// way is a kind of frame.
type way uint8

const (
	wayRestore way = iota // caps[a] was b
	wayOther              // at pc, place a
	wayLess               // the loop at pc may give back from b to a
	wayMore               // the loop at pc may take more from b on
)

// frame is another way to go on, or a noted place to restore.
type frame struct {
	way   way
	pc    int
	a, b  int
	spare int // of wayMore: characters it may still take; below 0: any number
}

// find walks the text. Its steps are limited to a multiple of the text's
// length: done is false where they did not suffice, or where the text is not
// UTF-8, and then the linear engine decides.
func (p *program) find(dst []int, text []byte) (match []int, found, done bool) {
	return p.search(dst, text, true)
}

// match is find for who does not ask where.
func (p *program) match(text []byte) (found, done bool) {
	_, found, done = p.search(nil, text, false)
	return found, done
}

func (p *program) search(dst []int, text []byte, where bool) (match []int, found, done bool) {
	if !utf8.Valid(text) {
		return dst, false, false
	}
	w, _ := p.pool.Get().(*walk)
	if w == nil {
		w = &walk{caps: make([]int, p.caps)}
	}
	w.p, w.left = text, 20*len(text)+50*len(p.insts)
	for at := p.start(text, 0); at >= 0 && w.left > 0; at = p.start(text, at+1) {
		for i := range w.caps {
			w.caps[i] = -1
		}
		if found = w.run(p.insts, at); found {
			if where {
				dst = append(dst, w.caps...)
			}
			break
		}
	}
	done = found || w.left > 0
	w.p, w.stack = nil, w.stack[:0]
	p.pool.Put(w)
	return dst, found, done
}

// start is the next place from i on where a match may begin, -1 if there is
// none.
func (p *program) start(text []byte, i int) int {
	switch {
	case i > len(text) || p.anchor && i > 0:
		return -1
	case p.line && i > 0:
		n := bytes.IndexByte(text[i-1:], '\n')
		if n < 0 {
			return -1
		}
		return i + n
	case p.prefix != "":
		n := bytes.Index(text[i:], []byte(p.prefix))
		if n < 0 {
			return -1
		}
		return i + n
	}
	for i < len(text) && !utf8.RuneStart(text[i]) {
		i++
	}
	return i
}

// run tries to match from place i on.
func (w *walk) run(insts []inst, i int) bool {
	w.stack, w.ways = w.stack[:0], 0
	pc := 0
	for w.left > 0 {
		w.left--
		in := &insts[pc]
		ok := true
		switch in.op {
		case opText:
			if ok = len(w.p)-i >= len(in.text) && string(w.p[i:i+len(in.text)]) == in.text; ok {
				i += len(in.text)
			}
		case opSet:
			n := w.one(in.set, i)
			ok = n > 0
			i += n
		case opLoop:
			i, ok = w.loop(in, pc, i)
		case opSplit:
			switch {
			case !in.here.permits(w.p, i):
				pc = in.to - 1
			case in.there.permits(w.p, i):
				w.push(frame{way: wayOther, pc: in.to, a: i})
			}
		case opJump:
			pc = in.to - 1
		case opCap:
			if w.ways > 0 { // else nobody comes back to this
				w.stack = append(w.stack, frame{a: in.n, b: w.caps[in.n]})
			}
			w.caps[in.n] = i
		case opAssert:
			ok = w.holds(in.empty, i)
		case opMatch:
			return true
		}
		if ok {
			pc++
			continue
		}
		if pc, i = w.back(insts); pc < 0 {
			return false
		}
	}
	return false
}

func (w *walk) push(f frame) {
	w.stack = append(w.stack, f)
	w.ways++
}

// one is the length of the character at i if the set has it, else 0.
func (w *walk) one(s *set, i int) int {
	if i == len(w.p) {
		return 0
	}
	if c := w.p[i]; c < utf8.RuneSelf {
		if s.has(c) {
			return 1
		}
		return 0
	}
	r, n := utf8.DecodeRune(w.p[i:])
	if !s.hasRune(r) {
		return 0
	}
	return n
}

// loop takes as many characters as it may, or as few, and notes the others.
func (w *walk) loop(in *inst, pc, i int) (end int, ok bool) {
	if in.set.bytes != nil && in.max < 0 && in.min <= 1 && !in.lazy {
		return w.plainLoop(in, pc, i)
	}
	from, count := i, 0
	least := i
	for in.max < 0 || count < in.max {
		if count == in.min {
			least = i
			if in.lazy {
				break
			}
		}
		n := w.one(in.set, i)
		if n == 0 {
			break
		}
		i += n
		count++
	}
	if count == in.min {
		least = i
	}
	w.left -= (i - from) / 8
	if count < in.min {
		return i, false
	}
	switch {
	case in.lazy:
		spare := -1
		if in.max >= 0 {
			spare = in.max - count
		}
		w.push(frame{way: wayMore, pc: pc, b: i, spare: spare})
	case !in.sure && i > least:
		w.push(frame{way: wayLess, pc: pc, a: least, b: i})
	}
	return i, true
}

// plainLoop is loop for the usual one: x* or x+ of what bytes tell.
func (w *walk) plainLoop(in *inst, pc, i int) (end int, ok bool) {
	p, bytes := w.p, in.set.bytes
	for end = i; end < len(p) && bytes[p[end]]; {
		end++
	}
	w.left -= (end - i) / 8
	least := i
	if in.min == 1 {
		if end == i {
			return i, false
		}
		for least++; least < len(p) && !utf8.RuneStart(p[least]); {
			least++
		}
	}
	if !in.sure && end > least {
		w.push(frame{way: wayLess, pc: pc, a: least, b: end})
	}
	return end, true
}

// back takes up the last other way. pc is -1 if there is none.
func (w *walk) back(insts []inst) (pc, i int) {
	for len(w.stack) > 0 {
		top := len(w.stack) - 1
		f := &w.stack[top]
		switch f.way {
		case wayRestore:
			w.caps[f.a] = f.b
			w.stack = w.stack[:top]
			continue
		case wayOther:
			pc, i = f.pc, f.a
			w.stack = w.stack[:top]
			w.ways--
			return pc, i
		case wayMore:
			pc, i = w.more(f, &insts[f.pc])
		case wayLess:
			pc, i = w.less(f, &insts[f.pc])
		}
		if pc < 0 {
			w.stack = w.stack[:top]
			w.ways--
			w.left--
			continue
		}
		return pc, i
	}
	return -1, 0
}

// less lets a greedy loop give a character back.
func (w *walk) less(f *frame, in *inst) (pc, i int) {
	if f.b <= f.a {
		return -1, 0
	}
	i = f.b - 1
	if in.next >= 0 {
		n := bytes.LastIndexByte(w.p[f.a:f.b], byte(in.next))
		if n < 0 {
			return -1, 0
		}
		i = f.a + n
	}
	for !utf8.RuneStart(w.p[i]) {
		i--
	}
	w.left -= (f.b - i) / 8
	f.b = i
	return f.pc + 1, i
}

// more lets a lazy loop take a character more.
func (w *walk) more(f *frame, in *inst) (pc, i int) {
	i = f.b
	for f.spare != 0 {
		n := w.one(in.set, i)
		if n == 0 {
			return -1, 0
		}
		i += n
		f.spare--
		if in.next < 0 || i < len(w.p) && w.p[i] == byte(in.next) {
			w.left -= (i - f.b) / 8
			f.b = i
			return f.pc + 1, i
		}
	}
	return -1, 0
}

func (w *walk) holds(empty syntax.EmptyOp, i int) bool {
	switch empty {
	case syntax.EmptyBeginLine:
		return i == 0 || w.p[i-1] == '\n'
	case syntax.EmptyEndLine:
		return i == len(w.p) || w.p[i] == '\n'
	case syntax.EmptyBeginText:
		return i == 0
	case syntax.EmptyEndText:
		return i == len(w.p)
	}
	before := i > 0 && word(w.p[i-1])
	after := i < len(w.p) && word(w.p[i])
	return (before != after) == (empty == syntax.EmptyWordBoundary)
}

func word(c byte) bool { return alnum(c) || c == '_' }
