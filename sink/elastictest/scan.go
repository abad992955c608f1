package elastictest

import (
	"encoding/binary"
	"math/bits"
)

// scanner reads one JSON text in one pass, byte by byte as Jackson does, the
// parser behind the real server: comments and a byte order mark pass, overlong
// and surrogate UTF-8 passes, a name that comes twice in an object does not.
// It allocates nothing once its slices have grown.
type scanner struct {
	src []byte
	id  []byte // of the document, for messages
	pos int
	tok int // where the token before the present one starts, for messages

	fields []field // names seen in the objects that are open
	open   []level // those objects and arrays
	text   []byte  // names with escapes, decoded
	val    []byte  // what peekValue read
	prints []print // scratch of uniqueNames

	rules rules // what the mapping would refuse, and @timestamp
}

// field is a name in an open object: src[off:off+n], or text[off:off+n].
type field struct {
	print   uint64 // equal names have equal prints
	off, n  uint32
	decoded bool
}

// level is an open object or array.
type level struct {
	first int32 // where its names begin in fields
	parts int32 // of the path to it, split at dots
	flat  int32 // objects at and above it that lie in a flattened field
	array bool
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080

	maxNesting = 1000 // of objects and arrays: StreamReadConstraints
	maxNumber  = 1000 // bytes of one number
)

// special flags, by their highest bit, bytes that may not stand in a JSON string
// as they are. The lowest flag is always right: borrows reach only bytes above a
// flagged one.
func special(x uint64) uint64 {
	return (x | (x - ones*0x20) | ((x ^ ones*'"') - ones) | ((x ^ ones*'\\') - ones)) & highs
}

