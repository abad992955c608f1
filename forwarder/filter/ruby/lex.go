package ruby

import (
	"strings"
)

type tokenKind uint8

const (
	tEnd    tokenKind = iota
	tName             // text: an identifier, with its ? or !
	tConst            // text: a name that begins with a capital
	tNumber           // x: its value
	tString           // x: an expression
	tLabel            // text: a: in a hash or call
	tSym              // x
	tGroup            // $1
	tOp               // text
	tLine             // newline or ;
)

type token struct {
	kind  tokenKind
	text  string
	x     *expr
	pos   int
	end   int
	space bool // blanks before it
}

// operators, the longest first.
var operators = []string{
	"<=>", "===", "...", "**=", "||=", "&&=", "<<=", ">>=",
	"==", "!=", ">=", "<=", "=~", "!~", "&&", "||", "&.", "**", "<<", ">>", "=>", "..", "::", "->",
	"+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=",
	"+", "-", "*", "/", "%", "<", ">", "!", "=", "&", "|", "^", "~", "?", ":", "(", ")", "[", "]", "{", "}", ",", ".",
}

// next reads a token. value: the token before it ends a value, so that / and %
// are operators, and not the beginning of a literal.
func (p *source) next(value bool) (token, *Error) {
	from := p.pos
	p.blanks()
	t := token{pos: p.pos, space: p.pos > from}
	if p.pos >= len(p.src) {
		t.end = p.pos
		return t, nil
	}
	err := p.scan(&t, value)
	t.end = p.pos
	return t, err
}

func (p *source) blanks() {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == ' ' || c == '\t' || c == '\r':
			p.pos++
		case c == '\\' && strings.HasPrefix(p.src[p.pos:], "\\\n"):
			p.pos += 2
		case c == '#':
			for p.pos < len(p.src) && p.src[p.pos] != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}

func (p *source) scan(t *token, value bool) *Error {
	c := p.src[p.pos]
	rest := p.src[p.pos:]
	switch {
	case c == '\n' || c == ';':
		t.kind = tLine
		p.pos++
	case c >= '0' && c <= '9':
		return p.number(t)
	case nameStart(c):
		p.name(t, value)
	case c == '"' || c == '\'' || c == '`':
		return p.quoted(t, value)
	case c == '$':
		return p.global(t)
	case c == '@':
		return failed(p.pos, "use a local variable", "instance variables are not supported")
	case c == ':' && len(rest) > 1 && (nameStart(rest[1]) || rest[1] == '"' || !value && strings.IndexByte("+-*/%<=&|^", rest[1]) >= 0):
		return p.symbol(t)
	case !value && c == '/':
		p.pos++
		return p.regexp(t, '/')
	case !value && c == '%' && len(rest) > 2 && percent(rest):
		return p.percentLiteral(t)
	case !value && strings.HasPrefix(rest, "<<~") || !value && strings.HasPrefix(rest, "<<-"):
		return failed(p.pos, `write "..."`, "here documents are not supported")
	case !value && c == '?' && len(rest) > 1 && nameStart(rest[1]):
		return failed(p.pos, `write "`+rest[1:2]+`"`, "character literals are not supported")
	default:
		for _, o := range operators {
			if strings.HasPrefix(rest, o) {
				t.kind, t.text = tOp, o
				p.pos += len(o)
				return nil
			}
		}
		return failed(p.pos, "", "unexpected %q", rest[:1])
	}
	return nil
}

func nameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func nameByte(c byte) bool { return nameStart(c) || c >= '0' && c <= '9' }

// name reads an identifier; after a dot with its ? or !; with a colon behind it
// it is a label.
func (p *source) name(t *token, value bool) {
	from := p.pos
	for p.pos < len(p.src) && nameByte(p.src[p.pos]) {
		p.pos++
	}
	afterDot := p.tok.kind == tOp && (p.tok.text == "." || p.tok.text == "&.")
	at := func(i int) byte {
		if p.pos+i < len(p.src) {
			return p.src[p.pos+i]
		}
		return 0
	}
	if c := at(0); (c == '?' || c == '!') && at(1) != '=' && (afterDot || p.src[from:p.pos] == "defined") {
		p.pos++
	}
	t.kind, t.text = tName, p.src[from:p.pos]
	if t.text[0] >= 'A' && t.text[0] <= 'Z' {
		t.kind = tConst
	}
	if at(0) == ':' && at(1) != ':' && !afterDot && p.labels() && !value {
		t.kind = tLabel
		p.pos++
	}
}

// labels reports whether a name with a colon behind it may be a hash's key
// here, and not the middle of a ternary.
func (p *source) labels() bool {
	return p.tok.kind == tOp && (p.tok.text == "{" || p.tok.text == "," || p.tok.text == "(" || p.tok.text == "[" || p.tok.text == "|") ||
		p.tok.kind == tLine
}

func (p *source) number(t *token) *Error {
	from := p.pos
	t.kind = tNumber
	digits := func(set string) {
		for p.pos < len(p.src) && (strings.IndexByte(set, p.src[p.pos]) >= 0 || p.src[p.pos] == '_') {
			p.pos++
		}
	}
	rest := p.src[p.pos:]
	if len(rest) > 2 && rest[0] == '0' && strings.IndexByte("xXbBoO", rest[1]) >= 0 {
		p.pos += 2
		digits("0123456789abcdefABCDEF")
	} else {
		const decimal = "0123456789"
		digits(decimal)
		if p.pos+1 < len(p.src) && p.src[p.pos] == '.' && strings.IndexByte(decimal, p.src[p.pos+1]) >= 0 {
			p.pos++
			digits(decimal)
		}
		if p.pos+1 < len(p.src) && p.src[p.pos]|0x20 == 'e' && strings.IndexByte(decimal+"+-", p.src[p.pos+1]) >= 0 {
			p.pos += 2
			digits(decimal)
		}
	}
	v, ok := parseNumber(p.src[from:p.pos])
	if !ok {
		return failed(from, "", "%s is no number, or too large a one", p.src[from:p.pos])
	}
	t.x = &expr{op: opConst, pos: from, val: v}
	return nil
}

// global reads $1 to $9 and $~.
func (p *source) global(t *token) *Error {
	if p.pos+1 < len(p.src) && p.src[p.pos+1] >= '1' && p.src[p.pos+1] <= '9' {
		t.kind = tGroup
		t.x = &expr{op: opGroup, pos: p.pos, slot: int(p.src[p.pos+1] - '0')}
		p.pos += 2
		return nil
	}
	if strings.HasPrefix(p.src[p.pos:], "$~") {
		t.kind = tGroup
		t.x = &expr{op: opGroup, pos: p.pos, slot: -1}
		p.pos += 2
		return nil
	}
	return failed(p.pos, "only $1 to $9 and $~ are", "global variables are not supported")
}
