package tail

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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
	p.last = append(p.last[:0], b[:n]...)
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

// adoptPacked is adopt for a compressed file. Its text may be that of a file
// that is known: then it is this file's new name.
func (d *finder) adoptPacked(g *group, ob observed, fd int) (f *file, err error) {
	p, err := newPacked(fd, ob.size)
	var o origin
	var begin []byte
	if err == nil {
		defer p.release()
		o, _ = probe(func(b []byte) (int, error) { return p.read(b, 0), nil }, &g.place, true)
		begin = d.head[:p.read(d.head[:], 0)]
		err = p.broken()
	}
	switch {
	case err != nil && ob.age(time.Now()) < d.t.cfg.RotateWait:
		return nil, errUnsure // it may be in the making
	case err != nil:
		d.t.lose(unreadable, ob.path, 0, err)
		return nil, nil
	case o.format == unknown:
		return nil, nil
	}
	if old := d.packedBefore(g, o, p.size, begin, strings.TrimSuffix(ob.path, packedExt)); old != nil {
		return old, nil
	}
	if old := d.unread(g, o, p.size); old != nil {
		f = newFile(g, fd, ob, old.at.Load())
		f.packed = p
		f.ident.Store(old.ident.Load())
		return f, nil
	}
	if live := g.current; live != nil && o.format != raw {
		if i := live.ident.Load(); i != nil && i.key == o.key {
			g.reader.wakeUp(g)
			return nil, errUnsure // it was truncated behind the copy; its reader is about to find out
		}
	}
	before := d.entries[checkpointKey(o.key)]
	if o.format == raw {
		before = d.rawEntry(begin, p.size, ob.path)
		if o.generate(); before != nil {
			o.key, o.born = before.key(), before.Born
		}
	}
	f = newFile(g, fd, ob, 0)
	f.packed = p
	switch {
	case before != nil:
		f.off = min(before.Off, p.size)
	case ob.from >= 0:
		f.off = min(ob.from, p.size)
	case d.fromEnd, d.outdated(ob.mtime):
		f.off = p.size
	}
	d.takeOver(f, o, before)
	return f, nil
}

// packedBefore finds the file whose text a compressed one has: the same source
// key or, of lines that make no key, the same beginning and size.
func (d *finder) packedBefore(g *group, o origin, size int64, begin []byte, plain string) (found *file) {
	for n, f := range d.retired { // a listing missed it between its two names
		if i := f.ident.Load(); f.g == g && i != nil && o.format != raw && i.key == o.key && f.at.Load() >= size {
			d.retired = slices.Delete(d.retired, n, n+1)
			return f
		}
	}
	for _, f := range g.files {
		i := f.ident.Load()
		if i == nil {
			if isOf(g, f, o) {
				return f
			}
			i = f.ident.Load() // it may have been read and closed meanwhile
		}
		if i == nil || i.format != o.format || f == g.current {
			continue
		}
		if o.format != raw {
			if i.key == o.key && (!f.done.Load() && !f.ended.Load() || f.at.Load() >= size) { // in this order: it may be closed meanwhile
				return f
			}
			continue
		}
		if i.begins.Load().of(begin) && f.length() == size {
			if found = f; *f.path.Load() == plain {
				return f
			}
		}
	}
	return found
}

// unread finds a file that was closed at rest and is gone, of whose text more is
// in a compressed file. That goes on where it ended.
func (d *finder) unread(g *group, o origin, size int64) *file {
	is := func(f *file) bool {
		i := f.ident.Load()
		return f.g == g && i != nil && o.format != raw && i.key == o.key && f.closed.Load() && f.ended.Load() && f.at.Load() < size
	}
	for id, f := range g.files {
		if is(f) {
			delete(g.files, id)
			return f
		}
	}
	if n := slices.IndexFunc(d.retired, is); n >= 0 {
		f := d.retired[n]
		d.retired = slices.Delete(d.retired, n, n+1)
		return f
	}
	return nil
}

// isOf reports whether f, of which nobody has read anything yet, begins with
// the given line.
func isOf(g *group, f *file, o origin) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.done.Load() || f.packed != nil || f == g.current {
		return false
	}
	own, err := probe(reading(f.fd), &g.place, true)
	return err == nil && own.format == o.format && own.head == o.head && own.key == o.key
}

// rawEntry finds the entry of a compressed file whose lines make no key.
// Others may begin alike: its name tells, or that it was read to its end.
func (d *finder) rawEntry(begin []byte, size int64, path string) (found *entry) {
	for _, e := range d.entries {
		if e.Format != raw || e.Off > size || !e.head().of(begin) {
			continue
		}
		if e.Path == path || e.Path == strings.TrimSuffix(path, packedExt) {
			return e
		}
		if e.Off == size {
			found = e
		}
	}
	return found
}

// renamed notes that a compressed file is what became of f.
func (d *finder) renamed(g *group, f *file, ob observed) {
	f.as = ob.stat
	if old := g.files[ob.id]; old != nil && old != f && (old.as.id == ob.id || g.files[old.as.id] != old) {
		d.retired = append(d.retired, old) // its inode is this file's now
	}
	g.files[ob.id] = f
	if f.done.Load() && f.id != ob.id {
		if g.files[f.id] == f {
			delete(g.files, f.id)
		}
		f.id = ob.id
	}
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
