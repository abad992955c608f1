package filter

import (
	"sluice/event"
	"sluice/parser"
	"sluice/wire"
)

// textOf returns v as Text if it is a string in any encoding. A JSON string
// with escapes is written to the arena's end.
func textOf(b *event.Batch, v event.Value) (event.Value, bool) {
	switch v.Kind {
	case event.JSON:
		return parser.Unquote(b, v)
	case event.Msgp:
		v = plain(b.Bytes(v), v.Off)
	}
	return v, v.Kind == event.Text
}

// appendText appends a value as a text, as Ruby's to_s would but for objects
// and arrays, which are written as JSON: a string's content, a number's
// digits, nothing for null.
func appendText(dst, p []byte, k event.Kind) []byte {
	switch k {
	case event.JSON:
		if out, ok := parser.AppendUnquoted(dst, p); ok {
			return out
		}
		if string(p) == "null" {
			return dst
		}
	case event.Msgp:
		return wire.ToText(dst, p)
	}
	return append(dst, p...)
}

// lookupMsgp is parser.Lookup for a msgpack value: what it finds is Text if it
// is a string, else Msgp.
func lookupMsgp(b *event.Batch, v event.Value, path []parser.Step) (event.Value, bool) {
	p, off := b.Bytes(v), v.Off
	for _, step := range path {
		lo, hi := wire.Descend(p, step.Name, step.Index)
		if lo == 0 {
			return event.Value{}, false
		}
		p, off = p[lo:hi], off+uint32(lo)
	}
	return plain(p, off), true
}

// plain is the msgpack value p, which lies at off in the arena: a string's
// content is Text.
func plain(p []byte, off uint32) event.Value {
	if text, ok := wire.Content(p); ok {
		return event.Value{Off: off + uint32(len(p)-len(text)), Len: uint32(len(text)), Kind: event.Text}
	}
	return event.Value{Off: off, Len: uint32(len(p)), Kind: event.Msgp}
}
