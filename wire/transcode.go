package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

// appendJSON appends one JSON value as msgpack; false: it is no valid JSON.
// Whole numbers of 64 bits stay exact, others become float64.
func appendJSON(dst, p []byte) ([]byte, bool) {
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
	if bytes.IndexByte(inner, '\\') < 0 {
		return msgp.AppendStringFromBytes(dst, inner)
	}
	var s string
	json.Unmarshal(quoted, &s) // valid: see appendJSON
	return msgp.AppendString(dst, s)
}

func appendNumber(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, ".eE") { // a failed try costs memory
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return msgp.AppendInt64(dst, i)
		}
		if u, err := strconv.ParseUint(s, 10, 64); err == nil {
			return msgp.AppendUint64(dst, u)
		}
	}
	f, _ := strconv.ParseFloat(s, 64) // beyond its range: infinite
	return msgp.AppendFloat64(dst, f)
}
