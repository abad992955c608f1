package ruby

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/parser/rubyexp"
)

func patternMethods() methods {
	return methods{
		"=~": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			if args[0].kind != kRegexp {
				return e.fail("TypeError", "=~ needs a regular expression")
			}
			return e.position(args[0].o.re, v.s)
		}},
		"match?": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			re := e.pattern(args[0])
			return boolean(re != nil && re.Match(bytesOf(v.s)))
		}},
		"match": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			if re := e.pattern(args[0]); re != nil {
				return e.match(re, v.s)
			}
			return value{}
		}},
		"scan":  {min: 1, max: 1, run: scan},
		"split": {max: 2, run: split},
		"sub":   {min: 1, max: 2, block: true, run: substitute(1)},
		"gsub":  {min: 1, max: 2, block: true, run: substitute(-1)},
		"tr": {min: 2, max: 2, run: func(e *Env, _ *call, v value, args []value) value {
			return translate(e, v.s, args[0].s, args[1].s, false)
		}},
		"tr_s": {min: 2, max: 2, run: func(e *Env, _ *call, v value, args []value) value {
			return translate(e, v.s, args[0].s, args[1].s, true)
		}},
		"delete":  {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value { return translate(e, v.s, args[0].s, "", false) }},
		"squeeze": {max: 1, run: squeeze},
		"count":   {min: 1, max: 1, run: countChars},
	}
}

func regexpMethods() methods {
	return methods{
		"=~": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			if args[0].kind != kStr {
				return value{}
			}
			return e.position(v.o.re, args[0].s)
		}},
		"match": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			if args[0].kind != kStr {
				return value{}
			}
			return e.match(v.o.re, args[0].s)
		}},
		"match?": {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value {
			return boolean(args[0].kind == kStr && v.o.re.Match(bytesOf(args[0].s)))
		}},
		"source": {run: func(_ *Env, _ *call, v value, _ []value) value { return str(v.s) }},
	}
}

// pattern is a regular expression, or a text that is one.
func (e *Env) pattern(v value) *rubyexp.Regexp {
	if v.kind == kRegexp {
		return v.o.re
	}
	if v.kind == kStr {
		if p, err := regexpValue(v.s, ""); err == nil {
			return p.o.re
		}
	}
	e.fail("TypeError", "a regular expression is needed")
	return nil
}

func (e *Env) position(re *rubyexp.Regexp, s string) value {
	m := e.match(re, s)
	if m.kind == kNil {
		return m
	}
	return integer(int64(utf8.RuneCountInString(m.o.whole[:m.o.places[0]])))
}

// match is Regexp#match; it sets $~.
func (e *Env) match(re *rubyexp.Regexp, s string) value {
	loc, ok := re.Find(nil, bytesOf(s))
	e.matched = value{}
	if ok {
		e.matched = matchOf(re, s, loc)
	}
	return e.matched
}

func matchOf(re *rubyexp.Regexp, s string, loc []int) value {
	m := value{kind: kMatch, o: &object{re: re, whole: s, places: loc}}
	for i := 0; i < len(loc); i += 2 {
		if loc[i] < 0 {
			m.o.list = append(m.o.list, value{})
		} else {
			m.o.list = append(m.o.list, str(s[loc[i]:loc[i+1]]))
		}
	}
	return m
}

// group is $n, and for -1 $~.
func (e *Env) group(n int) value {
	if n < 0 || e.matched.kind == kNil {
		return e.matched
	}
	if n < len(e.matched.o.list) {
		return e.matched.o.list[n]
	}
	return value{}
}

// groupOf is a match's group by its number or name.
func groupOf(re *rubyexp.Regexp, m, which value) value {
	n := int(which.n)
	if which.kind == kStr || which.kind == kSym {
		return groupNumber(re, m, which.s)
	} else if n < 0 {
		n += len(m.o.list)
	}
	if n < 0 || n >= len(m.o.list) {
		return value{}
	}
	return m.o.list[n]
}

func matchMethods() methods {
	return methods{
		"[]":         {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return groupOf(v.o.re, v, args[0]) }},
		"captures":   {run: func(_ *Env, _ *call, v value, _ []value) value { return array(v.o.list[1:]) }},
		"to_a":       {run: func(_ *Env, _ *call, v value, _ []value) value { return array(v.o.list) }},
		"pre_match":  {run: func(_ *Env, _ *call, v value, _ []value) value { return str(v.o.whole[:v.o.places[0]]) }},
		"post_match": {run: func(_ *Env, _ *call, v value, _ []value) value { return str(v.o.whole[v.o.places[1]:]) }},
		"named_captures": {run: func(_ *Env, _ *call, v value, _ []value) value {
			h := hash()
			for _, name := range v.o.re.Names() {
				h.o.set(str(name), groupNumber(v.o.re, v, name))
			}
			return h
		}},
	}
}

func scan(e *Env, _ *call, v value, args []value) value {
	re := e.scanner(args[0])
	if re == nil {
		return value{}
	}
	var list []value
	for _, loc := range re.All(bytesOf(v.s), maxList) {
		m := matchOf(re, v.s, loc)
		e.matched = m
		if len(m.o.list) > 1 {
			list = append(list, array(m.o.list[1:]))
		} else {
			list = append(list, m.o.list[0])
		}
	}
	return array(list)
}

