package filter

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

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
		h, err := wire.Head(p)
		if err != nil || h.Type == wire.Nil {
			return dst
		}
		if h.Type == wire.Str || h.Type == wire.Bin {
			return append(dst, p[min(h.Head, len(p)):min(h.Head+h.Body, len(p))]...)
		}
		dst, _ = appendJSON(dst, p, 0)
		return dst
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

// appendJSON appends the msgpack value at the start of p as JSON and returns
// its length; 0 for what is broken or nests too deep, and then nothing good is
// in dst.
func appendJSON(dst, p []byte, depth int) ([]byte, int) {
	h, err := wire.Head(p)
	if err != nil || h.Head+h.Body > len(p) || depth > wire.MaxDepth {
		return dst, 0
	}
	n := h.Head + h.Body
	switch h.Type {
	case wire.Bool:
		dst = strconv.AppendBool(dst, p[0] == 0xc3)
	case wire.Int:
		dst = appendInt(dst, p[:n])
	case wire.Float:
		dst = appendFloat(dst, p[h.Head:n])
	case wire.Str, wire.Bin:
		dst = parser.AppendQuoted(dst, p[h.Head:n])
	case wire.Array, wire.Map:
		return appendContainer(dst, p, h, depth)
	default: // nil; an ext has no JSON
		dst = append(dst, "null"...)
	}
	return dst, n
}

func appendContainer(dst, p []byte, h wire.Value, depth int) ([]byte, int) {
	brackets, values := "[]", h.Count
	if h.Type == wire.Map {
		brackets, values = "{}", 2*h.Count
	}
	dst = append(dst, brackets[0])
	at := h.Head
	for i := range values {
		if h.Type == wire.Map && i%2 == 1 {
			dst = append(dst, ':')
		} else if i > 0 {
			dst = append(dst, ',')
		}
		var n int
		if dst, n = appendJSON(dst, p[at:], depth+1); n == 0 {
			return dst, 0
		}
		at += n
	}
	return append(dst, brackets[1]), at
}

// appendInt appends the msgpack integer p, all of it.
func appendInt(dst, p []byte) []byte {
	var word [8]byte
	negative := p[0] >= 0xe0 || p[0] >= 0xd0 && p[0] <= 0xd3 && p[1] >= 0x80
	body := p[1:]
	if len(p) == 1 {
		body = p
	}
	if negative {
		word = [8]byte{255, 255, 255, 255, 255, 255, 255, 255}
	}
	copy(word[8-len(body):], body)
	n := binary.BigEndian.Uint64(word[:])
	if negative {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	return strconv.AppendUint(dst, n, 10)
}

// appendFloat appends four or eight bytes as Ruby writes a float: 1.0, not 1,
// and without an exponent from 0.0001 up to 1e16.
func appendFloat(dst, body []byte) []byte {
	from := len(dst)
	f, bits := 0.0, 64
	if len(body) == 4 {
		f, bits = float64(math.Float32frombits(binary.BigEndian.Uint32(body))), 32
	} else {
		f = math.Float64frombits(binary.BigEndian.Uint64(body))
	}
	form := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		form = 'g'
	}
	dst = strconv.AppendFloat(dst, f, form, -1, bits)
	if !bytes.ContainsAny(dst[from:], ".eIN") {
		dst = append(dst, ".0"...)
	}
	return dst
}
