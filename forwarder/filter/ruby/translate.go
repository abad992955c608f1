package ruby

import (
	"slices"
	"unicode/utf8"
)

// charSet appends the characters of tr's arguments: a-z, ^a-z.
func charSet(set []rune, s string) (all []rune, negated bool) {
	rs := []rune(s)
	if len(rs) > 1 && rs[0] == '^' {
		negated, rs = true, rs[1:]
	}
	for i := 0; i < len(rs); i++ {
		switch {
		case rs[i] == '\\' && i+1 < len(rs):
			i++
			set = append(set, rs[i])
		case i+2 < len(rs) && rs[i+1] == '-' && rs[i] <= rs[i+2] && rs[i+2]-rs[i] < 1<<12:
			for r := rs[i]; r <= rs[i+2]; r++ {
				set = append(set, r)
			}
			i += 2
		default:
			set = append(set, rs[i])
		}
	}
	return set, negated
}

// translate is tr; with an empty to it is delete. once writes runs of what was
// translated to the same as one.
func translate(e *Env, s, from, to string, once bool) value {
	var negated bool
	e.set, negated = charSet(e.set[:0], from)
	e.target, _ = charSet(e.target[:0], to)
	set, target := e.set, e.target
	start, last := len(e.scratch), rune(-1)
	for _, r := range s {
		i := slices.Index(set, r)
		if (i >= 0) == negated {
			e.scratch, last = utf8.AppendRune(e.scratch, r), -1
			continue
		}
		if len(target) == 0 {
			continue
		}
		with := target[len(target)-1]
		if !negated && i < len(target) {
			with = target[i]
		}
		if once && with == last {
			continue
		}
		e.scratch, last = utf8.AppendRune(e.scratch, with), with
	}
	return e.taken(start)
}

func squeeze(e *Env, _ *call, v value, args []value) value {
	var set []rune
	negated := true // every character
	if len(args) > 0 {
		set, negated = charSet(nil, args[0].s)
	}
	start, last := len(e.scratch), rune(-1)
	for _, r := range v.s {
		if r == last && slices.Contains(set, r) != negated {
			continue
		}
		e.scratch, last = utf8.AppendRune(e.scratch, r), r
	}
	return e.taken(start)
}

func countChars(_ *Env, _ *call, v value, args []value) value {
	set, negated := charSet(nil, args[0].s)
	n := int64(0)
	for _, r := range v.s {
		if slices.Contains(set, r) != negated {
			n++
		}
	}
	return integer(n)
}
