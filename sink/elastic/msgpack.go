package elastic

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"sluice/event"
	"sluice/wire/quote"
)

// Extension types that are times: Forward's EventTime, the one that the Go
// library msgp writes, and the one of the msgpack specification.
const (
	extEventTime = 0
	extMsgpTime  = 5
	extTimestamp = -1
)

// msgpack transcodes the value at pos (github.com/msgpack/msgpack/spec.md). It
// reports false where the source is cut, uses the reserved byte 0xc1, or nests
// deeper than maxText. No length is believed before the bytes are there.
func (w *writer) msgpack(depth int) bool {
	c, ok := w.byte()
	if !ok {
		return false
	}
	switch {
	case c <= 0x7f:
		w.dst = strconv.AppendUint(w.dst, uint64(c), 10)
		return true
	case c <= 0x8f:
		return w.msgMap(uint64(c&0x0f), depth)
	case c <= 0x9f:
		return w.msgArray(uint64(c&0x0f), depth)
	case c <= 0xbf:
		return w.msgString(uint64(c & 0x1f))
	case c >= 0xe0:
		w.dst = strconv.AppendInt(w.dst, int64(int8(c)), 10)
		return true
	case c >= 0xdc:
		n, ok := w.uint(2 << (c & 1))
		switch {
		case !ok:
			return false
		case c >= 0xde:
			return w.msgMap(n, depth)
		}
		return w.msgArray(n, depth)
	}
	return w.msgScalar(c)
}

// msgScalar is msgpack for what begins with 0xc0 to 0xdb.
func (w *writer) msgScalar(c byte) bool {
	switch c {
	case 0xc0:
		w.dst = append(w.dst, "null"...)
		return true
	case 0xc2:
		w.dst = append(w.dst, "false"...)
		return true
	case 0xc3:
		w.dst = append(w.dst, "true"...)
		return true
	case 0xc4, 0xc5, 0xc6:
		n, ok := w.uint(1 << (c - 0xc4))
		p, ok2 := w.take(n)
		w.dst = appendBinary(w.dst, p)
		return ok && ok2
	case 0xc7, 0xc8, 0xc9:
		n, ok := w.uint(1 << (c - 0xc7))
		return ok && w.msgExt(n)
	case 0xca, 0xcb:
		return w.msgFloat(c == 0xca)
	case 0xcc, 0xcd, 0xce, 0xcf:
		n, ok := w.uint(1 << (c - 0xcc))
		w.appendUint(n)
		return ok
	case 0xd0, 0xd1, 0xd2, 0xd3:
		size := 1 << (c - 0xd0)
		n, ok := w.uint(size)
		shift := 64 - 8*size
		w.dst = strconv.AppendInt(w.dst, int64(n<<shift)>>shift, 10)
		return ok
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return w.msgExt(1 << (c - 0xd4))
	case 0xd9, 0xda, 0xdb:
		n, ok := w.uint(1 << (c - 0xd9))
		return ok && w.msgString(n)
	}
	return false // 0xc1 is reserved
}

func (w *writer) byte() (byte, bool) {
	if w.pos >= len(w.src) {
		return 0, false
	}
	w.pos++
	return w.src[w.pos-1], true
}

func (w *writer) take(n uint64) ([]byte, bool) {
	if n > uint64(len(w.src)-w.pos) {
		return nil, false
	}
	p := w.src[w.pos : w.pos+int(n)]
	w.pos += int(n)
	return p, true
}

// uint reads a big-endian integer of size bytes.
func (w *writer) uint(size int) (n uint64, ok bool) {
	p, ok := w.take(uint64(size))
	for _, c := range p {
		n = n<<8 | uint64(c)
	}
	return n, ok
}

// appendUint writes an integer, as a string beyond int64.
func (w *writer) appendUint(n uint64) {
	quote := n > math.MaxInt64 && !w.loose
	if quote {
		w.dst = append(w.dst, '"')
	}
	w.dst = strconv.AppendUint(w.dst, n, 10)
	if quote {
		w.dst = append(w.dst, '"')
	}
}

func (w *writer) msgString(n uint64) bool {
	p, ok := w.take(n)
	w.dst = quote.Append(w.dst, p)
	return ok
}

func (w *writer) msgFloat(single bool) bool {
	size, bits := 8, 64
	if single {
		size, bits = 4, 32
	}
	n, ok := w.uint(size)
	f := math.Float64frombits(n)
	if single {
		f = float64(math.Float32frombits(uint32(n)))
	}
	w.dst = appendFloat(w.dst, f, bits)
	return ok
}

