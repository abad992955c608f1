package parser

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// span is a part of the scanned bytes.
type span struct {
	lo, hi  int
	escaped bool // a string with a backslash in it
}

// members walks through one object or array.
type members struct {
	p       []byte
	i       int  // the next byte to look at; when done, behind the closing bracket
	depth   int  // of this object or array; the outermost is 1
	closing byte // '}' or ']'
	inside  bool // a member was read
	bad     bool // not JSON
	key     span // the name without its quotes; only in an object
	val     span // the value, a string with its quotes
}

// openJSON begins to walk through the object or array at p[i].
func openJSON(p []byte, i, depth int) members {
	return members{p: p, i: i + 1, depth: depth, closing: p[i] + 2, bad: depth > maxDepth} // '{'+2 is '}', '['+2 is ']'
}

// next reads the next member. It returns false at the closing bracket, and
// where the bytes are not JSON, which sets bad.
func (m *members) next() bool {
	if m.bad {
		return false
	}
	m.bad = true // unless we get through
	i := skipSpace(m.p, m.i)
	if i == len(m.p) {
		return false
	}
	if m.p[i] == m.closing {
		m.i, m.bad = i+1, false
		return false
	}
	if m.inside {
		if m.p[i] != ',' {
			return false
		}
		i = skipSpace(m.p, i+1)
	}
	if m.closing == '}' {
		if i = m.name(i); i < 0 {
			return false
		}
	}
	end, escaped := skipValue(m.p, i, m.depth+1)
	if end < 0 {
		return false
	}
	m.val = span{i, end, escaped}
	m.i, m.inside, m.bad = end, true, false
	return true
}

// name reads a member's name and the colon; it returns where the value begins.
func (m *members) name(i int) int {
	if i == len(m.p) || m.p[i] != '"' {
		return -1
	}
	end, escaped := skipString(m.p, i+1)
	if end < 0 {
		return -1
	}
	m.key = span{i + 1, end - 1, escaped}
	if i = skipSpace(m.p, end); i == len(m.p) || m.p[i] != ':' {
		return -1
	}
	return skipSpace(m.p, i+1)
}

// skipValue returns the end of the JSON value at p[i], -1 if there is none;
// for a string also whether it has escapes. depth is the value's own, should
// it be an object or array.
func skipValue(p []byte, i, depth int) (end int, escaped bool) {
	if i >= len(p) {
		return -1, false
	}
	switch c := p[i]; c {
	case '"':
		return skipString(p, i+1)
	case '{', '[':
		m := openJSON(p, i, depth)
		for m.next() {
		}
		if m.bad {
			return -1, false
		}
		return m.i, false
	case 't':
		return skipWord(p, i, "true"), false
	case 'f':
		return skipWord(p, i, "false"), false
	case 'n':
		return skipWord(p, i, "null"), false
	default:
		return skipNumber(p, i), false
	}
}

func skipWord(p []byte, i int, word string) int {
	if len(p)-i < len(word) || string(p[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

func skipSpace(p []byte, i int) int {
	for i < len(p) && p[i] <= ' ' && (p[i] == ' ' || p[i] == '\n' || p[i] == '\t' || p[i] == '\r') {
		i++
	}
	return i
}

func skipNumber(p []byte, i int) int {
	if i < len(p) && p[i] == '-' {
		i++
	}
	whole := i
	if i = skipDigits(p, i); i < 0 || p[whole] == '0' && i > whole+1 {
		return -1
	}
	if i < len(p) && p[i] == '.' {
		if i = skipDigits(p, i+1); i < 0 {
			return -1
		}
	}
	if i < len(p) && p[i]|0x20 == 'e' {
		i++
		if i < len(p) && (p[i] == '+' || p[i] == '-') {
			i++
		}
		i = skipDigits(p, i)
	}
	return i
}

// skipDigits returns the end of the digits at p[i], -1 if there is none.
func skipDigits(p []byte, i int) int {
	from := i
	for i < len(p) && p[i]-'0' <= 9 {
		i++
	}
	if i == from {
		return -1
	}
	return i
}

// skipString returns the index behind the closing quote of the string whose
// content begins at p[i], -1 if it does not end or an escape is wrong.
func skipString(p []byte, i int) (end int, escaped bool) {
	for {
		i = skipPlain(p, i)
		if i == len(p) || p[i] < ' ' {
			return -1, false
		}
		if p[i] == '"' {
			return i + 1, escaped
		}
		escaped = true
		if i++; i == len(p) {
			return -1, false
		}
		switch p[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i++
		case 'u':
			if hex4(p[i+1:]) < 0 {
				return -1, false
			}
			i += 5
		default:
			return -1, false
		}
	}
}

// skipPlain returns the index of the first quote, backslash or control
// character from p[i] on, eight bytes at a step. In each of the three sums a
// byte's top bit is set if the byte is zero, or below 0x20; a borrow can set
// it wrongly only in bytes above a right one, and the lowest is the one used.
func skipPlain(p []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(p); i += 8 {
		w := binary.LittleEndian.Uint64(p[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		hit := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w) & tops
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(p) && p[i] != '"' && p[i] != '\\' && p[i] >= ' ' {
		i++
	}
	return i
}

// appendUnescaped appends the content of a JSON string, which skipString has
// accepted. Half a surrogate pair becomes U+FFFD.
func appendUnescaped(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(s)
			s = s[4:]
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
					low = hex4(s[2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					s = s[6:]
				}
			}
			dst = utf8.AppendRune(dst, r)
		default: // the quote, the backslash and the slash stand for themselves
			dst = append(dst, c)
		}
	}
}

// hex4 reads four hexadecimal digits; -1 if they are not there.
func hex4(p []byte) (r rune) {
	if len(p) < 4 {
		return -1
	}
	for _, c := range p[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20-'a' <= 5:
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}
