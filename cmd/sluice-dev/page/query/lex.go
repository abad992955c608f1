package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error says what is wrong with a query and where.
type Error struct {
	Pos int // of the offending character, counted in characters from 1
	Msg string
}

func (e *Error) Error() string { return fmt.Sprintf("at character %d: %s", e.Pos, e.Msg) }

type kind uint8

const (
	end kind = iota
	word
	phrase // quoted: no operators, no wildcards
	open
	closing
	operator // : < <= > >=
)

// token is one piece of a query. star[i] says that text[i] is a wildcard and
// not an asterisk that was escaped or quoted; nil means that none is.
type token struct {
	kind kind
	text string
	star []bool
	at   int // byte offset in the query
}

type lexer struct {
	src string
	pos int
	// group counts the field:( ... ) around pos.
	group int
}

func (l *lexer) fail(at int, format string, args ...any) *Error {
	return &Error{Pos: utf8.RuneCountInString(l.src[:at]) + 1, Msg: fmt.Sprintf(format, args...)}
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if !unicode.IsSpace(r) {
			return
		}
		l.pos += n
	}
}

// next reads one token. What stands after an operator or in field:( ... ) is a
// value and may contain : < and > without quotes, as times and URLs do.
func (l *lexer) next(after kind) (token, *Error) {
	start := l.pos
	value := l.group > 0 || after == operator
	l.skipSpace()
	t := token{at: l.pos}
	if l.pos == len(l.src) {
		return t, nil
	}
	switch c := l.src[l.pos]; {
	case c == '(':
		l.pos++
		t.kind = open
		return t, nil
	case c == ')':
		l.pos++
		t.kind = closing
		return t, nil
	case c == '"':
		return l.phrase(t)
	case !value && (c == ':' || c == '<' || c == '>') && (after == word || after == phrase) && l.isOperator(start):
		t.kind, t.text = operator, l.operator()
		return t, nil
	}
	return l.word(t, value)
}

// isOperator tells a > 5 and a>5 from a word that begins with the same sign:
// it stands right behind the field, or space follows it.
func (l *lexer) isOperator(end int) bool {
	if end == l.pos || l.src[l.pos] == ':' {
		return true
	}
	rest := strings.TrimPrefix(l.src[l.pos+1:], "=")
	return rest == "" || rest[0] == ' '
}

func (l *lexer) operator() string {
	n := 1
	if l.src[l.pos] != ':' && strings.HasPrefix(l.src[l.pos+1:], "=") {
		n = 2
	}
	l.pos += n
	return l.src[l.pos-n : l.pos]
}

func (l *lexer) phrase(t token) (token, *Error) {
	t.kind = phrase
	var b strings.Builder
	for l.pos++; l.pos < len(l.src); l.pos++ {
		switch c := l.src[l.pos]; {
		case c == '"':
			l.pos++
			t.text = b.String()
			return t, nil
		case c == '\\' && l.pos+1 < len(l.src):
			l.pos++
			b.WriteByte(unescape(l.src[l.pos]))
		default:
			b.WriteByte(c)
		}
	}
	return t, l.fail(t.at, `the quote " is never closed`)
}

func (l *lexer) word(t token, value bool) (token, *Error) {
	t.kind = word
	var b strings.Builder
	value = value || strings.IndexByte(":<>", l.src[l.pos]) >= 0
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if unicode.IsSpace(r) || r == '(' || r == ')' || r == '"' ||
			!value && (r == ':' || r == '<' || r == '>') {
			break
		}
		if r == '*' {
			for len(t.star) < b.Len() {
				t.star = append(t.star, false)
			}
			t.star = append(t.star, true)
		}
		if r == '\\' {
			l.pos++
			if l.pos == len(l.src) {
				return t, l.fail(l.pos-1, `a character must follow \`)
			}
			if e := unescape(l.src[l.pos]); e != l.src[l.pos] {
				b.WriteByte(e)
				l.pos++
				continue
			}
			_, n = utf8.DecodeRuneInString(l.src[l.pos:])
		}
		b.WriteString(l.src[l.pos : l.pos+n])
		l.pos += n
	}
	t.text = b.String()
	return t, nil
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

// Quote writes s as a phrase.
func Quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s) + `"`
}

// Field writes s as the name of a field.
func Field(s string) string {
	if s == "" || isReserved(s) {
		return Quote(s)
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsSpace(r) {
			return Quote(s)
		}
		if strings.ContainsRune(`\():<>"*`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isReserved(s string) bool {
	return strings.EqualFold(s, "and") || strings.EqualFold(s, "or") || strings.EqualFold(s, "not")
}