// appendFloat writes a float so that it is seen to be one: the first value of
// a new field decides its type. What JSON cannot say is null.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	start := len(dst)
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, bits)
	for _, c := range dst[start:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// msgExt reads an extension's type and n bytes of data.
func (w *writer) msgExt(n uint64) bool {
	kind, ok := w.byte()
	p, ok2 := w.take(n)
	if !ok || !ok2 {
		return false
	}
	if t, ok := extTime(int8(kind), p); ok {
		var c clock
		w.dst = append(c.append(append(w.dst, '"'), clamp(t)), 'Z', '"')
		return true
	}
	w.dst = append(w.dst, '"')
	w.dst = base64.StdEncoding.AppendEncode(w.dst, p)
	w.dst = append(w.dst, '"')
	return true
}

func extTime(kind int8, p []byte) (t event.Time, ok bool) {
	be := binary.BigEndian
	switch {
	case kind == extEventTime && len(p) == 8:
		t = event.Time{Sec: int64(be.Uint32(p)), Nsec: be.Uint32(p[4:])}
	case kind == extMsgpTime && len(p) == 12:
		t = event.Time{Sec: int64(be.Uint64(p)), Nsec: be.Uint32(p[8:])}
	case kind == extTimestamp && len(p) == 4:
		t = event.Time{Sec: int64(be.Uint32(p))}
	case kind == extTimestamp && len(p) == 8:
		n := be.Uint64(p)
		t = event.Time{Sec: int64(n & (1<<34 - 1)), Nsec: uint32(n >> 34)}
	case kind == extTimestamp && len(p) == 12:
		t = event.Time{Sec: int64(be.Uint64(p[4:])), Nsec: be.Uint32(p)}
	default:
		return t, false
	}
	return t, true
}

func (w *writer) msgArray(n uint64, depth int) bool {
	if depth >= maxDepth && !w.loose {
		start := w.beginText()
		return w.endText(start, w.msgArray(n, 0))
	}
	if depth >= maxText {
		return false
	}
	base := w.open('[')
	for ; n > 0; n-- {
		if !w.msgpack(depth + 1) {
			return false
		}
		w.dst = append(w.dst, ',')
	}
	w.close(base, ']')
	return true
}

func (w *writer) msgMap(n uint64, depth int) bool {
	if (depth >= maxDepth || n > maxMembers) && !w.loose {
		start := w.beginText()
		return w.endText(start, w.msgMap(n, 0))
	}
	if depth >= maxText {
		return false
	}
	base := w.open('{')
	for ; n > 0; n-- {
		name, ok := w.msgName(depth)
		if !ok || !w.key(base, name) || !w.msgpack(depth+1) {
			return false
		}
		w.dst = append(w.dst, ',')
	}
	w.close(base, '}')
	return true
}

// beginText and endText bracket a container that becomes a string holding its JSON.
func (w *writer) beginText() (start int) {
	w.loose = true
	return len(w.dst)
}

func (w *writer) endText(start int, ok bool) bool {
	w.loose = false
	w.text = append(w.text[:0], w.dst[start:]...)
	w.dst = quote.Append(w.dst[:start], w.text)
	return ok
}

// msgName reads a map's key: a string as it is, anything else as its text.
func (w *writer) msgName(depth int) ([]byte, bool) {
	if w.pos >= len(w.src) {
		return nil, false
	}
	n, size := uint64(0), 0
	switch c := w.src[w.pos]; {
	case c >= 0xa0 && c <= 0xbf:
		n = uint64(c & 0x1f)
	case c >= 0xd9 && c <= 0xdb:
		size = 1 << (c - 0xd9)
	default:
		return w.msgOddName(depth)
	}
	w.pos++
	if size > 0 {
		var ok bool
		if n, ok = w.uint(size); !ok {
			return nil, false
		}
	}
	return w.take(n)
}

// msgOddName is the name for a key that is no string: the JSON of its value,
// without quotes where it is one string.
func (w *writer) msgOddName(depth int) ([]byte, bool) {
	start, loose := len(w.dst), w.loose
	w.loose = true
	ok := w.msgpack(depth + 1)
	w.loose = loose
	p := w.dst[start:]
	if len(p) > 1 && p[0] == '"' {
		p = p[1 : len(p)-1]
	}
	w.name = append(w.name[:0], p...)
	w.dst = w.dst[:start]
	return w.name, ok && utf8.Valid(w.name)
}
