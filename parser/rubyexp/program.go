package rubyexp

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
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
	sure     bool // of opLoop: fewer than possible would never match
	next     int  // of opLoop: the only byte that may follow; -1: several
	n        int  // of opCap
	to       int
	min, max int // max -1: any number
	text     string
	set      *set
	empty    syntax.EmptyOp

	here, there *ahead // of opSplit: what may follow at the next instruction, and at to
}

// set is a set of characters.
type set struct {
	ascii [4]uint32
	all   bool   // every character beyond ASCII
	runes []rune // pairs: the others beyond ASCII
	// bytes has the bytes of the set's characters where that is all there is to
	// know: where it has every character beyond ASCII, or none. Else it is nil.
	bytes *[256]bool
}

// prepare fills bytes.
func (s *set) prepare() {
	if len(s.runes) > 0 && !s.all {
		return
	}
	s.bytes = new([256]bool)
	for c := range 256 {
		s.bytes[c] = c < utf8.RuneSelf && s.has(byte(c)) || c >= utf8.RuneSelf && s.all
	}
}

func (s *set) has(c byte) bool { return s.ascii[c>>5&3]>>(c&31)&1 != 0 }

func (s *set) hasRune(r rune) bool {
	if s.all {
		return true
	}
	for i := 0; i+1 < len(s.runes); i += 2 {
		if r >= s.runes[i] && r <= s.runes[i+1] {
			return true
		}
	}
	return false
}

func (s *set) add(lo, hi rune) {
	for r := lo; r <= hi && r < utf8.RuneSelf; r++ {
		s.ascii[r>>5] |= 1 << (r & 31)
	}
	if hi < utf8.RuneSelf {
		return
	}
	lo = max(lo, utf8.RuneSelf)
	if lo == utf8.RuneSelf && hi == unicode.MaxRune {
		s.all = true
	}
	s.runes = append(s.runes, lo, hi)
}

// meets reports whether both sets may have a character in common; of those
// beyond ASCII it only asks whether both have any.
func (s *set) meets(o *set) bool {
	for i := range s.ascii {
		if s.ascii[i]&o.ascii[i] != 0 {
			return true
		}
	}
	return len(s.runes) > 0 && len(o.runes) > 0
}

// program is an expression as instructions for a backtracking walk. It is made
// only where such a walk is the same as the linear one, and gives up where it
// would not be linear, see find.
type program struct {
	insts  []inst
	caps   int    // places to note
	anchor bool   // begins with \A
	line   bool   // begins with ^
	prefix string // every match begins with
	scratch
}

const maxInsts = 2000

// compile returns nil for what is not of the usual kind.
func compile(expression string) *program {
	re, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	c := &compiler{}
	c.emit(inst{op: opCap, n: 0})
	if !c.tree(re) {
		return nil
	}
	c.emit(inst{op: opCap, n: 1})
	c.emit(inst{op: opMatch})
	p := &program{insts: c.insts, caps: 2 * (re.MaxCap() + 1)}
	p.prepare()
	return p
}

type compiler struct{ insts []inst }

func (c *compiler) emit(i inst) int {
	c.insts = append(c.insts, i)
	return len(c.insts) - 1
}

// tree writes the instructions of re; false: it is not of the usual kind.
func (c *compiler) tree(re *syntax.Regexp) bool {
	if len(c.insts) > maxInsts {
		return false
	}
	switch re.Op {
	case syntax.OpEmptyMatch:
		return true
	case syntax.OpLiteral:
		return c.literal(re)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		c.emit(inst{op: opSet, set: setOf(re)})
		return true
	case syntax.OpBeginLine:
		c.emit(inst{op: opAssert, empty: syntax.EmptyBeginLine})
		return true
	case syntax.OpEndLine:
		c.emit(inst{op: opAssert, empty: syntax.EmptyEndLine})
		return true
	case syntax.OpBeginText:
		c.emit(inst{op: opAssert, empty: syntax.EmptyBeginText})
		return true
	case syntax.OpEndText:
		c.emit(inst{op: opAssert, empty: syntax.EmptyEndText})
		return true
	case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		empty := syntax.EmptyWordBoundary
		if re.Op == syntax.OpNoWordBoundary {
			empty = syntax.EmptyNoWordBoundary
		}
		c.emit(inst{op: opAssert, empty: empty})
		return true
	}
	return c.compound(re)
}

