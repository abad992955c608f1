package query

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A document is read in place: the scanner steps over what is not asked for.
// On bytes that are not JSON it ends early and finds less; it never fails.

// paths are the names a field may have, dots between the levels. It is passed
// by value down the levels of a document.
type paths struct {
	p [8]string
	n int
}

func (p *paths) add(names ...string) {
	for _, s := range names {
		p.p[p.n] = s
		p.n++
	}
}

// visitor is shown the values of a field and returns true to stop.
type visitor interface {
	value(m *Matcher, v []byte, text bool) bool
}

// find shows v the values at any of the paths, in the order of the document.
// found says that there was one. A dot in a path is one in a key, or a level.
func (m *Matcher) find(p paths, v visitor) (hit, found bool) {
	m.found = false
	_, hit = m.object(m.src, skipSpace(m.src, 0), p, v)
	return hit, m.found
}

func (m *Matcher) object(s []byte, i int, p paths, v visitor) (int, bool) {
	if i >= len(s) || s[i] != '{' {
		return len(s), false
	}
	for i++; ; {
		if i = skipSpace(s, i); i >= len(s) || s[i] != '"' {
			return i + 1, false
		}
		stop := skipString(s, i)
		key := m.text(s[i:stop], &m.key)
		if i = skipSpace(s, stop); i >= len(s) || s[i] != ':' {
			return len(s), false
		}
		i = skipSpace(s, i+1)
		var below paths
		here, text := false, false
		for _, path := range p.p[:p.n] {
			if len(path) < len(key) || path[:len(key)] != string(key) {
				continue
			}
			if len(path) == len(key) {
				here, text = true, string(key) == "message"
			} else if path[len(key)] == '.' {
				below.add(path[len(key)+1:])
			}
		}
		var hit bool
		switch {
		case here:
			i, hit = m.leaf(s, i, text, below, v)
		case below.n > 0:
			i, hit = m.below(s, i, below, v)
		default:
			i = skipValue(s, i)
		}
		if hit {
			return i, true
		}
		if i = skipSpace(s, i); i >= len(s) || s[i] != ',' {
			return i + 1, false
		}
		i++
	}
}

// below looks on in an object, or in each object of an array.
func (m *Matcher) below(s []byte, i int, p paths, v visitor) (int, bool) {
	if i < len(s) && s[i] == '{' {
		return m.object(s, i, p, v)
	}
	if i >= len(s) || s[i] != '[' {
		return skipValue(s, i), false
	}
	return m.array(s, i, func(i int) (int, bool) {
		if i < len(s) && s[i] == '{' {
			return m.object(s, i, p, v)
		}
		return skipValue(s, i), false
	})
}

func (m *Matcher) array(s []byte, i int, each func(int) (int, bool)) (int, bool) {
	for i++; ; i++ {
		if i = skipSpace(s, i); i >= len(s) || s[i] == ']' {
			return i + 1, false
		}
		next, hit := each(i)
		if hit {
			return next, true
		}
		if i = skipSpace(s, next); i >= len(s) || s[i] != ',' {
			return i + 1, false
		}
	}
}

// leaf shows v the value at i: a scalar, or every scalar of an array.
func (m *Matcher) leaf(s []byte, i int, text bool, p paths, v visitor) (int, bool) {
	if i >= len(s) {
		return i, false
	}
	switch s[i] {
	case '{':
		if p.n > 0 {
			return m.object(s, i, p, v)
		}
		return skipValue(s, i), false
	case '[':
		return m.array(s, i, func(i int) (int, bool) {
			if s[i] == '[' { // arrays in arrays are not looked into
				return skipValue(s, i), false
			}
			return m.leaf(s, i, text, p, v)
		})
	}
	stop := skipValue(s, i)
	m.found = true
	return stop, v.value(m, m.text(s[i:stop], &m.scratch), text)
}

// any shows v every string of the document.
func (m *Matcher) any(v visitor) bool {
	for i := 0; i < len(m.src); {
		if m.src[i] != '"' {
			i++
			continue
		}
		stop := skipString(m.src, i)
		next := skipSpace(m.src, stop)
		if (next >= len(m.src) || m.src[next] != ':') && v.value(m, m.text(m.src[i:stop], &m.scratch), true) {
			return true
		}
		i = stop
	}
	return false
}

// text is a scalar without quotes and escapes; valid until buf's next use.
func (m *Matcher) text(raw []byte, buf *[]byte) []byte {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return raw
	}
	raw = raw[1 : len(raw)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	*buf = appendUnescaped((*buf)[:0], raw)
	return *buf
}

func skipSpace(s []byte, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the index behind the string that begins at i.
func skipString(s []byte, i int) int {
	for i++; i < len(s); i++ {
		n := bytes.IndexByte(s[i:], '"')
		if n < 0 {
			break
		}
		start := i
		i += n
		back := i
		for back > start && s[back-1] == '\\' {
			back--
		}
		if (i-back)%2 == 0 {
			return i + 1
		}
	}
	return len(s)
}

func skipValue(s []byte, i int) int {
	if i >= len(s) {
		return len(s)
	}
	switch s[i] {
	case '"':
		return skipString(s, i)
	case '{', '[':
		for depth := 0; i < len(s); {
			switch s[i] {
			case '"':
				i = skipString(s, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return len(s)
	}
	for i < len(s) && s[i] != ',' && s[i] != '}' && s[i] != ']' && s[i] > ' ' {
		i++
	}
	return i
}

func appendUnescaped(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			dst = append(dst, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			r := hex4(s[i:])
			if r < 0 {
				dst = append(dst, 'u')
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) && i+2 < len(s) && s[i+1] == '\\' && s[i+2] == 'u' {
				if pair := utf16.DecodeRune(r, hex4(s[i+2:])); pair != utf8.RuneError {
					r = pair
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, unescape(s[i]))
		}
	}
	return dst
}

// hex4 reads the four digits behind the u at s[0].
func hex4(s []byte) rune {
	if len(s) < 5 {
		return -1
	}
	n, err := strconv.ParseUint(string(s[1:5]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}
