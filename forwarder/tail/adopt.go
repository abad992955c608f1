package tail

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

var (
	errMoved  = errors.New("it was replaced while it was opened")
	errUnsure = errors.New("it may be a copy that is still being made")
)

// know returns the followed or finished file that a listing saw, a new one if
// there was none; nil if it cannot be opened, or holds nothing new.
func (d *finder) know(g *group, ob observed) (f *file, fresh bool) {
	f = g.files[ob.id]
	if ob.packed && f != nil && f.as == ob.stat {
		d.renamed(g, f, ob)
		return f, false
	}
	if f != nil && f.id != ob.id { // it was compressed to a file of this inode, which has been removed since
		f = nil
	}
	if f != nil && !ob.packed && (!f.done.Load() || f.was(ob)) {
		return f, false
	}
	if st, ok := g.copies[ob.id]; ok && st == ob.stat && !ob.live {
		return nil, false
	}
	own, err := d.adopt(g, ob)
	if err != nil {
		d.failed = true
		d.moved = d.moved || errors.Is(err, fs.ErrNotExist) || err == errMoved
		if !errors.Is(err, fs.ErrNotExist) && err != errMoved && err != errUnsure {
			d.t.complain("open", ob.path, err)
		}
		return f, false
	}
	if f = own; f == nil {
		g.copies[ob.id] = ob.stat
		return nil, false
	}
	delete(g.copies, ob.id)
	if ob.packed {
		fresh = g.files[f.id] != f
		d.renamed(g, f, ob)
		return f, fresh
	}
	if old := g.files[ob.id]; old != nil && old.ident.Load() != f.ident.Load() && g.files[old.as.id] != old { // its inode is another file's now
		d.retired = append(d.retired, old)
	}
	g.files[ob.id] = f
	return f, true
}

// was reports whether a listing saw the file as it was when it was done. By then its
// inode may be another file's, which may be as long.
func (f *file) was(ob observed) bool { return ob.size == f.seen.Load() && ob.mtime == f.rest.mtime }

// adopt opens a file and finds out what it is: one that was read before, under
// whatever name, goes on where that ended; else it is new.
func (d *finder) adopt(g *group, ob observed) (f *file, err error) {
	fd, err := openFile(ob.path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if f == nil || f.fd != fd || f.done.Load() {
			_ = unix.Close(fd)
		}
	}()
	st, err := statFD(fd)
	if err == nil && st.id != ob.id {
		err = errMoved
	}
	if err != nil {
		return nil, err
	}
	if ob.packed {
		return d.adoptPacked(g, ob, fd)
	}
	o, err := probe(reading(fd), &g.place, false)
	if err != nil {
		return nil, err
	}
	if !ob.live && d.truncated(g) {
		return nil, errUnsure
	}
	if o.format == unknown {
		switch age := ob.age(time.Now()); {
		case ob.live || ob.size > 0 && age > d.t.cfg.RotateWait:
			return newFile(g, fd, ob, 0), nil
		case ob.size > 0:
			return nil, errUnsure
		}
		return nil, nil // a copy begins like this; should there be more, it is another file to us
	}
	if old := d.known(g, ob.id, o, fd); old != nil {
		return seenAgain(g, old, fd, ob), nil
	}
	before := d.entries[checkpointKey(o.key)]
	if o.format == raw {
		var same bool
		if same, before, err = d.sameRaw(g, ob, fd, &o); same || err != nil {
			return nil, err
		}
	}
	return d.adopted(g, ob, fd, o, before)
}

// adopted makes the file of an origin, with the entry that the checkpoint had.
func (d *finder) adopted(g *group, ob observed, fd int, o origin, before *entry) (*file, error) {
	f := newFile(g, fd, ob, 0)
	switch {
	case before != nil && before.Off <= ob.size:
		f.off = before.Off
	case before != nil && !ob.live:
		return nil, errUnsure
	case ob.from >= 0:
		f.off = min(ob.from, ob.size)
	case !ob.live && d.outdated(ob.mtime):
		f.off = ob.size
	case d.fromEnd:
		f.off = lastLine(fd, ob.size)
	}
	d.takeOver(f, o, before)
	return f, nil
}

// takeOver gives a file its identity, and what the checkpoint knew of it.
func (d *finder) takeOver(f *file, o origin, before *entry) {
	f.at.Store(f.off)
	delete(d.entries, checkpointKey(o.key))
	i := d.t.identify(f, o)
	if before != nil {
		i.resume(before)
	}
	if before != nil || f.off > 0 {
		i.keep()
	}
}

// identify makes a file known: from here on it has a position to be saved.
func (t *Tail) identify(f *file, o origin) *identity {
	i := newIdentity(t.ledger, t.store, o, f.id, *f.path.Load(), f.off)
	if o.format == raw {
		i.keep() // its name is nowhere else
	}
	f.ident.Store(i)
	return i
}

