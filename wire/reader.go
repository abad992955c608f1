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
	firstRead = 512      // what a connection that only says hello costs
	fullRead  = 64 << 10 // what one that keeps its reads full gets
)

// Reader finds the frames, one value each, in a stream of msgpack, or of JSON
// when that is what it begins with. It looks at each value's header once,
// wherever the network cut the frame, and holds little more than the largest
// frame.
type Reader struct {
	// Grow, when set, is asked before the memory grows by so many bytes. must:
	// a frame does not fit; else the larger buffer would only be faster.
	Grow func(bytes int, must bool) error

	src        io.Reader
	max        int
	buf        []byte
	start, end int // bytes read and not yet returned as a frame
	scan       scan
	filled     bool  // the last read left no room
	bad        error // what the stream ended with, for good

	begun bool // the first byte is known
	text  bool // it is JSON
	find  textScan
	out   []byte // the frames since the last read, as msgpack
}

// NewReader reads frames of at most limit bytes each.
func NewReader(src io.Reader, limit int) *Reader { return &Reader{src: src, max: limit} }

// Limit sets another limit for the frames to come.
func (r *Reader) Limit(limit int) { r.max = limit }

// JSON reports whether the stream is JSON.
func (r *Reader) JSON() bool { return r.text }

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
	if !r.begun && !r.begin() {
		return f, ErrShort
	}
	if r.text {
		return r.bufferedText()
	}
	n, err := r.scan.run(r.buf[r.start:r.end], r.max)
	if err != nil {
		if err != ErrShort {
			r.bad = err
		}
		return f, err
	}
	f = Frame{Raw: r.buf[r.start : r.start+n : r.start+n], Size: n, Off: r.start, N: r.scan.elems, ends: r.scan.ends}
	r.start += n
	r.scan = scan{}
	return f, nil
}

func (r *Reader) grow(bytes int, must bool) error {
	if r.Grow == nil {
		return nil
	}
	return r.Grow(bytes, must)
}

// Unfinished is the number of bytes there of frames not yet returned.
func (r *Reader) Unfinished() int { return r.end - r.start }

// Peek returns those bytes.
func (r *Reader) Peek() []byte { return r.buf[r.start:r.end] }

// Span returns the bytes between two offsets, from one frame's Off to the end
// of a later one's. Appending to it does not touch the reader's.
func (r *Reader) Span(from, to int) []byte {
	if r.text {
		return r.out[from:to:to]
	}
	return r.buf[from:to:to]
}

// Size is what the reader holds in memory, in bytes.
func (r *Reader) Size() int { return len(r.buf) + cap(r.out) }

// Trim lets go of all memory but what the unfinished bytes need. The frames
// returned before are gone.
func (r *Reader) Trim() {
	r.out, r.filled = nil, false
	have := r.end - r.start
	if have == 0 {
		r.buf, r.start, r.end = nil, 0, 0
		return
	}
	size := firstRead
	for size < have {
		size *= 2
	}
	if size < len(r.buf) {
		small := make([]byte, size)
		copy(small, r.buf[r.start:r.end])
		r.buf, r.start, r.end = small, 0, have
	}
}

// fill reads once.
func (r *Reader) fill() error {
	if err := r.makeRoom(); err != nil {
		return err
	}
	r.out = r.out[:0]
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
func (r *Reader) makeRoom() error {
	have := r.end - r.start
	size := len(r.buf)
	must := false
	switch {
	case size == 0:
		size = firstRead
	case have > size/2 && r.end == size, r.filled && size < fullRead:
		must = have == size
		size = min(2*size, max(r.max+firstRead, fullRead)) // an unfinished frame fits
	}
	if more := size - len(r.buf); more > 0 && size > firstRead {
		if err := r.grow(more, must); must && err != nil {
			return err
		} else if err != nil {
			size = len(r.buf)
		}
	}
	if size > len(r.buf) {
		grown := make([]byte, size)
		copy(grown, r.buf[r.start:r.end])
		r.buf, r.start, r.end = grown, 0, have
	} else if r.end == size || have == 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.start, r.end = 0, have
	}
	return nil
}
