package format

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"sluice/event"
	"sluice/parser"
	"sluice/wire"
	"sluice/wire/quote"
)

// appendValue writes a value as JSON on one line.
func appendValue(dst, p []byte, kind event.Kind) []byte {
	switch kind {
	case event.JSON:
		return appendCompact(dst, p)
	case event.Msgp:
		from := len(dst)
		out, n := wire.ToJSON(dst, p)
		if n == 0 || n != len(p) { // broken, or too deep
			return append(base64.StdEncoding.AppendEncode(append(out[:from], '"'), p), '"')
		}
		return out
	}
	return quote.Append(dst, p)
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
		return wire.ToText(dst, p)
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

// AppendText writes a value of b as Ruby's to_s would, but for arrays and
// objects, which are JSON.
func AppendText(dst []byte, b *event.Batch, v event.Value) []byte {
	return appendText(dst, b.Bytes(v), v.Kind)
}