// scanner is pattern, where a text stands for itself.
func (e *Env) scanner(v value) *rubyexp.Regexp {
	if v.kind == kStr {
		v.s = escapeRegexp(v.s)
	}
	return e.pattern(v)
}

func split(e *Env, _ *call, v value, args []value) value {
	limit := int64(0)
	if len(args) > 1 {
		limit = args[1].n
	}
	var parts []string
	switch {
	case len(args) == 0 || args[0].kind == kNil || args[0].kind == kStr && args[0].s == " ":
		if parts = strings.Fields(v.s); limit > 0 {
			parts = fieldsN(v.s, int(min(limit, maxList)))
		}
	case args[0].kind == kStr:
		n := -1
		if limit > 0 {
			n = int(min(limit, maxList))
		}
		parts = strings.SplitN(v.s, args[0].s, n)
	case args[0].kind == kRegexp:
		parts = splitRegexp(args[0].o.re, v.s, int(limit))
	default:
		return e.fail("TypeError", "split needs a text or a regular expression")
	}
	if limit == 0 {
		for len(parts) > 0 && parts[len(parts)-1] == "" {
			parts = parts[:len(parts)-1]
		}
	}
	if v.s == "" {
		parts = nil
	}
	list := make([]value, len(parts))
	for i, p := range parts {
		list[i] = str(p)
	}
	return array(list)
}

func fieldsN(s string, n int) (parts []string) {
	for s = strings.TrimLeft(s, blanks[:6]); s != ""; s = strings.TrimLeft(s, blanks[:6]) {
		end := strings.IndexAny(s, blanks[:6])
		if end < 0 || len(parts) == n-1 {
			return append(parts, s)
		}
		parts = append(parts, s[:end])
		s = s[end:]
	}
	return parts
}

// splitRegexp puts what groups match between the parts, as Ruby does.
func splitRegexp(re *rubyexp.Regexp, s string, limit int) (parts []string) {
	from := 0
	for _, loc := range re.All(bytesOf(s), maxList) {
		if limit > 0 && len(parts) >= limit-1 {
			break
		}
		if loc[1] == loc[0] && (loc[0] == from && from == 0 || loc[0] >= len(s)) {
			continue
		}
		parts = append(parts, s[from:loc[0]])
		for i := 2; i < len(loc); i += 2 {
			if loc[i] >= 0 {
				parts = append(parts, s[loc[i]:loc[i+1]])
			}
		}
		from = loc[1]
	}
	return append(parts, s[from:])
}

// substitute is sub and gsub: n replacements, all if negative.
func substitute(n int) func(*Env, *call, value, []value) value {
	return func(e *Env, c *call, v value, args []value) value {
		if len(args) == 1 && c.block == nil {
			return e.failf("ArgumentError", "%s needs a replacement", c.name)
		}
		if args[0].kind == kStr && len(args) == 2 && args[1].kind == kStr && !strings.Contains(args[1].s, `\`) {
			return e.replaceText(v.s, args[0].s, args[1].s, n)
		}
		re := e.scanner(args[0])
		if re == nil {
			return value{}
		}
		locs := re.All(bytesOf(v.s), n)
		if len(locs) == 0 {
			return v
		}
		var out []byte // a block may build texts, too
		from := 0
		for _, loc := range locs {
			out = append(out, v.s[from:loc[0]]...)
			from = loc[1]
			m := matchOf(re, v.s, loc)
			e.matched = m
			switch {
			case len(args) == 1:
				out = appendText(out, c.block.one(e, m.o.list[0]))
			case args[1].kind == kHash:
				x, _ := args[1].o.get(m.o.list[0])
				out = appendText(out, x)
			default:
				out = appendTemplate(out, args[1].s, re, m)
			}
			if len(out) > maxScratch {
				return e.fail("RangeError", "the text is too large")
			}
		}
		return str(string(append(out, v.s[from:]...)))
	}
}

func (e *Env) replaceText(s, old, with string, n int) value {
	if old == "" || !strings.Contains(s, old) {
		if old != "" {
			return str(s)
		}
		return str(strings.Replace(s, old, with, n))
	}
	from := len(e.scratch)
	for n != 0 {
		i := strings.Index(s, old)
		if i < 0 {
			break
		}
		e.scratch = append(append(e.scratch, s[:i]...), with...)
		s = s[i+len(old):]
		n--
	}
	e.scratch = append(e.scratch, s...)
	return e.taken(from)
}

// appendTemplate appends a replacement with its \1, \0, \k<name> and \\.
func appendTemplate(dst []byte, t string, re *rubyexp.Regexp, m value) []byte {
	for i := 0; i < len(t); i++ {
		if t[i] != '\\' || i+1 == len(t) {
			dst = append(dst, t[i])
			continue
		}
		i++
		switch c := t[i]; {
		case c >= '0' && c <= '9':
			dst = appendText(dst, groupOf(re, m, integer(int64(c-'0'))))
		case c == '&':
			dst = appendText(dst, m.o.list[0])
		case c == 'k' && strings.HasPrefix(t[i:], "k<") && strings.Contains(t[i:], ">"):
			end := i + strings.IndexByte(t[i:], '>')
			name := t[i+2 : end]
			which := str(name)
			if n, err := strconv.Atoi(name); err == nil {
				which = integer(int64(n))
			}
			dst = appendText(dst, groupOf(re, m, which))
			i = end
		case c == '\\':
			dst = append(dst, c)
		default:
			dst = append(dst, '\\', c)
		}
	}
	return dst
}
