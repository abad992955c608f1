package ruby

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// quoted reads a string in quotes.
func (p *source) quoted(t *token, value bool) *Error {
	q := p.src[p.pos]
	if q == '`' {
		return failed(p.pos, "", "no command may be run")
	}
	t.kind = tString
	from := p.pos
	p.pos++
	var err *Error
	if q == '"' {
		t.x, err = p.text(from, 0, '"')
	} else {
		var s string
		s, err = p.plain(from, 0, '\'')
		t.x = &expr{op: opConst, pos: from, val: str(s)}
	}
	if err == nil && !value && p.labels() && t.x.op == opConst && p.pos < len(p.src) && p.src[p.pos] == ':' && !strings.HasPrefix(p.src[p.pos:], "::") {
		p.pos++
		t.kind, t.text = tLabel, t.x.val.s
	}
	return err
}

// plain reads up to the closing quote; only the quotes and the backslash are
// escaped.
func (p *source) plain(from int, open, closing byte) (string, *Error) {
	var out strings.Builder
	depth := 0
	for ; p.pos < len(p.src); p.pos++ {
		switch c := p.src[p.pos]; {
		case c == '\\' && p.pos+1 < len(p.src) && (p.src[p.pos+1] == closing || p.src[p.pos+1] == '\\'):
			p.pos++
			out.WriteByte(p.src[p.pos])
			continue
		case c == closing && depth == 0:
			p.pos++
			return out.String(), nil
		case c == closing:
			depth--
		case open != 0 && c == open:
			depth++
		}
		out.WriteByte(p.src[p.pos])
	}
	return "", failed(from, "close it", "a text has no end")
}

// text reads up to the closing quote, with escapes and #{}.
func (p *source) text(from int, open, closing byte) (*expr, *Error) {
	x := &expr{op: opText, pos: from}
	var out []byte
	depth := 0
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case c == '\\' && p.pos+1 < len(p.src):
			out = p.escape(out)
			continue
		case c == '#' && strings.HasPrefix(p.src[p.pos:], "#{"):
			p.pos += 2
			inner, err := p.inner()
			if err != nil {
				return nil, err
			}
			x.add(out, inner)
			out = out[:0:0]
			continue
		case c == closing && depth == 0:
			p.pos++
			x.add(out, nil)
			return x.simple(), nil
		case c == closing:
			depth--
		case open != 0 && c == open:
			depth++
		}
		out = append(out, c)
		p.pos++
	}
	return nil, failed(from, "close it", "a text has no end")
}

// add appends a constant and an expression, each of which may be missing.
func (x *expr) add(text []byte, inner *expr) {
	if len(text) > 0 {
		x.kids = append(x.kids, &expr{op: opConst, pos: x.pos, val: str(string(text))})
	}
	if inner != nil {
		x.kids = append(x.kids, inner)
	}
}

// simple is a text without #{} as a constant.
func (x *expr) simple() *expr {
	switch {
	case len(x.kids) == 0:
		return &expr{op: opConst, pos: x.pos, val: str("")}
	case len(x.kids) == 1 && x.kids[0].op == opConst && x.kids[0].val.kind == kStr:
		return x.kids[0]
	}
	return x
}

// inner reads the statements up to the closing brace of #{ or ${.
func (p *source) inner() (*expr, *Error) {
	sub := &source{src: p.src, pos: p.pos, scope: p.scope, opts: p.opts, depth: p.depth + 1}
	if sub.depth > maxNesting {
		return nil, failed(p.pos, "", "expressions nest too deep")
	}
	if err := sub.advance(); err != nil {
		return nil, err
	}
	x, err := sub.statements("}")
	if err != nil {
		return nil, err
	}
	if !sub.is("}") {
		return nil, sub.unexpected("}")
	}
	p.pos = sub.tok.end
	p.scope = sub.scope
	return x, nil
}

var simpleEscapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 's': ' ', '0': 0, 'e': 27, 'a': 7, 'b': 8, 'f': 12, 'v': 11}

// escape reads a backslash and what belongs to it.
func (p *source) escape(dst []byte) []byte {
	c := p.src[p.pos+1]
	p.pos += 2
	if plain, ok := simpleEscapes[c]; ok {
		return append(dst, plain)
	}
	hex := func(n int) (uint64, bool) {
		if p.pos+n > len(p.src) {
			return 0, false
		}
		v, err := strconv.ParseUint(p.src[p.pos:p.pos+n], 16, 32)
		return v, err == nil
	}
	switch c {
	case 'x':
		if v, ok := hex(2); ok {
			p.pos += 2
			return append(dst, byte(v))
		}
	case 'u':
		if v, ok := hex(4); ok {
			p.pos += 4
			return utf8.AppendRune(dst, rune(v))
		}
		if end := strings.IndexByte(p.src[p.pos:], '}'); end > 1 && p.src[p.pos] == '{' {
			if v, err := strconv.ParseUint(p.src[p.pos+1:p.pos+end], 16, 32); err == nil {
				p.pos += end + 1
				return utf8.AppendRune(dst, rune(v))
			}
		}
	}
	return append(dst, c)
}

