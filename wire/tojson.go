package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"sluice/wire/quote"
)

// ToJSON appends the msgpack value at the start of p as JSON, and returns its
// length: 0 for what is broken or nests deeper than MaxDepth, and then nothing
// was appended. A float is written as Ruby writes it, one that JSON cannot say
// is null; a time is its seconds, as Fluentd writes it, any other ext base64; a
// name that is no text becomes one.
func ToJSON(dst, p []byte) (out []byte, n int) {
	from := len(dst)
	if dst, n = toJSON(dst, p, 0); n == 0 {
		dst = dst[:from]
	}
	return dst, n
}

// ToText appends the msgpack value at the start of p as Ruby's to_s would, but
// for arrays and maps, which are JSON: a text's bytes as they are, nothing for
// nil and for what is broken.
func ToText(dst, p []byte) []byte {
	h, err := Head(p)
	switch {
	case err != nil || h.Head+h.Body > len(p) || h.Type == Nil:
		return dst
	case h.Type == Str || h.Type == Bin:
		return append(dst, p[h.Head:h.Head+h.Body]...)
	case h.Type == Float:
		f, bits := float(p[1 : 1+h.Body])
		return AppendFloat(dst, f, bits)
	}
	dst, _ = ToJSON(dst, p)
	return dst
}

func toJSON(dst, p []byte, depth int) ([]byte, int) {
	h, err := Head(p)
	if err != nil || h.Head+h.Body > len(p) || depth > MaxDepth {
		return dst, 0
	}
	n := h.Head + h.Body
	switch h.Type {
	case Bool:
		dst = strconv.AppendBool(dst, p[0] == 0xc3)
	case Int:
		dst = appendInt(dst, p[:n])
	case Float:
		if f, bits := float(p[h.Head:n]); math.IsNaN(f) || math.IsInf(f, 0) {
			dst = append(dst, "null"...)
		} else {
			dst = AppendFloat(dst, f, bits)
		}
	case Str, Bin:
		dst = quote.Append(dst, p[h.Head:n])
	case Array, Map:
		return jsonContainer(dst, p, h, depth)
	case Ext:
		if t, _, ok := ReadTime(p[:n]); ok {
			dst = strconv.AppendInt(dst, t.Sec, 10)
		} else {
			dst = append(base64.StdEncoding.AppendEncode(append(dst, '"'), p[h.Head:n]), '"')
		}
	default:
		dst = append(dst, "null"...)
	}
	return dst, n
}

func jsonContainer(dst, p []byte, h Value, depth int) ([]byte, int) {
	brackets := "[]"
	if h.Type == Map {
		brackets = "{}"
	}
	dst = append(dst, brackets[0])
	at := h.Head
	for i := range h.kids() {
		name := h.Type == Map && i%2 == 0
		if h.Type == Map && !name {
			dst = append(dst, ':')
		} else if i > 0 {
			dst = append(dst, ',')
		}
		from := len(dst)
		var n int
		if dst, n = toJSON(dst, p[at:], depth+1); n == 0 {
			return dst, 0
		}
		if name && dst[from] != '"' {
			text := slices.Clone(dst[from:])
			dst = quote.Append(dst[:from], text)
		}
		at += n
	}
	return append(dst, brackets[1]), at
}

// float reads the four or eight bytes of a float.
func float(p []byte) (f float64, bits int) {
	if len(p) == 4 {
		return float64(math.Float32frombits(binary.BigEndian.Uint32(p))), 32
	}
	return math.Float64frombits(bigEndian(p)), 64
}

func bigEndian(p []byte) (n uint64) {
	for _, c := range p {
		n = n<<8 | uint64(c)
	}
	return n
}

// appendInt appends the msgpack integer p, all of it.
func appendInt(dst, p []byte) []byte {
	switch c := p[0]; {
	case c <= 0x7f || c >= 0xe0:
		return strconv.AppendInt(dst, int64(int8(c)), 10)
	case c >= 0xd0:
		shift := 64 - 8*(len(p)-1)
		return strconv.AppendInt(dst, int64(bigEndian(p[1:])<<shift)>>shift, 10)
	}
	return strconv.AppendUint(dst, bigEndian(p[1:]), 10)
}

// AppendFloat writes a float as Ruby does: 1.0, 1.0e+20, NaN; with the fewest
// digits that tell it from other floats of so many bits.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	from, form := len(dst), byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		form = 'e'
	}
	dst = strconv.AppendFloat(dst, f, form, -1, bits)
	if bytes.IndexByte(dst[from:], '.') >= 0 {
		return dst
	}
	end := len(dst)
	if form == 'e' {
		end = from + bytes.IndexByte(dst[from:], 'e')
	}
	return slices.Insert(dst, end, '.', '0')
}
