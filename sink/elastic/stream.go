package elastic

import (
	"io"
	"unicode/utf8"
)

// maxKeyName is more than any key that is looked for, in bytes.
const maxKeyName = 32

// stream reads JSON as bytes through a window. After an error every method
// returns at once, with nothing.
type stream struct {
	r        io.Reader
	window   []byte
	pos, end int
	left     int64 // bytes that may still be read
	ended    error // of r
	err      error // the first that was met
	key      []byte
}

func (s *stream) reset(r io.Reader, limit int64) {
	if s.window == nil {
		s.window = make([]byte, 16<<10)
	}
	*s = stream{r: r, window: s.window, left: limit, key: s.key}
}

func (s *stream) fail(err error) {
	if s.err != nil {
		return
	}
	switch {
	case s.ended == io.EOF && err == errNoJSON && s.pos == s.end:
		err = io.ErrUnexpectedEOF
	case s.ended != nil && s.ended != io.EOF:
		err = s.ended
	}
	s.err = err
}

// lost reports whether the connection failed, not the text.
func (s *stream) lost() bool {
	return s.err != nil && s.ended != nil && s.ended != io.EOF && s.ended != errLong
}

// byte returns the next byte; 0, which is never valid: there is none.
func (s *stream) byte() byte {
	if s.pos < s.end {
		s.pos++
		return s.window[s.pos-1]
	}
	return s.fill()
}

func (s *stream) fill() byte {
	s.pos, s.end = 0, 0
	for s.ended == nil && s.err == nil {
		n, err := s.r.Read(s.window)
		s.ended = err
		if s.left -= int64(n); s.left < 0 {
			s.ended = errLong
			break
		}
		if n > 0 {
			s.pos, s.end = 1, n
			return s.window[0]
		}
	}
	return 0
}

// follows skips text if it comes next and lies within the window.
func (s *stream) follows(text string) bool {
	if s.end-s.pos < len(text) || string(s.window[s.pos:s.pos+len(text)]) != text {
		return false
	}
	s.pos += len(text)
	return true
}

// back unreads the byte read last.
func (s *stream) back() {
	if s.pos > 0 {
		s.pos--
	}
}

// token returns the next byte that is not white space.
func (s *stream) token() byte {
	for s.err == nil {
		switch c := s.byte(); c {
		case ' ', '\n', '\r', '\t':
		case 0:
			s.fail(errNoJSON)
		default:
			return c
		}
	}
	return 0
}

func (s *stream) expect(c byte) {
	if s.token() != c {
		s.fail(errNoJSON)
	}
}

// finish makes sure that nothing follows.
func (s *stream) finish() {
	for s.err == nil {
		switch s.byte() {
		case ' ', '\n', '\r', '\t':
		case 0:
			if s.ended != io.EOF || s.end > 0 {
				s.fail(errNoJSON)
			}
			return
		default:
			s.fail(errNoJSON)
		}
	}
}

// field reads up to the value of an object's next member, whose name is then
// in key; false: the object ended.
func (s *stream) field(first bool) bool {
	c := s.token()
	if c == '}' {
		return false
	}
	if !first {
		if c != ',' {
			s.fail(errNoJSON)
		}
		c = s.token()
	}
	if c != '"' {
		s.fail(errNoJSON)
	}
	s.key = s.text(s.key[:0], maxKeyName)
	s.expect(':')
	return s.err == nil
}

// number reads a whole number of up to three digits.
func (s *stream) number() (n int) {
	for c := s.token(); ; c = s.byte() {
		if c-'0' > 9 {
			if c != 0 {
				s.back()
			}
			return n
		}
		if n = 10*n + int(c-'0'); n > 999 {
			s.fail(errNoJSON)
			return 0
		}
	}
}

// string appends a string's text to dst, up to max bytes in all; any other
// value is skipped.
func (s *stream) string(dst []byte, max int) []byte {
	if s.token() == '"' {
		return s.text(dst, max)
	}
	s.back()
	s.skip()
	return dst
}

// text is string after the opening quote. The rest beyond max is read and let go.
func (s *stream) text(dst []byte, max int) []byte {
	for s.err == nil {
		c := s.byte()
		switch {
		case c == '"':
			return dst
		case c == 0:
			s.fail(errNoJSON)
		case c == '\\':
			dst = s.escape(dst, max)
		case len(dst) < max:
			dst = append(dst, c)
		}
	}
	return dst
}

func (s *stream) escape(dst []byte, max int) []byte {
	r := rune(0)
	switch c := s.byte(); c {
	case 'b', 'f', 'n', 'r', 't':
		r = ' '
	case '"', '\\', '/':
		r = rune(c)
	case 'u':
		h := [6]byte{'\\', 'u', s.byte(), s.byte(), s.byte(), s.byte()}
		if r = hex4(h[:]); r < 0 {
			s.fail(errNoJSON)
			return dst
		}
	default:
		s.fail(errNoJSON)
		return dst
	}
	if len(dst)+utf8.UTFMax <= max {
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// skip reads one value and lets it go.
func (s *stream) skip() {
	for depth := 0; s.err == nil; {
		switch c := s.token(); {
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == '"':
			s.text(nil, 0)
		case c == ',' || c == ':':
			if depth == 0 {
				s.fail(errNoJSON)
			}
			continue
		case scalar(c):
			for c = s.byte(); scalar(c); c = s.byte() {
			}
			if c != 0 {
				s.back()
			}
		default:
			s.fail(errNoJSON)
		}
		if depth <= 0 {
			if depth < 0 {
				s.fail(errNoJSON)
			}
			return
		}
	}
}

// scalar reports whether c may stand in a number, true, false or null.
func scalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}
