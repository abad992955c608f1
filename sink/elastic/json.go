package elastic

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"sluice/wire/quote"
)

// json copies the JSON value at pos, normalising it on the way. It reports
// false where the source is not JSON (RFC 8259; raw control characters within
// strings are taken and escaped).
func (w *writer) json(depth int) bool {
	if w.pos >= len(w.src) {
		return false
	}
	switch c := w.src[w.pos]; c {
	case '"':
		return w.jsonString()
	case '{', '[':
		if depth >= maxDepth {
			return w.jsonText(w.pos)
		}
		if c == '{' {
			return w.jsonObject(depth + 1)
		}
		return w.jsonArray(depth + 1)
	case 't':
		return w.literal("true")
	case 'f':
		return w.literal("false")
	case 'n':
		return w.literal("null")
	}
	return w.jsonNumber()
}

func (w *writer) space() {
	for w.pos < len(w.src) {
		switch w.src[w.pos] {
		case ' ', '\t', '\n', '\r':
			w.pos++
		default:
			return
		}
	}
}

// is skips white space and then c, if c is next.
func (w *writer) is(c byte) bool {
	w.space()
	if w.pos < len(w.src) && w.src[w.pos] == c {
		w.pos++
		return true
	}
	return false
}

func (w *writer) literal(s string) bool {
	if len(w.src)-w.pos < len(s) || string(w.src[w.pos:w.pos+len(s)]) != s {
		return false
	}
	w.pos += len(s)
	w.dst = append(w.dst, s...)
	return true
}

func (w *writer) jsonObject(depth int) bool {
	from, start := w.pos, len(w.dst)
	base := w.open('{')
	w.pos++
	for first := true; !w.is('}'); first = false {
		if !first && !w.is(',') {
			return false
		}
		if len(w.members)-base >= maxMembers {
			w.dst, w.members = w.dst[:start], w.members[:base]
			return w.jsonText(from)
		}
		w.space()
		name, ok := w.jsonName()
		if !ok || !w.key(base, name) || !w.is(':') {
			return false
		}
		w.space()
		if !w.json(depth) {
			return false
		}
		w.dst = append(w.dst, ',')
	}
	w.close(base, '}')
	return true
}

func (w *writer) jsonArray(depth int) bool {
	base := w.open('[')
	w.pos++
	for first := true; !w.is(']'); first = false {
		if !first && !w.is(',') {
			return false
		}
		w.space()
		if !w.json(depth) {
			return false
		}
		w.dst = append(w.dst, ',')
	}
	w.close(base, ']')
	return true
}

// jsonText writes the object or array that begins at from as a string. Only
// its strings and brackets are looked at, to find its end.
func (w *writer) jsonText(from int) bool {
	nested := 0
	for i := from; i < len(w.src); i++ {
		switch w.src[i] {
		case '"':
			if i = stringEnd(w.src, i); i < 0 {
				return false
			}
		case '{', '[':
			nested++
		case '}', ']':
			if nested--; nested == 0 {
				w.pos = i + 1
				w.dst = quote.Append(w.dst, w.src[from:w.pos])
				return true
			}
		}
	}
	return false
}

// stringEnd returns the index of the quote that ends the string begun at i,
// or -1. Escapes are skipped unseen.
func stringEnd(s []byte, i int) int {
	for i++; ; i++ {
		i, _ = quote.Scan(s, i)
		switch {
		case i >= len(s):
			return -1
		case s[i] == '"':
			return i
		case s[i] == '\\':
			i++
		}
	}
}

// jsonString copies a string, its escapes as they are.
func (w *writer) jsonString() bool {
	w.dst = append(w.dst, '"')
	for i := w.pos + 1; ; {
		end, high := quote.Scan(w.src, i)
		w.dst = quote.Run(w.dst, w.src[i:end], high)
		if end == len(w.src) {
			return false
		}
		switch c := w.src[end]; c {
		case '"':
			w.dst = append(w.dst, '"')
			w.pos = end + 1
			return true
		case '\\':
			n := escapeLen(w.src[end:])
			if n == 0 {
				return false
			}
			w.dst = append(w.dst, w.src[end:end+n]...)
			i = end + n
		default:
			w.dst = quote.Escape(w.dst, c)
			i = end + 1
		}
	}
}

// escapeLen returns the length of the escape that s begins with; 0: it is none.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if hex4(s) >= 0 {
			return 6
		}
	}
	return 0
}

// hex4 reads \uXXXX; -1: it is none.
func hex4(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range s[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// jsonName reads an object's key, decoded: equal names must compare equal.
func (w *writer) jsonName() ([]byte, bool) {
	if w.pos >= len(w.src) || w.src[w.pos] != '"' {
		return nil, false
	}
	i := w.pos + 1
	end, _ := quote.Scan(w.src, i)
	if end < len(w.src) && w.src[end] == '"' {
		w.pos = end + 1
		return w.src[i:end], true
	}
	w.name = w.name[:0]
	for {
		w.name = append(w.name, w.src[i:end]...)
		if end == len(w.src) {
			return nil, false
		}
		switch c := w.src[end]; c {
		case '"':
			w.pos = end + 1
			return w.name, true
		case '\\':
			n := escapeLen(w.src[end:])
			if n == 0 {
				return nil, false
			}
			i = end + w.unescape(w.src[end:], n)
		default:
			w.name = append(w.name, c)
			i = end + 1
		}
		end, _ = quote.Scan(w.src, i)
	}
}

// unescape appends to name what the escape of n bytes means, and returns the
// bytes it took: twelve for a surrogate pair.
func (w *writer) unescape(s []byte, n int) int {
	switch s[1] {
	case 'u':
		r := hex4(s)
		if utf16.IsSurrogate(r) {
			r = utf16.DecodeRune(r, hex4(s[6:]))
			if r != utf8.RuneError {
				n = 12
			}
		}
		w.name = utf8.AppendRune(w.name, r)
	case 'b':
		w.name = append(w.name, '\b')
	case 'f':
		w.name = append(w.name, '\f')
	case 'n':
		w.name = append(w.name, '\n')
	case 'r':
		w.name = append(w.name, '\r')
	case 't':
		w.name = append(w.name, '\t')
	default:
		w.name = append(w.name, s[1])
	}
	return n
}

// jsonNumber copies a number; as a string if Elasticsearch would refuse it.
func (w *writer) jsonNumber() bool {
	s, i := w.src, w.pos
	digits := func() bool {
		from := i
		for i < len(s) && s[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	first, whole := i, true
	if !digits() || s[first] == '0' && i > first+1 {
		return false
	}
	if i < len(s) && s[i] == '.' {
		if i++; !digits() {
			return false
		}
		whole = false
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
		whole = false
	}
	text := s[w.pos:i]
	w.pos = i
	if fits(text, whole) {
		w.dst = append(w.dst, text...)
	} else {
		w.dst = quote.Append(w.dst, text)
	}
	return true
}

// fits reports whether a number is an int64 or a finite double, and no longer
// than the server's JSON parser takes.
func fits(text []byte, whole bool) bool {
	switch {
	case whole && len(text) <= 18:
		return true
	case len(text) > 1000:
		return false
	}
	s := unsafe.String(unsafe.SliceData(text), len(text)) // for strconv, which keeps none of it
	if whole {
		_, err := strconv.ParseInt(s, 10, 64)
		return err == nil
	}
	f, _ := strconv.ParseFloat(s, 64)
	return !math.IsInf(f, 0)
}
