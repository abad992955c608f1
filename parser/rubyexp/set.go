package rubyexp

import (
	"bytes"
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// set is a set of characters.
type set struct {
	bytes [256]bool // ASCII; of the others all, if the set has any character beyond ASCII
	runes []rune    // pairs: the characters beyond ASCII
	plain bool      // bytes says all there is to know: every character beyond ASCII is in it, or none
	stop  int       // of a plain set: the only byte that is not in it, -1: there are several
}

// newSet makes a set of pairs of characters, from the first to the second.
func newSet(pairs ...rune) *set {
	s := &set{stop: -1}
	for i := 0; i+1 < len(pairs); i += 2 {
		lo, hi := pairs[i], pairs[i+1]
		for r := lo; r <= hi && r < utf8.RuneSelf; r++ {
			s.bytes[r] = true
		}
		if hi >= utf8.RuneSelf {
			s.runes = append(s.runes, max(lo, utf8.RuneSelf), hi)
		}
	}
	s.plain = len(s.runes) == 0
	for i := 0; i < len(s.runes); i += 2 {
		s.plain = s.plain || s.runes[i] == utf8.RuneSelf && s.runes[i+1] == unicode.MaxRune
	}
	for c := utf8.RuneSelf; c < 256; c++ {
		s.bytes[c] = len(s.runes) > 0
	}
	if s.plain {
		s.findStop()
	}
	return s
}

func (s *set) findStop() {
	for c, has := range s.bytes {
		switch {
		case has:
		case s.stop >= 0:
			s.stop = -1
			return
		default:
			s.stop = c
		}
	}
	if s.stop < 0 {
		s.stop = 0xff // which no text in UTF-8 has
	}
}

func setOf(re *syntax.Regexp) *set {
	switch re.Op {
	case syntax.OpAnyChar:
		return newSet(0, unicode.MaxRune)
	case syntax.OpAnyCharNotNL:
		return newSet(0, '\n'-1, '\n'+1, unicode.MaxRune)
	case syntax.OpLiteral:
		return newSet(re.Rune[0], re.Rune[0])
	}
	return newSet(re.Rune...)
}

// folded is the set of r in any case.
func folded(r rune) *set {
	pairs := []rune{r, r}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		pairs = append(pairs, f, f)
	}
	return newSet(pairs...)
}

// one is the length of the character at p[i] if the set has it, else 0.
func (s *set) one(p []byte, i int) int {
	switch {
	case i == len(p) || !s.bytes[p[i]]:
		return 0
	case p[i] < utf8.RuneSelf:
		return 1
	}
	r, n := utf8.DecodeRune(p[i:])
	if s.plain {
		return n
	}
	for j := 0; j < len(s.runes); j += 2 {
		if r >= s.runes[j] && r <= s.runes[j+1] {
			return n
		}
	}
	return 0
}

// end is where the characters of the set that come from p[i] on end.
func (s *set) end(p []byte, i int) int {
	switch {
	case s.stop >= 0:
		if n := bytes.IndexByte(p[i:], byte(s.stop)); n >= 0 {
			return i + n
		}
		return len(p)
	case s.plain:
		for i < len(p) && s.bytes[p[i]] {
			i++
		}
		return i
	}
	for n := s.one(p, i); n > 0; n = s.one(p, i) {
		i += n
	}
	return i
}
