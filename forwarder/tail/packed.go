package tail

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"
)

// packed is the text of a rotated file that was compressed. It is read once,
// from the front; nothing is unpacked before somebody reads.
type packed struct {
	fd   int
	size int64 // of the text; of a file of one member as its trailer has it: modulo 4 GiB
	z    *gzip.Reader
	pos  int64  // of the next byte from z
	last []byte // of the text before pos: an incomplete line is read again
	err  error  // what z ended with
}

// newPacked finds out how long the text of a file of the given size is. Mostly the
// trailer (RFC 1952) says it.
func newPacked(fd int, size int64) (*packed, error) {
	var trailer [4]byte
	const least = 18 // header and trailer
	if size < least {
		return nil, fmt.Errorf("%d bytes are no gzip file", size)
	}
	if n, err := pread(fd, trailer[:], size-4); err != nil || n < 4 {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	p := &packed{fd: fd, size: int64(binary.LittleEndian.Uint32(trailer[:]))}
	if all, ok := textSize(fd, size); ok {
		p.size = all
	}
	return p, nil
}

// read is pread of the text. It ends where the file ends, or where it is damaged:
// see broken.
func (p *packed) read(b []byte, off int64) (n int) {
	if off == p.size && p.z == nil {
		return 0 // read before: nothing to unpack
	}
	if p.z == nil || off < p.pos-int64(len(p.last)) {
		p.rewind()
	}
	if off > p.pos && p.err == nil {
		var m int64
		m, p.err = io.CopyN(io.Discard, p.z, off-p.pos)
		p.pos, p.last = p.pos+m, p.last[:0]
	}
	if off < p.pos {
		n = copy(b, p.last[int64(len(p.last))-(p.pos-off):])
	}
	for n < len(b) && p.err == nil {
		var m int
		m, p.err = p.z.Read(b[n:])
		n += m
		p.pos += int64(m)
	}
	if off+int64(n) == p.pos {
		p.last = append(p.last[:0], b[:n]...)
	}
	return n
}

func (p *packed) rewind() {
	p.pos, p.last = 0, p.last[:0]
	src := io.NewSectionReader(fdReader(p.fd), 0, 1<<62)
	if p.z == nil {
		p.z = new(gzip.Reader)
	}
	p.err = p.z.Reset(src)
}

// end is where the text ends, as far as that is known.
func (p *packed) end() int64 {
	switch {
	case p.err != nil:
		return p.pos
	case p.z != nil:
		return max(p.size, p.pos+1)
	}
	return p.size
}

// broken is why the text ends too early, nil if it does not.
func (p *packed) broken() error {
	if p.err == io.EOF {
		return nil
	}
	return p.err
}

// fdReader reads an open file that belongs to somebody else.
type fdReader int

// ReadAt implements io.ReaderAt.
func (fd fdReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := pread(int(fd), p, off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// release gives the memory back.
func (p *packed) release() { p.z, p.last, p.err = nil, nil, nil }

// damaged is what is to be said of a compressed file that cannot be read: it may be
// in the making.
func (d *finder) damaged(ob observed, err error) error {
	if ob.age(time.Now()) < d.t.cfg.RotateWait {
		return errUnsure
	}
	d.t.lose(unreadable, ob.path, 0, err)
	return nil
}

// byName orders siblings whose names count all in the same way; a compressed
// file's time is that of its compression.
func byName(obs []observed) bool {
	length := 0
	for _, ob := range obs {
		if ob.live {
			continue
		}
		n := len(counterOf(ob.path))
		if n == 0 || length > 0 && n != length && (n > counterMax || length > counterMax) {
			return false
		}
		length = n
	}
	return slices.ContainsFunc(obs, func(ob observed) bool { return ob.packed })
}
