package ruby

import (
	"bytes"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"

	"sluice/event"
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
		return appendFloat(dst, v.float())
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

// appendFloat writes a float as Ruby does: 1.0, 1.0e+20, NaN.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	from := len(dst)
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
		if !bytes.Contains(dst[from:], []byte(".")) {
			e := from + bytes.IndexByte(dst[from:], 'e')
			tail := string(dst[e:])
			dst = append(append(dst[:e], ".0"...), tail...)
		}
		return dst
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if !bytes.Contains(dst[from:], []byte(".")) {
		dst = append(dst, ".0"...)
	}
	return dst
}

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
		return appendFloat(dst, v.float())
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
			dst = append(appendQuoted(dst, string(appendText(nil, p.k))), ':')
			dst = appendJSON(dst, p.v)
		}
		return append(dst, '}')
	case kStr, kSym:
		return appendQuoted(dst, v.s)
	}
	return appendQuoted(dst, string(appendText(nil, v)))
}

// appendQuoted appends s as a JSON string; what is not UTF-8 becomes U+FFFD.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// inspect is how p would show a value; strings are quoted.
func inspect(v value) string {
	switch v.kind {
	case kNil:
		return "nil"
	case kStr:
		return string(appendQuoted(nil, v.s))
	case kSym:
		return ":" + v.s
	case kRegexp:
		return "/" + v.s + "/"
	}
	return string(appendText(nil, v))
}
