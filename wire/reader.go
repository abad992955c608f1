package wire

import (
	"errors"
	"fmt"
	"io"
)

// TooLargeError says that a frame is, or declares to be, larger than the
// reader's limit in bytes.
type TooLargeError struct{ Limit int }

func (e TooLargeError) Error() string {
	return fmt.Sprintf("frame is larger than the limit of %d bytes (raise max_chunk, or lower the client's chunk size)", e.Limit)
}

const (
	firstRead = 4 << 10  // what a connection that only says hello costs
	fullRead  = 64 << 10 // what one that keeps its reads full gets
)

// Reader finds the frames, one msgpack value each, in a stream of bytes. It
// looks at each value's header once, wherever the network cut the frame, and
// holds little more than the largest frame.
type Reader struct {
	src        io.Reader
	max        int
	buf        []byte
	start, end int // bytes read and not yet returned as a frame
	scan       scan
	filled     bool  // the last read left no room
	bad        error // what the stream ended with, for good
}

// NewReader reads frames of at most limit bytes each.
func NewReader(src io.Reader, limit int) *Reader { return &Reader{src: src, max: limit} }

// Next returns the next frame, reading as it must. The frame and what Span
// returns stay as they are until the next call of Next that reads.
//
// io.EOF: the stream ended between two frames; io.ErrUnexpectedEOF: within
// one. ErrSyntax and TooLargeError are final; after any other error of the
// source, a deadline say, Next may be called again and goes on where it was.
func (r *Reader) Next() (f Frame, err error) {
	for {
		f, err = r.Buffered()
		if !errors.Is(err, ErrShort) {
			return f, err
		}
		if err = r.fill(); err != nil {
			if err == io.EOF && r.Unfinished() > 0 {
				err = io.ErrUnexpectedEOF
			}
			return f, err
		}
	}
}

// Buffered is Next without reading: ErrShort when no whole frame is there.
func (r *Reader) Buffered() (f Frame, err error) {
	if r.bad != nil {
		return f, r.bad
	}
	n, err := r.scan.run(r.buf[r.start:r.end], r.max)
	if err != nil {
		if err != ErrShort {
			r.bad = err
		}
		return f, err
	}
	f = Frame{Raw: r.buf[r.start : r.start+n : r.start+n], Off: r.start, N: r.scan.elems, ends: r.scan.ends}
	r.start += n
	r.scan = scan{}
	return f, nil
}

// Unfinished is the number of bytes there of frames not yet returned.
func (r *Reader) Unfinished() int { return r.end - r.start }

// Peek returns those bytes.
func (r *Reader) Peek() []byte { return r.buf[r.start:r.end] }

// Span returns the bytes between two offsets, from one frame's Off to the end
// of a later one's. Appending to it does not touch the reader's.
func (r *Reader) Span(from, to int) []byte { return r.buf[from:to:to] }

// Size is what the reader holds in memory, in bytes.
func (r *Reader) Size() int { return len(r.buf) }

// Trim lets go of the buffer while nothing is in it.
func (r *Reader) Trim() {
	if r.Unfinished() == 0 {
		r.buf, r.start, r.end, r.filled = nil, 0, 0, false
	}
}

// fill reads once.
func (r *Reader) fill() error {
	r.makeRoom()
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	r.filled = r.end == len(r.buf)
	if n > 0 {
		return nil // the error comes again
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// makeRoom moves what is there to the front, and doubles the buffer when that
// is half of it, or when small reads keep filling it.
func (r *Reader) makeRoom() {
	have := r.end - r.start
	size := len(r.buf)
	switch {
	case size == 0:
		size = firstRead
	case have > size/2 && r.end == size, r.filled && size < fullRead:
		size = min(2*size, max(r.max+firstRead, fullRead)) // an unfinished frame fits
	}
	if size != len(r.buf) {
		grown := make([]byte, size)
		copy(grown, r.buf[r.start:r.end])
		r.buf, r.start, r.end = grown, 0, have
	} else if r.end == size || have == 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.start, r.end = 0, have
	}
}

// scan finds the end of a value by counting the values still to come, so that
// depth needs no memory. It remembers where the first elements of an array
// end: element i does when one value fewer is to come than before it.
type scan struct {
	begun bool
	pos   int // of the next header; may lie beyond the bytes at hand
	need  int // values still to come
	elems int // of the outer array; -1 for any other value
	seen  int // elements ended
	ends  [maxElems]int
}

const maxElems = 4

// run goes on with p, the value's bytes so far, from its first.
func (s *scan) run(p []byte, limit int) (n int, err error) {
	pos, need := s.pos, s.need
	if !s.begun {
		v, err := Head(p)
		if err != nil {
			return 0, err
		}
		s.begun, s.elems = true, -1
		if v.Type == Array {
			s.elems = v.Count
		}
		pos, need = v.Head+v.Body, v.kids()
	}
	for need > 0 && pos < len(p) && need <= limit-pos {
		if n := headers[p[pos]].fixed; n != 0 {
			pos += int(n)
			need--
		} else {
			v, err := Head(p[pos:])
			if err == ErrShort {
				break
			}
			if err != nil {
				return 0, err
			}
			pos += v.Head + v.Body
			need += v.kids() - 1
		}
		if s.elems-s.seen > need {
			if s.seen < maxElems {
				s.ends[s.seen] = pos
			}
			s.seen++
		}
	}
	s.pos, s.need = pos, need
	switch {
	case pos > limit || need > limit-pos:
		return 0, TooLargeError{limit}
	case need > 0 || pos > len(p):
		return 0, ErrShort
	}
	return pos, nil
}
