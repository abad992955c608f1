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
	path   string
	live   bool
	packed bool  // compressed
	from   int64 // where to begin in a file that no entry is about; -1: as configured
}

// list brings the groups of a directory up to what is there.
func (d *finder) list(path string) {
	in := d.dirs[path]
	if in == nil {
		return
	}
	for _, g := range in.groups {
		g.missed = g.lost()
	}
	names, _, ok := d.namesOf(path, in)
	if !ok {
		return
	}
	for _, g := range in.groups {
		d.reconcile(g, names)
	}
	in.groups = slices.DeleteFunc(in.groups, func(g *group) bool { return d.over(g) })
}

// over ends a group that no path matches and of which nothing is left to read.
func (d *finder) over(g *group) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.gone.Load() || len(g.files) > 0 || len(g.queue) > 0 {
		return false
	}
	delete(d.groups, g.real)
	g.quota.leave()
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
		obs = append(obs, observed{st, path, live, isPacked(name), -1})
	}
	counted := byName(obs)
	slices.SortFunc(obs, func(a, b observed) int {
		switch {
		case a.live != b.live:
			return less(b.live)
		case counted:
			return less(olderName(a.path, b.path))
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
	var order []*file
	var changed bool
	for range 8 { // what moved while it was opened might be older than what was opened
		obs, ok := []observed(nil), true
		if !g.gone.Load() {
			obs, ok = d.steady(g, names)
		}
		if !ok || d.settleClosed(g, obs) {
			return
		}
		maps.DeleteFunc(g.sights, func(id fileID, _ sight) bool {
			return !slices.ContainsFunc(obs, func(ob observed) bool { return ob.id == id })
		})
		changed = d.settleLost(g, obs) || changed
		g.missed, d.moved = nil, false
		var some bool
		order, some = d.take(g, obs)
		if changed = some || changed; !d.moved {
			break
		}
		if names, ok = d.names(g.dir); !ok {
			break
		}
	}
	changed = d.missing(g, order) || changed
	d.enqueue(g, order)
	if changed {
		g.reader.wakeUp(g)
	}
}

// take finds or opens what a listing saw, and returns it in its order.
func (d *finder) take(g *group, obs []observed) (order []*file, changed bool) {
	g.current = nil
	if d.pos != nil {
		d.pos.begin(g, d.linksOf(g), obs)
	}
	for _, ob := range slices.Backward(obs) {
		f, fresh := d.know(g, ob)
		if f == nil || slices.Contains(order, f) { // it may be there twice, compressed and not
			continue
		}
		if order = append(order, f); ob.live {
			g.current = f
		}
		f.nameless = false
		changed = changed || fresh
		changed = f.rotated.Swap(!ob.live) == ob.live && !fresh || changed
		if old := f.path.Load(); *old != ob.path {
			f.path.Store(&ob.path)
		}
		if i := f.ident.Load(); i != nil {
			i.found(ob.path, ob.id, ob.live)
		}
		// Should an event have been lost: the file grows, and nobody looks.
		changed = changed || ob.live && g.idle.Load() && f.seen.Load() != ob.size
	}
	slices.Reverse(order)
	return order, changed
}

// missing deals with files that the listing did not find.
func (d *finder) missing(g *group, found []*file) (changed bool) {
	for _, f := range g.files {
		if slices.Contains(found, f) {
			continue
		}
		changed = !f.rotated.Swap(true) || changed
		f.nameless = true
		d.nameless++
	}
	return changed
}

// enqueue puts the files in the order of reading, which is that of the listing.
// Those that have no name here any more stay behind what was before them.
func (d *finder) enqueue(g *group, order []*file) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at, queue := 0, make([]*file, 0, len(g.queue)+len(order))
	upTo := func(end int) { // those without a name keep their place among the others
		for ; at < end; at++ {
			if f := g.queue[at]; !slices.Contains(order, f) {
				queue = append(queue, f)
			}
		}
	}
	last := -1 // in order, of those that were in the queue before
	for n, f := range order {
		if slices.Contains(g.queue, f) {
			last = n
		}
	}
	if last < 0 {
		upTo(len(g.queue))
	}
	for n, f := range order {
		upTo(slices.Index(g.queue, f) + 1)
		if !f.done.Load() {
			queue = append(queue, f)
		}
		if n == last {
			upTo(len(g.queue))
		}
	}
	g.queue = queue
}

// retire removes the entries of files that are gone and answered for. A file
// that is still there, only not followed any more, keeps its entry.
func (d *finder) retire() {
	for _, g := range d.groups {
		g.files = slices.DeleteFunc(g.files, func(f *file) bool {
			if !f.nameless || !f.settled() {
				return false
			}
			if i := f.ident.Load(); i != nil {
				d.entomb(f, i)
			}
			return true
		})
	}
}

func (d *finder) entomb(f *file, i *identity) {
	e := i.last()
	if st, err := statPath(e.Path); f.ended.Load() || errors.Is(err, fs.ErrNotExist) || err == nil && !e.is(st.id) {
		i.forget()
	} else {
		d.entries[i.name] = e
	}
	i.stream.Close()
}

// clean removes the entries of files that went while nobody looked.
func (d *finder) clean() {
	for key, e := range d.entries {
		if d.isGone(e) {
			d.report(e)
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
	if g := d.follows(e.Path); g != nil {
		f := g.sights[st.id].f // what is in it now
		return missing || err == nil && (!e.is(st.id) || f != nil && f.ident.Load() != nil)
	}
	return missing && !d.loose
}

// follows returns the group that path is of, nil if it is of none.
func (d *finder) follows(path string) *group {
	base, in := filepath.Base(path), d.dirs[filepath.Dir(path)]
	if in == nil {
		return nil
	}
	for _, g := range in.groups {
		if base == g.base || isSibling(g.base, base) {
			return g
		}
	}
	return nil
}