// plain returns how many leading bytes of b may stand in a JSON string as they
// are: everything before a quote, a backslash, a control or a non-ASCII byte.
func plain(b []byte) int {
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// str reads the string whose opening quote is at pos and leaves pos behind its
// closing quote. escaped: there is a backslash in it.
func (s *scanner) str() (start, end int, escaped bool, err *syntaxError) {
	b := s.src
	i := s.pos + 1
	start = i
	for {
		for len(b)-i >= 8 { // plain, in line
			x := binary.LittleEndian.Uint64(b[i:])
			if m := special(x); m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if len(b)-i < 8 {
			i += plain(b[i:])
		}
		if i >= len(b) {
			return 0, 0, false, s.eof("in VALUE_STRING")
		}
		switch c := b[i]; {
		case c == '"':
			s.pos = i + 1
			return start, i, escaped, nil
		case c == '\\':
			escaped = true
			n, err := s.escape(i)
			if err != nil {
				return 0, 0, false, err
			}
			i += n
		case c < 0x20:
			return 0, 0, false, s.bad(i, "Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c)
		default:
			n, err := s.rune(i)
			if err != nil {
				return 0, 0, false, err
			}
			i += n
		}
	}
}

// escape checks the escape sequence at i and returns its length.
func (s *scanner) escape(i int) (int, *syntaxError) {
	if i+1 >= len(s.src) {
		return 0, s.eof("in character escape sequence")
	}
	switch c := s.src[i+1]; c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, nil
	case 'u':
		for k := i + 2; k < i+6; k++ {
			if k >= len(s.src) {
				return 0, s.eof("in character escape sequence")
			}
			if unhex(s.src[k]) < 0 {
				return 0, s.bad(k, "Unexpected character (%s): expected a hex-digit for character escape sequence", char(s.src[k:]))
			}
		}
		return 6, nil
	default:
		return 0, s.bad(i+1, "Unrecognized character escape %s", char(s.src[i+1:]))
	}
}

// rune checks the UTF-8 sequence at i as Jackson does, that is by its first
// byte and the continuation bytes alone, and returns its length.
func (s *scanner) rune(i int) (int, *syntaxError) {
	c := s.src[i]
	n := 0
	switch {
	case c&0xe0 == 0xc0:
		n = 2
	case c&0xf0 == 0xe0:
		n = 3
	case c&0xf8 == 0xf0:
		n = 4
	default:
		return 0, s.bad(i+1, "Invalid UTF-8 start byte 0x%x", c)
	}
	for k := i + 1; k < i+n; k++ {
		if k >= len(s.src) {
			return 0, s.eof("in VALUE_STRING")
		}
		if s.src[k]&0xc0 != 0x80 {
			return 0, s.bad(k+1, "Invalid UTF-8 middle byte 0x%x", s.src[k])
		}
	}
	return n, nil
}

// number reads the number at pos. whole: it has neither fraction nor exponent.
func (s *scanner) number() (start, end int, whole bool, err *syntaxError) {
	b, i := s.src, s.pos
	start = i
	if b[i] == '-' {
		i++
	}
	n := digits(b[i:])
	switch {
	case n == 0:
		return 0, 0, false, s.badNumber(i, "expected digit (0-9) to follow minus sign, for valid numeric value")
	case n > 1 && b[i] == '0':
		return 0, 0, false, s.bad(i+1, "Invalid numeric value: Leading zeroes not allowed")
	}
	i += n
	whole = true
	if i < len(b) && b[i] == '.' {
		whole = false
		if n = digits(b[i+1:]); n == 0 {
			return 0, 0, false, s.badNumber(i+1, "Decimal point not followed by a digit")
		}
		i += 1 + n
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		whole = false
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if n = digits(b[i:]); n == 0 {
			return 0, 0, false, s.badNumber(i, "Exponent indicator not followed by a digit")
		}
		i += n
	}
	if i-start > maxNumber {
		return 0, 0, false, s.constraint(start, "Number value length (%d) exceeds the maximum allowed (%d, from `StreamReadConstraints.getMaxNumberLength()`)", i-start, maxNumber)
	}
	s.pos = i
	return start, i, whole, nil
}

func digits(b []byte) int {
	i := 0
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// word reads null, true or false at pos.
func (s *scanner) word() (kind kind, err *syntaxError) {
	i := s.pos
	for i < len(s.src) && (s.src[i]|0x20)-'a' <= 'z'-'a' {
		i++
	}
	switch string(s.src[s.pos:i]) {
	case "true", "false":
		kind = boolean
	case "null":
		kind = null
	case "":
		return 0, s.bad(i, "Unexpected character (%s): expected a valid value (%s)", char(s.src[i:]), valueWords)
	case "NaN", "Infinity":
		return 0, s.bad(i, "Non-standard token '%s': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow", s.src[s.pos:i])
	default:
		return 0, s.bad(i, "Unrecognized token '%s': was expecting (%s)", s.src[s.pos:i], valueWords)
	}
	s.pos = i
	return kind, nil
}

// space moves pos over white space and comments.
func (s *scanner) space() *syntaxError {
	if s.pos < len(s.src) && s.src[s.pos] > '/' { // as nearly always
		return nil
	}
	return s.spaces()
}

func (s *scanner) spaces() *syntaxError {
	b := s.src
	for s.pos < len(b) {
		switch b[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		case '/':
			if err := s.comment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (s *scanner) comment() *syntaxError {
	rest := s.src[s.pos:]
	switch {
	case len(rest) > 1 && rest[1] == '/':
		s.pos = len(s.src) // to the line's end, and a line is all there is
		return nil
	case len(rest) > 1 && rest[1] == '*':
		for i := 2; i+1 < len(rest); i++ {
			if rest[i] == '*' && rest[i+1] == '/' {
				s.pos += i + 2
				return nil
			}
		}
		return s.eof("in a comment")
	}
	return s.bad(s.pos, "Unexpected character (%s): expected a valid value", char(rest))
}

// bom moves pos over a byte order mark.
func (s *scanner) bom() {
	if len(s.src) >= 3 && s.src[0] == 0xef && s.src[1] == 0xbb && s.src[2] == 0xbf {
		s.pos = 3
	}
}
