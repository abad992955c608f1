package wire

import (
	"encoding/binary"
	"errors"
)

// Type is a msgpack value's family; how wide its header is does not matter.
type Type uint8

// The types of msgpack. Invalid is the one byte that is none of them, 0xc1.
const (
	Invalid Type = iota
	Nil
	Bool
	Int
	Float
	Str
	Bin
	Ext
	Array
	Map
)

// MaxDepth is how deep containers may nest in a value that Measure accepts;
// whoever decodes such a value may recurse.
const MaxDepth = 100

var (
	// ErrShort says that a value goes on beyond the bytes at hand.
	ErrShort = errors.New("msgpack value is cut short")
	// ErrSyntax says that a byte is no msgpack.
	ErrSyntax = errors.New("byte 0xc1 is no msgpack")
	// ErrDepth says that containers nest deeper than MaxDepth.
	ErrDepth = errors.New("msgpack value nests too deep")
)

// Value is what a value's header says. A container's Body is 0 and Count its
// elements (a map's: its pairs); for all others Head+Body is the whole value.
// An ext's Head ends with the byte of its type.
type Value struct {
	Type  Type
	Head  int
	Body  int
	Count int
}

// header is what a first byte says: how long the header is, how many bytes of
// it are a length, and, when there are none, the body or count itself. fixed
// is the whole value's length where the first byte tells, else 0.
type header struct {
	typ   Type
	head  uint8
	wide  uint8
	n     uint8
	fixed uint8
}

var headers = makeHeaders()

func makeHeaders() (h [256]header) {
	for c := range 256 {
		switch {
		case c <= 0x7f, c >= 0xe0:
			h[c] = header{typ: Int, head: 1}
		case c <= 0x8f:
			h[c] = header{typ: Map, head: 1, n: uint8(c & 0x0f)}
		case c <= 0x9f:
			h[c] = header{typ: Array, head: 1, n: uint8(c & 0x0f)}
		case c <= 0xbf:
			h[c] = header{typ: Str, head: 1, n: uint8(c & 0x1f)}
		}
	}
	h[0xc0] = header{typ: Nil, head: 1}
	h[0xc2], h[0xc3] = header{typ: Bool, head: 1}, header{typ: Bool, head: 1}
	h[0xca], h[0xcb] = header{typ: Float, head: 1, n: 4}, header{typ: Float, head: 1, n: 8}
	for i := range uint8(3) {
		w := uint8(1) << i
		h[0xc4+i] = header{typ: Bin, head: 1 + w, wide: w}
		h[0xc7+i] = header{typ: Ext, head: 2 + w, wide: w}
		h[0xd9+i] = header{typ: Str, head: 1 + w, wide: w}
	}
	for i := range uint8(4) {
		h[0xcc+i] = header{typ: Int, head: 1, n: 1 << i}
		h[0xd0+i] = header{typ: Int, head: 1, n: 1 << i}
	}
	for i := range uint8(5) {
		h[0xd4+i] = header{typ: Ext, head: 2, n: 1 << i}
	}
	for i := range uint8(2) {
		w := uint8(2) << i
		h[0xdc+i] = header{typ: Array, head: 1 + w, wide: w}
		h[0xde+i] = header{typ: Map, head: 1 + w, wide: w}
	}
	for c := range h {
		if h[c].wide == 0 && h[c].typ != Invalid && h[c].typ < Array {
			h[c].fixed = h[c].head + h[c].n
		}
	}
	return h
}

// Head reads the header at the start of p. The body need not be there.
func Head(p []byte) (v Value, err error) {
	if len(p) == 0 {
		return v, ErrShort
	}
	h := headers[p[0]]
	if len(p) < int(h.head) {
		return v, ErrShort
	}
	n := int(h.n)
	switch h.wide {
	case 1:
		n = int(p[1])
	case 2:
		n = int(binary.BigEndian.Uint16(p[1:]))
	case 4:
		n = int(binary.BigEndian.Uint32(p[1:]))
	}
	v = Value{Type: h.typ, Head: int(h.head)}
	switch h.typ {
	case Array, Map:
		v.Count = n
	case Invalid:
		return v, ErrSyntax
	default:
		v.Body = n
	}
	return v, nil
}

// kids is the number of values inside.
func (v *Value) kids() int {
	if v.Type == Map {
		return 2 * v.Count
	}
	return v.Count
}

// Skip returns the length of the value at the start of p, however deep.
func Skip(p []byte) (int, error) {
	at := 0
	for need := 1; need > 0; need-- {
		v, err := Head(p[at:])
		if err != nil {
			return 0, err
		}
		at += v.Head + v.Body
		need += v.kids()
		if at > len(p) || need-1 > len(p)-at {
			return 0, ErrShort
		}
	}
	return at, nil
}

// Measure reads the header at the start of p and finds the value's end. All of
// it is there and well formed, and it nests at most depth containers; ErrDepth
// tells a value that Skip would pass.
func Measure(p []byte, depth int) (v Value, end int, err error) {
	if len(p) > 0 {
		if h := &headers[p[0]]; h.fixed != 0 && int(h.fixed) <= len(p) {
			return Value{Type: h.typ, Head: int(h.head), Body: int(h.n)}, int(h.fixed), nil
		}
	}
	if v, err = Head(p); err != nil {
		return v, 0, err
	}
	if end = v.Head + v.Body; v.Type != Array && v.Type != Map {
		if end > len(p) {
			return v, 0, ErrShort
		}
		return v, end, nil
	}
	if depth < 1 {
		return v, 0, ErrDepth
	}
	end, err = walk(p, end, v.kids(), min(depth, MaxDepth))
	return v, end, err
}

// walk measures a container of n values whose header ends at at.
func walk(p []byte, at, n, depth int) (int, error) {
	var left [MaxDepth + 1]uint32 // values still to come, by level
	for level := 1; ; {
		if n > len(p)-at {
			return 0, ErrShort
		}
		left[level] = uint32(n)
		for left[level] == 0 {
			if level--; level == 0 {
				return at, nil
			}
		}
		left[level]--
		v, err := Head(p[at:])
		if err != nil {
			return 0, err
		}
		if at += v.Head + v.Body; at > len(p) {
			return 0, ErrShort
		}
		n = int(left[level])
		if v.Type >= Array {
			if level++; level > depth {
				return 0, ErrDepth
			}
			n = v.kids()
		}
	}
}