func (p *source) symbol(t *token) *Error {
	from := p.pos
	p.pos++
	t.kind = tSym
	if p.src[p.pos] == '"' {
		p.pos++
		s, err := p.plain(from, 0, '"')
		t.x = &expr{op: opConst, pos: from, val: value{kind: kSym, s: s}}
		return err
	}
	name := p.pos
	if !nameStart(p.src[p.pos]) {
		for _, o := range operators {
			if strings.HasPrefix(p.src[p.pos:], o) {
				p.pos += len(o)
				break
			}
		}
	}
	for p.pos < len(p.src) && nameByte(p.src[p.pos]) {
		p.pos++
	}
	if p.pos < len(p.src) && (p.src[p.pos] == '?' || p.src[p.pos] == '!') {
		p.pos++
	}
	t.x = &expr{op: opConst, pos: from, val: value{kind: kSym, s: p.src[name:p.pos]}}
	return nil
}

// percent reports whether rest begins a literal like %w[a b].
func percent(rest string) bool {
	if strings.IndexByte("wWiIqQr", rest[1]) >= 0 {
		return strings.IndexByte("([{<|!/", rest[2]) >= 0
	}
	return strings.IndexByte("([{<|", rest[1]) >= 0
}

func (p *source) percentLiteral(t *token) *Error {
	from := p.pos
	kind := byte('Q')
	p.pos++
	if nameStart(p.src[p.pos]) {
		kind = p.src[p.pos]
		p.pos++
	}
	open := p.src[p.pos]
	closing := open
	if i := strings.IndexByte("([{<", open); i >= 0 {
		closing = ")]}>"[i]
	} else {
		open = 0
	}
	p.pos++
	t.kind = tString
	var err *Error
	switch kind {
	case 'Q':
		t.x, err = p.text(from, open, closing)
		return err
	case 'r':
		return p.regexpBetween(t, open, closing)
	}
	s, err := p.plain(from, open, closing)
	if kind == 'q' {
		t.x = &expr{op: opConst, pos: from, val: str(s)}
		return err
	}
	t.x = &expr{op: opArray, pos: from}
	for word := range strings.FieldsSeq(s) {
		v := str(word)
		if kind|0x20 == 'i' {
			v.kind = kSym
		}
		t.x.kids = append(t.x.kids, &expr{op: opConst, pos: from, val: v})
	}
	return err
}

func (p *source) regexp(t *token, closing byte) *Error { return p.regexpBetween(t, 0, closing) }

// regexpBetween reads a regular expression and its flags.
func (p *source) regexpBetween(t *token, open, closing byte) *Error {
	from := p.pos - 1
	x := &expr{op: opRegexp, pos: from}
	var out []byte
	for depth := 0; ; {
		if p.pos >= len(p.src) {
			return failed(from, "close it, or put blanks around a division's /", "a regular expression has no end")
		}
		c := p.src[p.pos]
		switch {
		case c == '\\' && p.pos+1 < len(p.src):
			if next := p.src[p.pos+1]; next == '/' {
				out = append(out, '/')
			} else {
				out = append(out, c, next)
			}
			p.pos += 2
			continue
		case strings.HasPrefix(p.src[p.pos:], "#{"):
			p.pos += 2
			inner, err := p.inner()
			if err != nil {
				return err
			}
			x.add(out, inner)
			out = out[:0:0]
			continue
		case c == closing && depth == 0:
			p.pos++
			x.add(out, nil)
			flags := p.pos
			for p.pos < len(p.src) && p.src[p.pos] >= 'a' && p.src[p.pos] <= 'z' {
				p.pos++
			}
			x.name = p.src[flags:p.pos]
			t.kind, t.x = tString, x
			return nil
		case c == closing:
			depth--
		case open != 0 && c == open:
			depth++
		}
		out = append(out, c)
		p.pos++
	}
}

func parseNumber(s string) (value, bool) {
	clean := strings.ReplaceAll(s, "_", "")
	if n, err := strconv.ParseInt(clean, 0, 64); err == nil {
		return integer(n), true
	}
	if n, err := strconv.ParseInt(clean, 10, 64); err == nil { // 08
		return integer(n), true
	}
	f, err := strconv.ParseFloat(clean, 64)
	return float(f), err == nil && strings.ContainsAny(clean, ".eE")
}
