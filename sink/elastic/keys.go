package elastic

import "unicode/utf8"

// cleanKey reports whether Elasticsearch takes the name as it is: UTF-8, no
// part between dots empty or blank.
func cleanKey(name []byte) bool {
	blank := true
	for _, c := range name {
		switch {
		case c == '.':
			if blank {
				return false
			}
			blank = true
		case c > ' ' && c < utf8.RuneSelf:
			blank = false
		case c >= utf8.RuneSelf:
			return cleanUnicode(name)
		}
	}
	return !blank
}

// cleanUnicode is cleanKey for names that are not ASCII. Spaces beyond ASCII
// count as blank only if nothing else is there; a few refused too many are harmless.
func cleanUnicode(name []byte) bool {
	if !utf8.Valid(name) {
		return false
	}
	blank := true
	for _, r := range string(name) {
		switch {
		case r == '.':
			if blank {
				return false
			}
			blank = true
		case r > ' ' && !wideSpace(r):
			blank = false
		}
	}
	return !blank
}

// wideSpace reports what Java's Character.isWhitespace and isSpaceChar take
// for a space beyond ASCII.
func wideSpace(r rune) bool {
	switch {
	case r == 0x85, r == 0xA0, r == 0x1680, r >= 0x2000 && r <= 0x200A,
		r == 0x2028, r == 0x2029, r == 0x202F, r == 0x205F, r == 0x3000:
		return true
	}
	return false
}

// appendClean appends a name that is not clean, made clean: its dots become
// "_", and so does one that is empty or blank.
func appendClean(dst, name []byte) []byte {
	blank := true
	start := len(dst)
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRune(name[i:])
		if r == '.' {
			dst = append(dst, '_')
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		blank = blank && (r <= ' ' || wideSpace(r))
		i += n
	}
	if blank {
		dst = append(dst[:start], '_')
	}
	return dst
}

// sumOf tells most names apart without a hash.
func sumOf(name []byte) uint32 {
	n := len(name)
	return uint32(n)<<24 ^ uint32(name[n/4])<<16 ^ uint32(name[n/2])<<8 ^ uint32(name[n*3/4])
}
