package tail

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
)

// observed is a file as a listing saw it.
type observed struct {
	stat
	path string
	live bool
}

// list brings the groups of a directory up to what is there.
func (d *finder) list(path string) {
	in := d.dirs[path]
	if in == nil {
		return
	}
	d.watch(path, in)
	for _, g := range in.groups {
		g.missed = g.lost()
	}
	names, ok := d.names(path)
	if !ok {
		return
	}
	for _, g := range in.groups {
		d.reconcile(g, names)
	}
	in.groups = slices.DeleteFunc(in.groups, func(g *group) bool { return d.over(g) })
}

// names lists a directory; one that is gone has none.
func (d *finder) names(path string) (names []string, ok bool) {
	names, err := namesIn(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.failed = true
		d.t.complain("list the directory of", path, err)
		return nil, false
	}
	return names, true
}

// over ends a group that no path matches and of which nothing is left to read.
func (d *finder) over(g *group) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.gone.Load() || len(g.files) > 0 || len(g.queue) > 0 {
		return false
	}
	delete(d.groups, g.real)
	g.pod.Close()
	return true
}

// observe looks at the group's files: the siblings, oldest first, then the
// live one.
func (d *finder) observe(g *group, names []string) (obs []observed, ok bool) {
	at, _ := slices.BinarySearch(names, g.base)
	for _, name := range names[at:] {
		if len(name) < len(g.base) || name[:len(g.base)] != g.base {
			break
		}
		live := name == g.base
		if !live && !isSibling(g.base, name) {
			continue
		}
		path := filepath.Join(g.dir, name)
		st, err := statPath(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			d.failed = true
			d.t.complain("look at", path, err)
			return nil, false
		}
		obs = append(obs, observed{st, path, live})
	}
	slices.SortFunc(obs, func(a, b observed) int {
		switch {
		case a.live != b.live:
			return less(b.live)
		case a.mtime != b.mtime:
			return less(a.mtime < b.mtime)
		}
		return less(olderName(a.path, b.path))
	})
	return obs, true
}

// steady is observe, until two looks agree: a rename between reading the
// directory and looking at a file hides one, and a younger one would be read
// before it.
func (d *finder) steady(g *group, names []string) (obs []observed, ok bool) {
	if obs, ok = d.observe(g, names); !ok {
		return nil, false
	}
	last := g.last
	for range 8 {
		g.last = obs
		if sameFiles(last, obs) {
			break
		}
		last = obs
		if names, ok = d.names(g.dir); !ok {
			return nil, false
		}
		if obs, ok = d.observe(g, names); !ok {
			return nil, false
		}
	}
	return obs, true
}

func sameFiles(a, b []observed) bool {
	return slices.EqualFunc(a, b, func(a, b observed) bool { return a.id == b.id && a.path == b.path })
}

func less(yes bool) int {
	if yes {
		return -1
	}
	return 1
}

// reconcile brings a group up to what is there. The live file claims its
// position first: what else has the same first line is a copy of it.
func (d *finder) reconcile(g *group, names []string) {
	obs, ok := []observed(nil), true
	if !g.gone.Load() {
		obs, ok = d.steady(g, names)
	}
	if !ok {
		return
	}
	maps.DeleteFunc(g.copies, func(id fileID, _ stat) bool {
		return !slices.ContainsFunc(obs, func(ob observed) bool { return ob.id == id })
	})
	changed := d.settleLost(g, obs)
	found := map[*file]bool{}
	order := make([]*file, 0, len(obs))
	for _, ob := range slices.Backward(obs) {
		f, fresh := d.know(g, ob)
		if f == nil {
			continue
		}
		found[f] = true
		order = append(order, f)
		changed = changed || fresh
		changed = f.rotated.Swap(!ob.live) == ob.live && !fresh || changed
		if old := f.path.Load(); *old != ob.path {
			f.path.Store(&ob.path)
		}
		if i := f.ident.Load(); i != nil {
			i.found(ob.path, f.id)
		}
		// Should an event have been lost: the file grows, and nobody looks.
		changed = changed || ob.live && g.idle.Load() && f.seen.Load() != ob.size
	}
	slices.Reverse(order)
	changed = d.missing(g, found) || changed
	d.enqueue(g, order)
	if changed {
		g.reader.wakeUp(g)
	}
}

// missing deals with files that the listing did not find.
func (d *finder) missing(g *group, found map[*file]bool) (changed bool) {
	for id, f := range g.files {
		if found[f] {
			continue
		}
		changed = !f.rotated.Swap(true) || changed
		if f.done.Load() {
			delete(g.files, id)
			d.retired = append(d.retired, f)
		}
	}
	return changed
}

// enqueue puts the files in the order of reading: those that have no name here
// any more, they are the oldest, then as listed.
func (d *finder) enqueue(g *group, order []*file) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var queue []*file
	for _, f := range g.queue {
		if !slices.Contains(order, f) {
			queue = append(queue, f)
		}
	}
	for _, f := range order {
		if !f.done.Load() {
			queue = append(queue, f)
		}
	}
	g.queue = queue
}

// retire removes the entries of files that are gone and answered for. A file
// that is still there, only not followed any more, keeps its entry.
func (d *finder) retire() {
	d.retired = slices.DeleteFunc(d.retired, func(f *file) bool {
		if !f.settled() {
			return false
		}
		i := f.ident.Load()
		if i == nil {
			return true
		}
		if st, err := statPath(*f.path.Load()); f.ended.Load() || errors.Is(err, fs.ErrNotExist) || err == nil && st.id != f.id {
			i.forget()
		} else {
			d.entries[i.name] = i.last()
		}
		i.stream.Close()
		return true
	})
}

// clean removes the entries of files that went while nobody looked.
func (d *finder) clean() {
	for key, e := range d.entries {
		if d.isGone(e) {
			d.t.log.Info("a container log is gone since the last run", "path", e.Path, "read_bytes", e.Off)
			d.t.store.Delete(key)
			delete(d.entries, key)
		}
	}
}

// isGone reports whether the file of an entry that no listing found is no
// more. Where its group is listed, what now bears its name is another file;
// elsewhere there must be nothing of that name, nor a link that may come to
// point there.
func (d *finder) isGone(e *entry) bool {
	st, err := statPath(e.Path)
	missing := errors.Is(err, fs.ErrNotExist)
	base := filepath.Base(e.Path)
	if in := d.dirs[filepath.Dir(e.Path)]; in != nil {
		for _, g := range in.groups {
			if base == g.base || isSibling(g.base, base) {
				return missing || err == nil && st.id != e.id()
			}
		}
	}
	return missing && !d.loose
}
