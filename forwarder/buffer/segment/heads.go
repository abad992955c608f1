package segment

import "io"

// Heads calls f for each block whose frame begins in [from, to), reading no
// more than its head, until f returns false. from is where a frame begins.
// What is no frame is passed over; the error is that of the first read that
// failed, behind which Heads goes on. Nth is not set.
func Heads(r io.ReaderAt, from, to int64, f func(Found) bool) error {
	w, names := window{r: r, size: to}, intern{}
	for off := from; off < to; {
		h, p, ok := w.frame(off)
		if !ok {
			off = w.resync(off + 1)
			continue
		}
		if h.kind == Block {
			if m, ok := parseMeta(p, h.size, names); ok && !f(Found{Off: off, Size: h.size, Meta: m}) {
				break
			}
		}
		off += int64(h.size)
	}
	return w.err
}
