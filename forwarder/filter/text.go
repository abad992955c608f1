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
		lo, hi := descendMsgp(p, step)
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
	h, err := wire.Head(p)
	if err == nil && (h.Type == wire.Str || h.Type == wire.Bin) && h.Head+h.Body <= len(p) {
		return event.Value{Off: off + uint32(h.Head), Len: uint32(h.Body), Kind: event.Text}
	}
	return event.Value{Off: off, Len: uint32(len(p)), Kind: event.Msgp}
}

// descendMsgp finds one member of the map, or element of the array, at the
// start of p; lo is 0 if there is none. Of members with the same name the last
// counts.
func descendMsgp(p []byte, step parser.Step) (lo, hi int) {
	h, err := wire.Head(p)
	want := wire.Map
	if step.Index >= 0 {
		want = wire.Array
	}
	if err != nil || h.Type != want {
		return 0, 0
	}
	at := h.Head
	for n := range h.Count {
		named := n == step.Index
		if want == wire.Map {
			key, err := wire.Skip(p[at:])
			if err != nil {
				return 0, 0
			}
			name := plain(p[at:at+key], uint32(at))
			named = name.Kind == event.Text && string(p[name.Off:name.Off+name.Len]) == step.Name
			at += key
		}
		size, err := wire.Skip(p[at:])
		if err != nil {
			return 0, 0
		}
		if named {
			lo, hi = at, at+size
		}
		at += size
	}
	return lo, hi
}