func (c *compiler) compound(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpCapture:
		c.emit(inst{op: opCap, n: 2 * re.Cap})
		if !c.tree(re.Sub[0]) {
			return false
		}
		c.emit(inst{op: opCap, n: 2*re.Cap + 1})
		return true
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if !c.tree(sub) {
				return false
			}
		}
		return true
	case syntax.OpAlternate:
		return c.alternate(re.Sub)
	case syntax.OpStar:
		return c.repeat(re, 0, -1)
	case syntax.OpPlus:
		return c.repeat(re, 1, -1)
	case syntax.OpQuest:
		return c.repeat(re, 0, 1)
	case syntax.OpRepeat:
		return c.repeat(re, re.Min, re.Max)
	}
	return false
}

func (c *compiler) literal(re *syntax.Regexp) bool {
	if re.Flags&syntax.FoldCase == 0 {
		c.emit(inst{op: opText, text: string(re.Rune)})
		return true
	}
	for _, r := range re.Rune {
		s := &set{}
		s.add(r, r)
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			s.add(f, f)
		}
		c.emit(inst{op: opSet, set: s})
	}
	return true
}

func setOf(re *syntax.Regexp) *set {
	s := &set{}
	switch re.Op {
	case syntax.OpAnyChar:
		s.add(0, unicode.MaxRune)
	case syntax.OpAnyCharNotNL:
		s.add(0, '\n'-1)
		s.add('\n'+1, unicode.MaxRune)
	default:
		for i := 0; i < len(re.Rune); i += 2 {
			s.add(re.Rune[i], re.Rune[i+1])
		}
	}
	return s
}

func (c *compiler) alternate(subs []*syntax.Regexp) bool {
	var jumps []int
	for i, sub := range subs {
		split := -1
		if i < len(subs)-1 {
			split = c.emit(inst{op: opSplit})
		}
		if !c.tree(sub) {
			return false
		}
		if split >= 0 {
			jumps = append(jumps, c.emit(inst{op: opJump}))
			c.insts[split].to = len(c.insts)
		}
	}
	for _, j := range jumps {
		c.insts[j].to = len(c.insts)
	}
	return true
}

func (c *compiler) repeat(re *syntax.Regexp, least, most int) bool {
	sub, lazy := re.Sub[0], re.Flags&syntax.NonGreedy != 0
	switch sub.Op {
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		c.emit(inst{op: opLoop, set: setOf(sub), min: least, max: most, lazy: lazy})
		return true
	case syntax.OpLiteral:
		if r := sub.Rune; len(r) == 1 && sub.Flags&syntax.FoldCase == 0 {
			s := &set{}
			s.add(r[0], r[0])
			c.emit(inst{op: opLoop, set: s, min: least, max: most, lazy: lazy})
			return true
		}
	}
	if lazy && most > least+1 || mayBeEmpty(sub) || most > 100 || least > 100 {
		return false
	}
	for range least {
		if !c.tree(sub) {
			return false
		}
	}
	if lazy {
		return most == least || c.lazily(sub, most < 0)
	}
	if most < 0 {
		split := c.emit(inst{op: opSplit})
		ok := c.tree(sub)
		c.emit(inst{op: opJump, to: split})
		c.insts[split].to = len(c.insts)
		return ok
	}
	return c.optional(sub, most-least)
}

// optional writes sub up to n times, each only behind the one before.
func (c *compiler) optional(sub *syntax.Regexp, n int) bool {
	var splits []int
	for range n {
		splits = append(splits, c.emit(inst{op: opSplit}))
		if !c.tree(sub) {
			return false
		}
	}
	for _, s := range splits {
		c.insts[s].to = len(c.insts)
	}
	return true
}

// lazily writes sub so that it is first gone on without it: the split goes on
// at a jump over sub. With loop it may come any number of times.
func (c *compiler) lazily(sub *syntax.Regexp, loop bool) bool {
	split := c.emit(inst{op: opSplit})
	jump := c.emit(inst{op: opJump})
	c.insts[split].to = len(c.insts)
	ok := c.tree(sub)
	if loop {
		c.emit(inst{op: opJump, to: split})
	}
	c.insts[jump].to = len(c.insts)
	return ok
}

// mayBeEmpty reports whether re may match no character: a loop around it would
// not end.
func mayBeEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return mayBeEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || mayBeEmpty(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if !mayBeEmpty(sub) {
				return false
			}
		}
		return true
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if mayBeEmpty(sub) {
				return true
			}
		}
		return false
	}
	return true
}
