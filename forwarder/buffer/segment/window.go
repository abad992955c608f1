package segment

import "io"

// windowSize is what a scan reads at a time, in bytes.
const windowSize = 16 << 10

// window reads a file forwards through one buffer.
type window struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	off  int64 // of buf
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
		return err
	}
	return nil
}
