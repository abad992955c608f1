package rubyexp

import (
	"bytes"
	"regexp/syntax"
)

// ahead is what may come next.
type ahead struct {
	bytes [256]bool // the first bytes of the characters that may; none of the others of a character
	end   bool      // the text's end may
	match bool      // the match may end here, whatever comes
	text  []byte    // it must be this; empty: there are several
}

// ahead finds what may come next at the instruction pc.
func (p *program) ahead(pc int) *ahead {
	a := &ahead{}
	p.follow(a, pc, make([]bool, len(p.insts)))
	if in := p.insts[p.visible(pc)]; in.op == opText {
		a.text = in.text
	}
	for c := 0x80; c < 0xc0; c++ {
		a.bytes[c] = false
	}
	return a
}

func (p *program) follow(a *ahead, pc int, seen []bool) {
	for ; !seen[pc]; pc++ {
		seen[pc] = true
		switch in := &p.insts[pc]; in.op {
		case opText:
			a.bytes[in.text[0]] = true
			return
		case opSet, opLoop:
			for c, has := range in.set.bytes {
				a.bytes[c] = a.bytes[c] || has
			}
			if in.op == opSet || in.min > 0 {
				return
			}
		case opSplit:
			p.follow(a, in.to, seen)
		case opJump:
			p.follow(a, in.to, seen)
			return
		case opAssert: // behind those that are not here comes what comes without them
			switch in.empty {
			case syntax.EmptyEndText:
				a.end = true
				return
			case syntax.EmptyEndLine:
				a.end, a.bytes['\n'] = true, true
				return
			}
		case opMatch:
			a.match, a.end = true, true
			for c := range a.bytes {
				a.bytes[c] = true
			}
			return
		}
	}
}

// meets reports whether a character of the set may come; of those beyond ASCII
// it only asks whether both have any.
func (a *ahead) meets(s *set) bool {
	for c, has := range s.bytes {
		if has && a.bytes[c] {
			return true
		}
	}
	return false
}

// permits reports whether what comes at p[i] may.
func (a *ahead) permits(p []byte, i int) bool {
	if i == len(p) {
		return a.end
	}
	return a.bytes[p[i]]
}

// first is the first place from lo to hi where what comes may; -1: there is
// none.
func (a *ahead) first(p []byte, lo, hi int) int {
	if len(a.text) > 0 {
		if n := bytes.Index(p[lo:min(hi+len(a.text), len(p))], a.text); n >= 0 {
			return lo + n
		}
		return -1
	}
	for ; lo <= hi; lo++ {
		if a.permits(p, lo) {
			return lo
		}
	}
	return -1
}

// last is the last place from lo to hi where what comes may; -1: there is none.
func (a *ahead) last(p []byte, lo, hi int) int {
	if len(a.text) == 0 {
		for ; hi >= lo; hi-- {
			if a.permits(p, hi) {
				return hi
			}
		}
		return -1
	}
	for end := min(hi+1, len(p)); ; {
		n := bytes.LastIndexByte(p[lo:end], a.text[0])
		if n < 0 {
			return -1
		}
		if end = lo + n; bytes.HasPrefix(p[end:], a.text) {
			return end
		}
	}
}
