package ruby

import (
	"strings"
	"unicode/utf8"
)

// eachLine gives the lines to the block, else as an array.
func eachLine(e *Env, c *call, v value, _ []value) value {
	var list []value
	for line := range strings.Lines(v.s) {
		if c.block != nil {
			c.block.one(e, str(line))
		}
		list = append(list, str(line))
	}
	if c.block != nil {
		return v
	}
	return array(list)
}

func substringMethods() methods {
	return methods{
		"[]":          {min: 1, max: 2, run: sliceString},
		"slice":       {min: 1, max: 2, run: sliceString},
		"start_with?": {min: 1, max: -1, run: anyOf(startsWith)},
		"end_with?":   {min: 1, max: -1, run: anyOf(func(_ *Env, s string, p value) bool { return p.kind == kStr && strings.HasSuffix(s, p.s) })},
		"include?": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			if args[0].kind != kStr {
				return e.failf("TypeError", "include?: no implicit conversion of %s into String", kindNames[args[0].kind])
			}
			return boolean(strings.Contains(v.s, args[0].s))
		}},
		"index":         {min: 1, max: 1, run: indexOf(strings.Index)},
		"rindex":        {min: 1, max: 1, run: indexOf(strings.LastIndex)},
		"delete_prefix": {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return str(strings.TrimPrefix(v.s, args[0].s)) }},
		"delete_suffix": {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return str(strings.TrimSuffix(v.s, args[0].s)) }},
		"byteslice": {min: 1, max: 2, run: func(_ *Env, _ *call, v value, args []value) value {
			lo, hi, ok := span(args, len(v.s))
			if !ok {
				return value{}
			}
			return str(v.s[lo:hi])
		}},
		"chars": {run: func(_ *Env, _ *call, v value, _ []value) value {
			var list []value
			for i := 0; i < len(v.s); {
				_, n := utf8.DecodeRuneInString(v.s[i:])
				list = append(list, str(v.s[i:i+n]))
				i += n
			}
			return array(list)
		}},
		"lines": {block: true, run: eachLine}, "each_line": {block: true, run: eachLine},
		"partition":  {min: 1, max: 1, run: partition(strings.Index, true)},
		"rpartition": {min: 1, max: 1, run: partition(strings.LastIndex, false)},
		"insert": {min: 2, max: 2, run: func(e *Env, _ *call, v value, args []value) value {
			at := args[0].n
			if n := int64(utf8.RuneCountInString(v.s)); at < 0 {
				at += n + 1
			}
			lo, _, ok := span([]value{integer(at)}, utf8.RuneCountInString(v.s)+1)
			if !ok {
				return e.fail("IndexError", "index is out of string")
			}
			b := byteOf(v.s, lo)
			from := len(e.scratch)
			e.scratch = append(append(append(e.scratch, v.s[:b]...), args[1].s...), v.s[b:]...)
			return e.taken(from)
		}},
	}
}

func anyOf(f func(e *Env, s string, p value) bool) func(*Env, *call, value, []value) value {
	return func(e *Env, _ *call, v value, args []value) value {
		for _, p := range args {
			if f(e, v.s, p) {
				return boolean(true)
			}
		}
		return boolean(false)
	}
}

func startsWith(e *Env, s string, p value) bool {
	if p.kind == kRegexp {
		lo, _ := find(p.o.re, s)
		return lo == 0
	}
	return p.kind == kStr && strings.HasPrefix(s, p.s)
}

func indexOf(search func(s, sub string) int) func(*Env, *call, value, []value) value {
	return func(_ *Env, _ *call, v value, args []value) value {
		at := -1
		if p := args[0]; p.kind == kRegexp {
			at, _ = find(p.o.re, v.s)
		} else if p.kind == kStr {
			at = search(v.s, p.s)
		}
		if at < 0 {
			return value{}
		}
		return integer(int64(utf8.RuneCountInString(v.s[:at])))
	}
}

func partition(search func(s, sub string) int, front bool) func(*Env, *call, value, []value) value {
	return func(_ *Env, _ *call, v value, args []value) value {
		at, n := -1, len(args[0].s)
		if p := args[0]; p.kind == kRegexp {
			lo, hi := find(p.o.re, v.s)
			at, n = lo, hi-lo
		} else {
			at = search(v.s, p.s)
		}
		switch {
		case at >= 0:
			return array([]value{str(v.s[:at]), str(v.s[at : at+n]), str(v.s[at+n:])})
		case front:
			return array([]value{str(v.s), str(""), str("")})
		}
		return array([]value{str(""), str(""), str(v.s)})
	}
}

// span turns the arguments of [] - a number, a number and a length, or a range -
// into bounds; ok is false where that is outside.
func span(args []value, n int) (lo, hi int, ok bool) {
	from, to := int64(0), int64(n)
	switch a := args[0]; {
	case a.kind == kRange:
		ends := a.o.list
		if ends[0].kind == kInt {
			from = ends[0].n
		}
		if ends[1].kind == kInt {
			if to = ends[1].n; to < 0 {
				to += int64(n)
			}
			if !a.o.open {
				to++
			}
		}
	case a.kind == kInt || a.kind == kFloat:
		if from = a.n; a.kind == kFloat {
			from = int64(a.float())
		}
		to = from + 1
		if from < 0 {
			to += int64(n)
		}
	default:
		return 0, 0, false
	}
	if from < 0 {
		from += int64(n)
	}
	if len(args) > 1 {
		if args[1].kind != kInt || args[1].n < 0 {
			return 0, 0, false
		}
		to = from + min(args[1].n, int64(n))
	}
	if from < 0 || from > int64(n) {
		return 0, 0, false
	}
	to = min(max(to, from), int64(n))
	return int(from), int(to), true
}

// byteOf is where rune number n of s begins.
func byteOf(s string, n int) int {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}

// sliceString is s[1], s[1, 2], s[1..2], s["x"], s[/x/], s[/x(y)/, 1].
func sliceString(e *Env, _ *call, v value, args []value) value {
	switch p := args[0]; p.kind {
	case kStr:
		if strings.Contains(v.s, p.s) {
			return p
		}
		return value{}
	case kRegexp:
		m := e.match(p.o.re, v.s)
		if m.kind == kNil {
			return m
		}
		which := integer(0)
		if len(args) > 1 {
			which = args[1]
		}
		return groupOf(p.o.re, m, which)
	case kInt, kFloat, kRange:
		n := utf8.RuneCountInString(v.s)
		lo, hi, ok := span(args, n)
		if !ok || p.kind != kRange && len(args) == 1 && lo == n {
			return value{}
		}
		if n == len(v.s) {
			return str(v.s[lo:hi])
		}
		from := byteOf(v.s, lo)
		return str(v.s[from : from+byteOf(v.s[from:], hi-lo)])
	}
	return e.failf("TypeError", "no implicit conversion of %s into Integer", kindNames[args[0].kind])
}
