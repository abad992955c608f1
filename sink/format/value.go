package format

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/parser"
	"sluice/wire"
)

// appendValue writes a value as JSON on one line.
func appendValue(dst, p []byte, kind event.Kind) []byte {
	switch kind {
	case event.JSON:
		return appendCompact(dst, p)
	case event.Msgp:
		from := len(dst)
		out, n := appendMsgp(dst, p, 0)
		if n == 0 || n != len(p) { // broken, or too deep
			return append(base64.StdEncoding.AppendEncode(append(out[:from], '"'), p), '"')
		}
		return out
	}
	return appendString(dst, p)
}

// appendText writes a value as Ruby's to_s would, but for arrays and objects,
// which are JSON.
func appendText(dst, p []byte, kind event.Kind) []byte {
	switch kind {
	case event.JSON:
		if string(p) == "null" {
			return dst
		}
		if out, ok := parser.AppendUnquoted(dst, p); ok {
			return out
		}
		return appendCompact(dst, p)
	case event.Msgp:
		h, err := wire.Head(p)
		if err != nil || h.Type == wire.Nil {
			return dst
		}
		if (h.Type == wire.Str || h.Type == wire.Bin) && h.Head+h.Body <= len(p) {
			return append(dst, p[h.Head:h.Head+h.Body]...)
		}
		return appendValue(dst, p, kind)
	}
	return append(dst, p...)
}

// appendCompact writes a JSON value without the white space between its parts,
// and what is no UTF-8 in its strings as U+FFFD.
func appendCompact(dst, p []byte) []byte {
	if !bytes.ContainsAny(p, " \n\r\t") && utf8.Valid(p) {
		return append(dst, p...)
	}
	quoted := false
	for i := 0; i < len(p); {
		c := p[i]
		switch {
		case !quoted && (c == ' ' || c == '\n' || c == '\r' || c == '\t'):
			i++
			continue
		case quoted && c == '\\' && i+1 < len(p):
			dst = append(dst, c, p[i+1])
			i += 2
			continue
		case c == '"':
			quoted = !quoted
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(p[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		dst = append(dst, c)
		i++
	}
	return dst
}

// appendMsgp writes the msgpack value at the start of p as JSON and returns its
// length; 0 for what is broken or nests too deep.
func appendMsgp(dst, p []byte, depth int) ([]byte, int) {
	h, err := wire.Head(p)
	if err != nil || h.Head+h.Body > len(p) || depth > wire.MaxDepth {
		return dst, 0
	}
	n := h.Head + h.Body
	switch h.Type {
	case wire.Bool:
		dst = strconv.AppendBool(dst, p[0] == 0xc3)
	case wire.Int:
		if i, _, err := msgp.ReadInt64Bytes(p); err == nil {
			dst = strconv.AppendInt(dst, i, 10)
		} else {
			u, _, _ := msgp.ReadUint64Bytes(p)
			dst = strconv.AppendUint(dst, u, 10)
		}
	case wire.Float:
		dst = appendFloat(dst, p, n)
	case wire.Str, wire.Bin:
		dst = appendString(dst, p[h.Head:n])
	case wire.Array, wire.Map:
		return appendContainer(dst, p, h, depth)
	case wire.Ext: // a time is its seconds, as Fluentd writes it
		if t, _, ok := wire.ReadTime(p[:n]); ok {
			dst = strconv.AppendInt(dst, event.Time(t).Sec, 10)
		} else {
			dst = append(base64.StdEncoding.AppendEncode(append(dst, '"'), p[h.Head:n]), '"')
		}
	default:
		dst = append(dst, "null"...)
	}
	return dst, n
}

// appendFloat writes a float as Ruby does: 1.0, not 1. JSON has no infinity.
func appendFloat(dst, p []byte, n int) []byte {
	bits, f := 64, 0.0
	if n == 5 {
		f32, _, _ := msgp.ReadFloat32Bytes(p)
		bits, f = 32, float64(f32)
	} else {
		f, _, _ = msgp.ReadFloat64Bytes(p)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', -1, bits)
	if !bytes.ContainsAny(dst[from:], ".e") {
		dst = append(dst, ".0"...)
	}
	return dst
}

func appendContainer(dst, p []byte, h wire.Value, depth int) ([]byte, int) {
	brackets, values := "[]", h.Count
	if h.Type == wire.Map {
		brackets, values = "{}", 2*h.Count
	}
	dst = append(dst, brackets[0])
	at := h.Head
	for i := range values {
		name := h.Type == wire.Map && i%2 == 0
		if h.Type == wire.Map && i%2 == 1 {
			dst = append(dst, ':')
		} else if i > 0 {
			dst = append(dst, ',')
		}
		from := len(dst)
		var n int
		if dst, n = appendMsgp(dst, p[at:], depth+1); n == 0 {
			return dst, 0
		}
		if name && dst[from] != '"' { // a name that is no text
			text := append([]byte(nil), dst[from:]...)
			dst = appendString(dst[:from], text)
		}
		at += n
	}
	return append(dst, brackets[1]), at
}

// appendString writes s as a JSON string, U+FFFD for what is no UTF-8.
func appendString(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

// AppendText writes a value of b as Ruby's to_s would, but for arrays and
// objects, which are JSON.
func AppendText(dst []byte, b *event.Batch, v event.Value) []byte {
	return appendText(dst, b.Bytes(v), v.Kind)
}
