package tail

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

var (
	errMoved  = errors.New("it was replaced while it was opened")
	errUnsure = errors.New("it may be a copy that is still being made")
)

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
	t, err := d.bodyOf(g, ob, fd)
	if t.packed != nil {
		defer t.packed.release()
	}
	switch {
	case err != nil:
		return nil, err
	case !ob.packed && !ob.live && d.truncated(g):
		return nil, errUnsure
	case t.format == unknown:
		return d.lineless(g, ob, fd)
	}
	if old := d.same(g, ob, &t); old != nil {
		return d.again(g, old, fd, ob, &t)
	}
	before := d.entries[checkpointKey(t.key)]
	if t.format == raw {
		if !ob.packed && slices.ContainsFunc(g.files, func(f *file) bool { return isCopy(f, &t, fd) }) {
			return nil, nil
		}
		t.generate()
		if before = d.rawEntry(g, ob, &t); before != nil {
			t.key, t.born = before.key(), before.Born
		}
	}
	return d.adopted(g, ob, fd, &t, before)
}

// bodyOf reads what tells a file from others. The format of a compressed one that
// cannot be read is unknown.
func (d *finder) bodyOf(g *group, ob observed, fd int) (t body, err error) {
	t.size = ob.size
	read := reading(fd)
	if ob.packed {
		if t.packed, err = newPacked(fd, ob.size); err != nil {
			return t, d.damaged(ob, err)
		}
		t.size = t.packed.size
		read = func(b []byte) (int, error) { return t.packed.read(b, 0), nil }
	}
	if t.origin, err = probe(read, &g.place, ob.packed); err != nil {
		return t, err
	}
	t.begin = make([]byte, headMax)
	n, err := read(t.begin)
	t.begin = t.begin[:n]
	if ob.packed && t.packed.broken() != nil {
		t.origin = origin{}
		return t, d.damaged(ob, t.packed.broken())
	}
	return t, err
}

// lineless is a file in which there is no complete line.
func (d *finder) lineless(g *group, ob observed, fd int) (*file, error) {
	switch {
	case ob.packed:
	case ob.live, ob.size > 0 && ob.age(time.Now()) > d.t.cfg.RotateWait:
		return newFile(g, fd, ob, 0), nil
	case ob.size > 0:
		return nil, errUnsure
	}
	return nil, nil // a copy begins like this; should there be more, it is another file to us
}

// adopted makes the file of a text, with the entry that the checkpoint had.
func (d *finder) adopted(g *group, ob observed, fd int, t *body, before *entry) (*file, error) {
	f := newFile(g, fd, ob, 0)
	f.packed = t.packed
	switch {
	case before != nil && before.Off <= t.size:
		f.off = before.Off
	case before != nil && ob.packed:
		f.off = t.size
	case before != nil && !ob.live:
		return nil, errUnsure
	case ob.from >= 0:
		f.off = min(ob.from, t.size)
	case !ob.live && d.outdated(ob.mtime), d.fromEnd && ob.packed:
		f.off = t.size
	case d.fromEnd:
		f.off = lastLine(fd, t.size)
	}
	d.takeOver(f, t.origin, before)
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

// rawEntry finds the entry of a file whose lines do not tell it from others that
// begin alike. A plain file has its inode, unless it is the copy that was made of
// the live one, before that was truncated. A compressed one is as long as it was,
// and has its name; or it was read to its end, and is not there any more.
func (d *finder) rawEntry(g *group, ob observed, t *body) (found *entry) {
	for _, e := range d.entries {
		if e.Format != raw || e.Off > t.size || !e.head().of(t.begin) {
			continue
		}
		left, seen := d.left(g, e)
		switch {
		case e.is(ob.id):
			return e
		case !ob.packed && !ob.live && e.Path == g.real && seen && left:
			found = e
		case !ob.packed || e.Size != t.size:
		case plainName(e.Path) == plainName(ob.path):
			return e
		case e.Off == t.size && !seen:
			found = e
		}
	}
	return found
}

// left reports whether the text of an entry is not any more in the file in which
// it was, and whether the present listing has that.
func (d *finder) left(g *group, e *entry) (left, seen bool) {
	n := slices.IndexFunc(g.last, func(ob observed) bool { return e.is(ob.id) })
	if n < 0 {
		return true, false
	}
	fd, err := openFile(g.last[n].path)
	if err != nil {
		return false, true
	}
	defer unix.Close(fd)
	same, err := e.head().matches(fd, d.head[:])
	return err == nil && (!same || g.last[n].size < e.Off), true
}

// isCopy reports whether fd holds what the open raw file f holds.
func isCopy(f *file, t *body, fd int) bool {
	i := f.ident.Load()
	if i == nil || i.head != t.head {
		return false
	}
	f.g.mu.Lock()
	defer f.g.mu.Unlock()
	return !f.done.Load() && f.packed == nil && sameBytes(f.fd, fd, f.at.Load())
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
		delete(g.sights, f.id)
		f.rotated.Store(true)
		if fd, ob, ok := d.copyOf(g, f, obs); ok {
			_ = unix.Close(f.fd)
			f.fd, f.id = fd, ob.id
			f.seen.Store(-1)
			g.sights[ob.id] = sight{ob.stat, f}
		} else {
			f.ended.Store(true)
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
		if ob.live || ob.packed || ob.id == f.id || g.sights[ob.id].f != nil || ob.size < f.at.Load() {
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
