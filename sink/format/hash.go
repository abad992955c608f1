package format

import (
	"encoding/binary"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/parser"
	"sluice/wire"
)

// members visits the record's fields in their order: name and value, as JSON or
// in the encoding it arrived in.
func (r *record) members(visit func(name string, p []byte, kind event.Kind)) {
	for _, f := range r.fields {
		if name := r.b.Keys[f.Key]; !r.overridden(name) {
			visit(name, r.b.Bytes(f.Val), f.Val.Kind)
		}
	}
	for i := range r.shared {
		if m := &r.shared[i]; !r.overridden(m.name) && !r.own(m.name) {
			visit(m.name, m.json, event.JSON)
		}
	}
	for i := range r.injected {
		visit(r.injected[i].name, r.injected[i].append(nil, r), event.JSON)
	}
}

// appendHash writes the record as Ruby shows a hash: {"a"=>1, "b"=>nil}.
func appendHash(dst []byte, r *record) []byte {
	dst = append(dst, '{')
	first := true
	r.members(func(name string, p []byte, kind event.Kind) {
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		dst = append(appendInspected(dst, bytesOf(name)), "=>"...)
		if kind == event.Text {
			dst = appendInspected(dst, p)
			return
		}
		dst = appendInspectedJSON(dst, appendValue(nil, p, kind))
	})
	return append(dst, '}')
}

// appendInspectedJSON writes a valid JSON value as Ruby shows it.
func appendInspectedJSON(dst, p []byte) []byte {
	switch p[0] {
	case '"':
		text, _ := parser.AppendUnquoted(nil, p)
		return appendInspected(dst, text)
	case 'n':
		return append(dst, "nil"...)
	case '{', '[':
		m, _ := parser.OpenMembers(p)
		dst = append(dst, p[0])
		for first := true; m.Next(); first = false {
			if !first {
				dst = append(dst, ", "...)
			}
			if m.Object() {
				dst = append(appendInspected(dst, m.AppendName(nil)), "=>"...)
			}
			dst = appendInspectedJSON(dst, m.Value())
		}
		return append(dst, p[0]+2)
	}
	return append(dst, p...)
}

// appendInspected writes a text as Ruby's inspect does.
func appendInspected(dst, s []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = fmt.Appendf(dst, `\x%02X`, s[i])
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '#' && i+1 < len(s) && (s[i+1] == '{' || s[i+1] == '$' || s[i+1] == '@'):
			dst = append(dst, '\\', '#')
		case r >= '\a' && r <= '\r':
			dst = append(dst, '\\', "abtnvfr"[r-'\a'])
		case r == 0x1b:
			dst = append(dst, '\\', 'e')
		case unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs, unicode.Cf, unicode.Co):
			dst = append(dst, s[i:i+n]...)
		case r > 0xffff:
			dst = fmt.Appendf(dst, `\u{%X}`, r)
		default:
			dst = fmt.Appendf(dst, `\u%04X`, r)
		}
		i += n
	}
	return append(dst, '"')
}

// appendMsgpack writes the record as a msgpack map.
func appendMsgpack(dst []byte, r *record) []byte {
	head := len(dst)
	dst = append(dst, 0xdf, 0, 0, 0, 0)
	n := uint32(0)
	r.members(func(name string, p []byte, kind event.Kind) {
		n++
		dst = msgp.AppendString(dst, name)
		switch kind {
		case event.Text:
			dst = msgp.AppendStringFromBytes(dst, p)
		case event.Msgp:
			dst = append(dst, p...)
		default:
			out, ok := wire.AppendJSON(dst, p)
			if dst = out; !ok {
				dst = msgp.AppendStringFromBytes(dst, p)
			}
		}
	})
	binary.BigEndian.PutUint32(dst[head+1:], n)
	return dst
}
