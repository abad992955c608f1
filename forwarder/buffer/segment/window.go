package segment

import (
	"bytes"
	"io"
)

// windowSize is what a scan reads at a time, in bytes.
const windowSize = 16 << 10

// window reads a file forwards through one buffer.
type window struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	off  int64 // of buf
	err  error // of the first read that failed
}

// at returns n bytes at off, valid until the next call.
func (w *window) at(off int64, n int) ([]byte, error) {
	if off < 0 || off+int64(n) > w.size {
		return nil, io.ErrUnexpectedEOF
	}
	if off >= w.off && off+int64(n) <= w.off+int64(len(w.buf)) {
		return w.buf[off-w.off:][:n], nil
	}
	if err := w.fill(off, max(n, int(min(windowSize, w.size-off)))); err != nil {
		return nil, err
	}
	return w.buf[:n], nil
}

// ahead returns what is there at off, at least one byte and at most a window.
func (w *window) ahead(off int64) ([]byte, error) {
	if off >= w.off && off < w.off+int64(len(w.buf)) && w.off+int64(len(w.buf))-off >= min(headLen, w.size-off) {
		return w.buf[off-w.off:], nil
	}
	if err := w.fill(off, int(min(windowSize, w.size-off))); err != nil {
		return nil, err
	}
	return w.buf, nil
}

func (w *window) fill(off int64, n int) error {
	if cap(w.buf) < n {
		w.buf = make([]byte, n)
	}
	w.buf, w.off = w.buf[:n], off
	if got, err := w.r.ReadAt(w.buf, off); got < n {
		w.buf = w.buf[:0]
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if w.err == nil {
			w.err = err
		}
		return err
	}
	return nil
}

// frame returns the head of the frame at off, and head with meta, if one whose
// checksum is good is there.
func (w *window) frame(off int64) (h head, p []byte, ok bool) {
	p, err := w.at(off, headLen)
	if err != nil {
		return h, nil, false
	}
	if h, ok = parseHead(p); !ok || off+int64(h.size) > w.size {
		return h, nil, false
	}
	p, err = w.at(off, int(h.meta))
	return h, p, err == nil && le.Uint32(p[16:]) == headSum(p)
}

// resync finds the next frame at or after off; the file's size: there is none.
func (w *window) resync(off int64) int64 {
	var mark [4]byte
	le.PutUint32(mark[:], marker)
	for off < w.size {
		p, err := w.ahead(off)
		if err != nil {
			off += windowSize // unreadable here; it may be readable again further on
			continue
		}
		i := bytes.Index(p, mark[:])
		if i < 0 {
			off += int64(max(len(p)-3, 1))
			continue
		}
		off += int64(i)
		if _, _, ok := w.frame(off); ok {
			return off
		}
		off++
	}
	return w.size
}
