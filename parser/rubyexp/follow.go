package rubyexp

import "regexp/syntax"

// prepare finds what makes the walk fast: how a match begins, and which loops
// never have to give back what they took.
func (p *program) prepare() {
	for _, in := range p.insts[1:] {
		if in.op == opCap {
			continue
		}
		switch {
		case in.op == opAssert && in.empty == syntax.EmptyBeginText:
			p.anchor = true
		case in.op == opAssert && in.empty == syntax.EmptyBeginLine:
			p.line = true
		case in.op == opText:
			p.prefix = in.text
		}
		break
	}
	for i := range p.insts {
		in := &p.insts[i]
		if in.op == opSplit {
			in.here, in.there = p.ahead(i+1), p.ahead(in.to)
		}
		if in.op != opLoop {
			continue
		}
		in.set.prepare()
		f := follow{p: p}
		f.at(i+1, 0)
		in.sure = !in.lazy && !f.any && !f.set.meets(in.set)
		in.next = -1
		if !f.any && !f.end && len(f.set.runes) == 0 {
			in.next = f.single()
		}
	}
}

// ahead is which bytes may come next.
type ahead struct {
	always bool // whatever comes, and also at the text's end
	bytes  [256]bool
}

func (p *program) ahead(pc int) *ahead {
	f := follow{p: p}
	f.at(pc, 0)
	a := &ahead{always: f.any || f.end}
	for c := range 256 {
		a.bytes[c] = c < 0x80 && f.set.has(byte(c)) || c >= 0x80 && len(f.set.runes) > 0
	}
	return a
}

// permits reports whether what comes at p[i] may follow.
func (a *ahead) permits(p []byte, i int) bool {
	return a.always || i < len(p) && a.bytes[p[i]]
}

// follow is which characters may come next.
type follow struct {
	p   *program
	set set
	any bool // every character, or it is not known
	end bool // also none: the match may end there
}

func (f *follow) at(pc, depth int) {
	if depth > 50 {
		f.any = true
	}
	for !f.any {
		in := &f.p.insts[pc]
		switch in.op {
		case opText:
			if c := in.text[0]; c < 0x80 {
				f.set.ascii[c>>5] |= 1 << (c & 31)
			} else {
				f.set.runes = append(f.set.runes, 0x80, 0x10ffff)
			}
			return
		case opSet, opLoop:
			for i := range f.set.ascii {
				f.set.ascii[i] |= in.set.ascii[i]
			}
			f.set.runes = append(f.set.runes, in.set.runes...)
			if in.op == opSet || in.min > 0 {
				return
			}
		case opSplit:
			f.at(in.to, depth+1)
		case opJump:
			pc = in.to - 1
		case opAssert:
			switch in.empty {
			case syntax.EmptyEndText:
				f.end = true
				return
			case syntax.EmptyEndLine:
				f.end = true
				f.set.ascii[0] |= 1 << '\n'
				return
			default:
				f.any = true
			}
		case opMatch:
			f.end = true
			return
		}
		pc++
		depth++
		f.any = f.any || depth > 200
	}
}

// single is the only character of the set, -1 if there are several or none.
func (f *follow) single() int {
	found := -1
	for c := range 128 {
		if f.set.has(byte(c)) {
			if found >= 0 {
				return -1
			}
			found = c
		}
	}
	return found
}