// known finds the file with the same lines: the same source key, or, of lines
// that make no key, the same inode and head.
func (d *finder) known(g *group, id fileID, o origin, fd int) *file {
	for _, f := range g.files {
		i := f.ident.Load()
		switch {
		case i == nil:
		case o.format != raw && i.key == o.key:
			return f
		case o.format == raw && f.id == id:
			if same, err := i.matches(fd, d.head[:]); same && err == nil {
				return f
			}
		}
	}
	return nil
}

// seenAgain deals with a file whose lines are those of one that is known: the
// same one, finished but grown since, goes on; else it is a copy, nil.
func seenAgain(g *group, old *file, fd int, ob observed) *file {
	if !old.done.Load() || ob.size <= old.at.Load() {
		return nil
	}
	i := old.ident.Load()
	f := newFile(g, fd, ob, old.at.Load())
	f.ident.Store(i)
	if old.id != ob.id {
		delete(g.files, old.id)
	}
	return f
}

// sameRaw is for files whose lines do not tell them apart. It reports whether
// this one is a copy of one that is open, or returns the entry that it had.
// With neither, o gets a new name.
func (d *finder) sameRaw(g *group, ob observed, fd int, o *origin) (same bool, e *entry, err error) {
	for _, f := range g.files {
		i := f.ident.Load()
		if i != nil && i.head == o.head && isCopy(g, f, fd) {
			return true, nil, nil
		}
	}
	for _, e := range d.entries {
		if e.Format != raw || e.Off > ob.size || !e.is(ob.id) && (ob.live || e.Path != g.real) {
			continue
		}
		if same, err := e.head().matches(fd, d.head[:]); err != nil {
			return false, nil, err
		} else if same {
			o.key, o.born = e.key(), e.Born
			return false, e, nil
		}
	}
	o.generate()
	return false, nil, nil
}

// isCopy reports whether fd holds what the open file f holds.
func isCopy(g *group, f *file, fd int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !f.done.Load() && !f.closed.Load() && f.packed == nil && sameBytes(f.fd, fd, f.at.Load())
}

// truncated reports whether the live file is not what it was. Its reader will
// find out; until then what else was found cannot be put in order.
func (d *finder) truncated(g *group) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.queue {
		i := f.ident.Load()
		if i == nil || f.rotated.Load() {
			continue
		}
		if f.closed.Load() {
			continue // unchanged: see settleClosed
		}
		st, err := statFD(f.fd)
		same, errRead := i.matches(f.fd, d.head[:])
		if err != nil || errRead != nil || !same || st.size < f.at.Load() {
			g.reader.wakeUp(g)
			return true
		}
	}
	return false
}

// settleLost finds, for files that were truncated, the copy that was made of
// them before: there the reader goes on. What the file holds now is another.
// Files found truncated after the directory was read wait for the next time:
// their copy may have been made after it, too.
func (d *finder) settleLost(g *group, obs []observed) (changed bool) {
	for _, f := range g.missed {
		changed = true
		delete(g.files, f.id)
		f.rotated.Store(true)
		if fd, ob, ok := d.copyOf(g, f, obs); ok {
			_ = unix.Close(f.fd)
			f.fd, f.id = fd, ob.id
			f.seen.Store(-1)
			g.files[ob.id] = f
			delete(g.copies, ob.id)
		} else {
			f.ended.Store(true)
			d.retired = append(d.retired, f)
			if i := f.ident.Load(); i != nil && f.at.Load() < i.size.Load() {
				d.t.lose(truncated, *f.path.Load(), i.size.Load()-f.at.Load(), nil)
			}
		}
		f.lost.Store(false)
	}
	return changed
}

func (d *finder) copyOf(g *group, f *file, obs []observed) (int, observed, bool) {
	i := f.ident.Load()
	for _, ob := range slices.Backward(obs) {
		if ob.live || ob.packed || ob.id == f.id || g.files[ob.id] != nil || ob.size < f.at.Load() {
			continue
		}
		fd, err := openFile(ob.path)
		if err != nil {
			d.t.complain("open", ob.path, err)
			continue
		}
		st, err := statFD(fd)
		same, errRead := i.matches(fd, d.head[:])
		if err == nil && errRead == nil && same && st.id == ob.id {
			return fd, ob, true
		}
		_ = unix.Close(fd)
	}
	return -1, observed{}, false
}

// lastLine is where the last complete line of a file ends.
func lastLine(fd int, size int64) int64 {
	var buf [64 << 10]byte
	from := max(0, size-int64(len(buf)))
	n, err := pread(fd, buf[:size-from], from)
	if at := bytes.LastIndexByte(buf[:n], '\n'); err == nil && at >= 0 {
		return from + int64(at) + 1
	}
	return size
}
