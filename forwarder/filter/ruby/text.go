package ruby

import (
	"math"
	"strconv"
	"time"
	"unsafe"

	"sluice/event"
	"sluice/wire"
	"sluice/wire/quote"
)

// view looks at bytes as a string, and bytesOf the other way round. The bytes
// of a batch's arena and of an Env's scratch never change while a record is
// worked on, and no value outlives its record, so that nothing is copied.
func view(p []byte) string { return unsafe.String(unsafe.SliceData(p), len(p)) }

func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// appendText appends v as to_s writes it; hashes and arrays as JSON.
func appendText(dst []byte, v value) []byte {
	switch v.kind {
	case kNil:
		return dst
	case kStr, kSym, kClass:
		return append(dst, v.s...)
	case kFloat:
		return wire.AppendFloat(dst, v.float(), 64)
	case kTime:
		return appendTime(dst, v)
	case kRange:
		dst = appendText(dst, v.o.list[0])
		if dst = append(dst, ".."...); v.o.open {
			dst = append(dst, '.')
		}
		return appendText(dst, v.o.list[1])
	case kRegexp:
		return append(append(append(dst, "(?-mix:"...), v.s...), ')')
	case kMatch:
		return appendText(dst, v.o.list[0])
	}
	return appendJSON(dst, v)
}

// appendTime is Time#to_s.
func appendTime(dst []byte, v value) []byte {
	t := stdTime(v)
	if isUTC(v) {
		return t.AppendFormat(dst, "2006-01-02 15:04:05 UTC")
	}
	return t.AppendFormat(dst, "2006-01-02 15:04:05 -0700")
}

// isUTC tells a time in UTC from a local one where that is the same.
func isUTC(v value) bool { return v.o != nil && v.o.loc == time.UTC }

// appendJSON appends v as JSON.
func appendJSON(dst []byte, v value) []byte {
	switch v.kind {
	case kNil:
		return append(dst, "null"...)
	case kFalse:
		return append(dst, "false"...)
	case kTrue:
		return append(dst, "true"...)
	case kInt:
		return strconv.AppendInt(dst, v.n, 10)
	case kFloat:
		if f := v.float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return append(dst, "null"...)
		}
		return wire.AppendFloat(dst, v.float(), 64)
	case kRaw:
		if v.enc == event.JSON {
			return append(dst, v.s...)
		}
		return appendJSON(dst, force(v))
	case kArr:
		dst = append(dst, '[')
		for i, x := range v.o.list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, x)
		}
		return append(dst, ']')
	case kHash:
		dst = append(dst, '{')
		for i, p := range v.o.pairs {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(quote.Append(dst, appendText(nil, p.k)), ':')
			dst = appendJSON(dst, p.v)
		}
		return append(dst, '}')
	case kStr, kSym:
		return quote.Append(dst, bytesOf(v.s))
	}
	return quote.Append(dst, appendText(nil, v))
}

// inspect is how p would show a value; strings are quoted.
func inspect(v value) string {
	switch v.kind {
	case kNil:
		return "nil"
	case kStr:
		return string(quote.Append(nil, bytesOf(v.s)))
	case kSym:
		return ":" + v.s
	case kRegexp:
		return "/" + v.s + "/"
	}
	return string(appendText(nil, v))
}
