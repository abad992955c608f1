package rubyexp

import (
	"regexp/syntax"
	"sync"
)

// code is what one instruction does.
type code uint8

const (
	opText   code = iota // the bytes of text
	opSet                // one character of set
	opLoop               // min to max characters of set
	opSplit              // goes on at the next instruction, or else at to
	opJump               // goes on at to
	opCap                // notes the place as the n-th
	opAssert             // an empty-width condition
	opMatch
)

type inst struct {
	op       code
	lazy     bool // of opLoop: as few as possible
	sure     bool // of opLoop: it ends where no more of its characters come, or nothing matches
	n        int  // of opCap; of opLoop: the group that has it alone, 0: none
	to       int
	min, max int // max -1: any number
	text     []byte
	set      *set
	empty    syntax.EmptyOp

	here, there *ahead // of opSplit: what may follow at the next instruction, and at to; of opLoop: what may follow it
}

// program is an expression as instructions for a backtracking walk. It is made
// only where such a walk is the same as the linear one, and gives up where it
// would not be linear, see search.
type program struct {
	insts  []inst
	places int       // to note
	anchor bool      // begins with \A
	line   bool      // begins with ^
	prefix []byte    // every match begins with it
	must   []byte    // every match has it
	first  *ahead    // what a match may begin with
	pool   sync.Pool // of *walk
}

// prepare finds what makes the walk fast: how a match begins, what it has, and
// which loops never have to give back what they took.
func (p *program) prepare() {
	p.first = p.ahead(0)
	switch in := p.insts[p.visible(0)]; {
	case in.op == opAssert && in.empty == syntax.EmptyBeginText:
		p.anchor = true
	case in.op == opAssert && in.empty == syntax.EmptyBeginLine:
		p.line = true
	case in.op == opText:
		p.prefix = in.text
	}
	certain := 0 // the next instruction that no way leads around
	for i := range p.insts {
		in := &p.insts[i]
		switch in.op {
		case opText:
			if i >= certain && len(in.text) > len(p.must) {
				p.must = in.text
			}
		case opSplit:
			in.here, in.there = p.ahead(i+1), p.ahead(in.to)
			certain = max(certain, in.to)
		case opJump:
			certain = max(certain, in.to)
		case opLoop:
			in.here = p.ahead(i + 1)
			in.sure = !in.here.meets(in.set) && !(in.lazy && in.here.match)
		}
	}
	if p.anchor || p.line || len(p.prefix) > 0 { // there are few places to begin at
		p.must = p.prefix
	}
}

// visible is the first instruction from pc on that does more than to note a
// place.
func (p *program) visible(pc int) int {
	for p.insts[pc].op == opCap {
		pc++
	}
	return pc
}
