package rubyexp

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

const maxInsts = 2000

// compile returns nil for what is not of the usual kind.
func compile(expression string) *program {
	re, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	c := &compiler{}
	if !c.tree(re) {
		return nil
	}
	c.emit(inst{op: opMatch})
	p := &program{insts: c.insts, places: 2 * (re.MaxCap() + 1)}
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
		return c.group(re)
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

// group writes a group. One around a loop alone is the loop's.
func (c *compiler) group(re *syntax.Regexp) bool {
	open := c.emit(inst{op: opCap, n: 2 * re.Cap})
	if !c.tree(re.Sub[0]) {
		return false
	}
	if last := c.insts[len(c.insts)-1]; len(c.insts) == open+2 && last.op == opLoop && last.n == 0 {
		last.n = re.Cap
		c.insts = append(c.insts[:open], last)
		return true
	}
	c.emit(inst{op: opCap, n: 2*re.Cap + 1})
	return true
}

func (c *compiler) literal(re *syntax.Regexp) bool {
	if slices.Contains(re.Rune, utf8.RuneError) { // matches what is no UTF-8, too
		return false
	}
	if re.Flags&syntax.FoldCase == 0 {
		c.emit(inst{op: opText, text: []byte(string(re.Rune))})
		return true
	}
	for _, r := range re.Rune {
		c.emit(inst{op: opSet, set: folded(r)})
	}
	return true
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
		if len(sub.Rune) == 1 && sub.Flags&syntax.FoldCase == 0 {
			c.emit(inst{op: opLoop, set: setOf(sub), min: least, max: most, lazy: lazy})
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
