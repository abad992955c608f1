package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

// AppendJSON appends one JSON value as msgpack; false: it is no valid JSON, and
// nothing was appended. Whole numbers of 64 bits stay exact, others become
// float64. It allocates only to grow dst.
func AppendJSON(dst, p []byte) ([]byte, bool) {
	if !json.Valid(p) { // also bounds the nesting, at 10,000
		return dst, false
	}
	dst, _ = transcode(dst, p)
	return dst, true
}

// transcode appends the value at the start of p, which is valid, and returns
// what follows it.
func transcode(dst, p []byte) (out, rest []byte) {
	p = p[blanks(p):]
	switch p[0] {
	case '[':
		return container(dst, p, 0xdd, ']')
	case '{':
		return container(dst, p, 0xdf, '}')
	case '"':
		n := textEnd(p)
		return appendText(dst, p[:n]), p[n:]
	case 'n':
		return msgp.AppendNil(dst), p[4:]
	case 't':
		return msgp.AppendBool(dst, true), p[4:]
	case 'f':
		return msgp.AppendBool(dst, false), p[5:]
	}
	n := bytes.IndexAny(p, " \t\r\n,]}")
	if n < 0 {
		n = len(p)
	}
	return appendNumber(dst, string(p[:n])), p[n:]
}

// container appends an array or a map, whose header gets its count afterwards.
func container(dst, p []byte, header, end byte) (out, rest []byte) {
	head := len(dst)
	dst = append(dst, header, 0, 0, 0, 0)
	n := uint32(0)
	for p = next(p[1:]); p[0] != end; n++ {
		if header == 0xdf {
			dst, p = transcode(dst, p)
			p = next(p)[1:] // the colon
		}
		dst, p = transcode(dst, p)
		if p = next(p); p[0] == ',' {
			p = next(p[1:])
		}
	}
	binary.BigEndian.PutUint32(dst[head+1:], n)
	return dst, p[1:]
}

// blanks is the number of bytes of white space at the start of p.
func blanks(p []byte) int {
	for i, c := range p {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return i
		}
	}
	return len(p)
}

func next(p []byte) []byte { return p[blanks(p):] }

// textEnd is the length of the string, quotes included, at the start of p.
func textEnd(p []byte) int {
	for i := 1; ; i++ {
		switch p[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
}

func appendText(dst, quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	i := bytes.IndexByte(inner, '\\')
	if i < 0 {
		return msgp.AppendStringFromBytes(dst, inner)
	}
	head := len(dst)
	dst = append(dst, 0xdb, 0, 0, 0, 0) // how long it will be is not known yet
	for ; i >= 0; i = bytes.IndexByte(inner, '\\') {
		dst = append(dst, inner[:i]...)
		dst, inner = unescape(dst, inner[i+1:])
	}
	dst = append(dst, inner...)
	binary.BigEndian.PutUint32(dst[head+1:], uint32(len(dst)-head-5))
	return dst
}

// unescape appends the character that p, behind a backslash, stands for, and
// returns what follows. Half a surrogate pair becomes U+FFFD.
func unescape(dst, p []byte) (out, rest []byte) {
	c := p[0]
	if c != 'u' {
		if i := bytes.IndexByte([]byte("bfnrt"), c); i >= 0 {
			c = "\b\f\n\r\t"[i]
		}
		return append(dst, c), p[1:]
	}
	r, p := hex4(p[1:]), p[5:]
	if utf16.IsSurrogate(r) {
		whole := rune(utf8.RuneError)
		if len(p) >= 6 && p[0] == '\\' && p[1] == 'u' {
			whole = utf16.DecodeRune(r, hex4(p[2:]))
		}
		if r = whole; r != utf8.RuneError {
			p = p[6:]
		}
	}
	return utf8.AppendRune(dst, r), p
}

func hex4(p []byte) (r rune) {
	for _, c := range p[:4] {
		r <<= 4
		switch {
		case c <= '9':
			r |= rune(c - '0')
		default:
			r |= rune(c|0x20-'a') + 10
		}
	}
	return r
}

func appendNumber(dst []byte, s string) []byte {
	switch { // a try that fails costs memory
	case strings.ContainsAny(s, ".eE"):
	case s[0] == '-':
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return msgp.AppendInt64(dst, i)
		}
	default:
		if u, err := strconv.ParseUint(s, 10, 64); err == nil && u > 1<<63-1 {
			return msgp.AppendUint64(dst, u)
		} else if err == nil {
			return msgp.AppendInt64(dst, int64(u))
		}
	}
	f, _ := strconv.ParseFloat(s, 64) // beyond its range: infinite
	return msgp.AppendFloat64(dst, f)
}
