package wire

import (
	"bytes"
	"errors"
	"slices"

	"github.com/tinylib/msgp/msgp"
)

// ErrJSON says that a connection which began in JSON goes on with something
// that is none.
var ErrJSON = errors.New("what follows is no JSON array or object (a connection that begins in JSON stays in JSON)")

// textScan finds the end of a JSON array or object, wherever the network cut
// it; each byte is looked at once. That what lies between is JSON it does not
// say.
type textScan struct {
	pos, depth int
	str, esc   bool
}

func (s *textScan) run(p []byte, limit int) (n int, err error) {
	for ; s.pos < min(len(p), limit); s.pos++ {
		switch c := p[s.pos]; {
		case s.esc:
			s.esc = false
		case s.str:
			s.esc, s.str = c == '\\', c != '"'
		case c == '[' || c == '{':
			s.depth++
		case s.depth == 0:
			return 0, ErrJSON
		case c == '"':
			s.str = true
		case c == ']' || c == '}':
			if s.depth--; s.depth == 0 {
				return s.pos + 1, nil
			}
		}
	}
	if len(p) >= limit {
		return 0, TooLargeError{limit}
	}
	return 0, ErrShort
}

// begin tells JSON from msgpack by the first byte that is no white space, which
// in msgpack would be a number between the frames.
func (r *Reader) begin() bool {
	p := r.buf[r.start:r.end]
	i := blanks(p)
	if i == len(p) {
		return false
	}
	r.begun = true
	if r.text = p[i] == '[' || p[i] == '{'; r.text {
		r.start += i
	}
	return true
}

// bufferedText is Buffered for JSON: the frame is made msgpack.
func (r *Reader) bufferedText() (f Frame, err error) {
	r.start += blanks(r.buf[r.start:r.end]) // none within a frame: it begins with a bracket
	p := r.buf[r.start:r.end]
	if len(p) == 0 {
		return f, ErrShort
	}
	n, err := r.find.run(p, r.max)
	if err != nil {
		if err != ErrShort {
			r.bad = err
		}
		return f, err
	}
	// A value grows by at most three times: [] to five bytes, 1.5 to nine.
	if more := 3*n - cap(r.out) + len(r.out); more > 0 {
		if err := r.grow(more, true); err != nil {
			return f, err
		}
		r.out = slices.Grow(r.out, 3*n)
	}
	off, ok := len(r.out), false
	if r.out, ok = AppendJSON(r.out, p[:n]); !ok {
		r.bad = ErrJSON
		return f, r.bad
	}
	raw := r.out[off:len(r.out):len(r.out)]
	var s scan
	if _, err := s.run(raw, r.max); err != nil {
		r.bad = err
		return f, err
	}
	r.start += n
	r.find = textScan{}
	return Frame{Raw: raw, Size: n, Off: off, N: s.elems, ends: s.ends}, nil
}

// AppendJSONAck appends the answer to a frame that came in JSON; chunk is the
// msgpack value that was made of its chunk id.
func AppendJSONAck(dst, chunk []byte) []byte {
	var b bytes.Buffer
	if _, err := msgp.UnmarshalAsJSON(&b, chunk); err != nil {
		return dst // cannot be: it was JSON
	}
	return append(append(append(dst, `{"ack":`...), b.Bytes()...), '}')
}
