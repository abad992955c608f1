package tail

import (
	"errors"
	"io/fs"
	"slices"
)

// sight is an inode as the last listing saw it, and whose text that was: nil
// where there is nothing in it that is not read elsewhere.
type sight struct {
	stat
	f *file
}

// know answers, of each file that a listing saw, the one question: which file is
// this? It returns that file, fresh if it was not followed so far; nil if there is
// nothing new in it, or that cannot be told yet.
//
// A file that is open keeps its inode, so what has that is the file, grown or
// renamed. Without a descriptor, what is as the last listing saw it is what it was
// then. All else is opened, and its text tells: see same.
func (d *finder) know(g *group, ob observed) (f *file, fresh bool) {
	last := g.sights[ob.id]
	switch f := last.f; {
	case f != nil && f.packed == nil && f.id == ob.id && !f.done.Load():
		return f, false
	case last.stat == ob.stat && (f != nil || !ob.live):
		return f, false
	}
	f, err := d.adopt(g, ob)
	if err != nil {
		d.failed = true
		moved := errors.Is(err, fs.ErrNotExist) || err == errMoved
		d.moved = d.moved || moved
		if !moved && err != errUnsure {
			d.t.complain("open", ob.path, err)
		}
		return last.f, false
	}
	g.sights[ob.id] = sight{ob.stat, f}
	if f != nil && !slices.Contains(g.files, f) {
		g.files = append(g.files, f)
	}
	return f, f != nil && f != last.f
}

// same finds the file that has the given text, of what is followed or was read.
// Lines of a container runtime make a key. Without, a plain file is what is in its
// inode while that begins as it did; a compressed one is the file that begins, ends
// and is long as it is, and is nowhere else: of several that are alike each is
// found once, the one of that name before others.
//
// A file that was truncated is no plain file's: what begins like it now is
// another generation.
func (d *finder) same(g *group, ob observed, t *body) (found *file) {
	for _, f := range g.files {
		i := f.ident.Load()
		switch {
		case f.ended.Load() && !ob.packed:
		case i == nil:
			if ob.packed && begins(g, f, t.origin) {
				return f
			}
		case t.format != raw:
			if i.key == t.key {
				return f
			}
		case i.format != raw:
		case !ob.packed:
			if f.id == ob.id && i.begins.Load().of(t.begin) {
				return f
			}
		case f != g.current && i.begins.Load().of(t.begin) && f.endsLike(t) && !g.sees(f, ob):
			if *f.path.Load() == plainName(ob.path) {
				return f
			}
			if found == nil {
				found = f
			}
		}
	}
	return found
}

// sees reports whether the present listing has the file elsewhere than in what may
// have been compressed of it, and in what that was compressed from.
func (g *group) sees(f *file, packed observed) bool {
	return slices.ContainsFunc(g.last, func(ob observed) bool {
		return ob.id != packed.id && ob.path != plainName(packed.path) && g.sights[ob.id].f == f
	})
}

// again deals with a listing's file whose text is that of one that is known. It
// is that file under another name, or a copy of it (nil), or, where more is in it
// than was read before there was nothing more to read, it goes on from there.
func (d *finder) again(g *group, old *file, fd int, ob observed, t *body) (*file, error) {
	open := !old.done.Load() && !old.ended.Load() // before its end is looked at: it may be closed meanwhile
	switch {
	case ob.packed && old == g.current:
		g.reader.wakeUp(g)
		return nil, errUnsure // it was truncated behind the copy; its reader is about to find out
	case !open && old.at.Load() < t.size:
		f := newFile(g, fd, ob, old.at.Load())
		f.packed = t.packed
		f.ident.Store(old.ident.Load())
		g.replace(old, f)
		return f, nil
	case ob.packed, !open && old.id == ob.id:
		return old, nil
	}
	return nil, nil
}

// replace makes f what old was: in it the reader goes on.
func (g *group) replace(old, f *file) {
	g.files[slices.Index(g.files, old)] = f
	for id, s := range g.sights {
		if s.f == old {
			g.sights[id] = sight{s.stat, f}
		}
	}
}

// begins reports whether f, of which nobody has read anything yet, begins with
// the given line.
func begins(g *group, f *file, o origin) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.done.Load() || f.packed != nil || f == g.current {
		return false
	}
	own, err := probe(reading(f.fd), &g.place, true)
	return err == nil && own.format == o.format && own.head == o.head && own.key == o.key
}

// endsLike reports whether f is as long as the text, and ends like it.
func (f *file) endsLike(t *body) bool {
	f.g.mu.Lock()
	defer f.g.mu.Unlock()
	if f.done.Load() {
		return f.at.Load() == t.size && f.end == t.end()
	}
	if f.packed != nil {
		return false
	}
	st, err := statFD(f.fd)
	if err != nil || st.size != t.size {
		return false
	}
	own, err := endOf(f.read, t.size)
	return err == nil && own == t.end()
}

// body is what a listing's file holds.
type body struct {
	origin
	begin  []byte  // its first kilobyte
	size   int64   //
	packed *packed // nil: it is a plain file's
	last   head    // see end
}

// end is the fingerprint of the end of a compressed text, which costs an unpacking.
func (t *body) end() head {
	if t.last.n == 0 {
		t.last, _ = endOf(func(p []byte, off int64) (int, error) { return t.packed.read(p, off), nil }, t.size)
	}
	return t.last
}

// endOf is the fingerprint of what stands in front of size.
func endOf(read func(p []byte, off int64) (int, error), size int64) (head, error) {
	var room [headMax]byte
	n, err := read(room[:min(size, headMax)], max(0, size-headMax))
	return headOf(room[:n]), err
}
