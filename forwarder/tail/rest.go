package tail

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// rest puts a group to sleep in which nothing happened for a while: a watch
// wakes it, or the finder, or, where there is no watch left, the next look.
func (r *reader) rest(g *group) bool {
	r.queue = g.snapshot(r.queue)
	if g.open() || len(r.queue) > 1 || g.changing.Load() {
		return false
	}
	if len(r.queue) == 0 {
		g.active, g.joins = false, nil
		g.idle.Store(true)
		return true
	}
	f := r.queue[0]
	if f.rotated.Load() || f.lost.Load() || r.now.Sub(f.changed) < r.t.cfg.IdleAfter {
		return false
	}
	wd, err := r.t.watch.quiet(f.fd, g)
	if err != nil {
		g.due = r.now.Add(r.t.cfg.IdlePoll)
		return true
	}
	// What was written before the watch was there wakes nobody.
	g.active, g.joins, g.watched = false, nil, wd
	g.idle.Store(true)
	if st, err := statFD(f.fd); err != nil || st.size != f.seen.Load() || f.rotated.Load() || g.gone.Load() {
		r.wakeUp(g)
	} else {
		r.close(g, f, st)
	}
	return true
}

// close closes a file that has come to rest, beside IdleOpen others. Its watch
// stays: that is the inode's.
//
// The descriptor keeps what is unread from being deleted, and the inode from
// being another file's. So a file is closed only if nothing in it is unread, and
// its first line tells it from every other one.
func (r *reader) close(g *group, f *file, st stat) {
	if g.counted = r.t.resting.Add(1) <= int64(r.t.cfg.IdleOpen); g.counted {
		return
	}
	r.t.resting.Add(-1)
	i := f.ident.Load()
	if i == nil || i.format == raw || f.packed != nil || f.long != nil || f.off != st.size || st != f.looked || st.links == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	_ = unix.Close(f.fd)
	f.fd, f.rest = -1, st
	f.closed.Store(true)
}

// reopen opens a file that was closed at rest by the path at which the finder
// last saw it. One that is not there any more is the finder's to find.
func (r *reader) reopen(g *group, f *file) outcome {
	fd, err := openFile(*f.path.Load())
	var st stat
	if err == nil {
		if st, err = statFD(fd); err != nil || st.id != f.id {
			_ = unix.Close(fd)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && st.id != f.id:
		r.t.finder.poke(g.dir)
		return waiting
	case err != nil:
		r.t.complain("open", *f.path.Load(), err)
		return failed
	}
	g.mu.Lock()
	f.fd = fd
	f.closed.Store(false)
	g.mu.Unlock()
	f.changed, f.looked = r.now, stat{}
	return atEnd
}

// settleClosed deals with a file that was closed at rest when the directory is
// not as it was: nothing else of the group may be, before the file is open again
// and its reader has had a look at it. It reports whether that is to be waited
// for. A file that is gone was read to its end.
func (d *finder) settleClosed(g *group, obs []observed) (wait bool) {
	f, rest := g.closed()
	if f == nil {
		g.changing.Store(false)
		return false
	}
	path := ""
	for _, ob := range obs {
		if ob.id != f.id {
			continue
		}
		if ob.live && ob.stat == rest {
			return false
		}
		path = ob.path
	}
	if st, err := statPath(*f.path.Load()); path == "" && err == nil && st.id == f.id {
		path = *f.path.Load() // no path of the group's any more
	}
	if path == "" {
		f.ended.Store(true)
		f.rotated.Store(true)
		g.reader.wakeUp(g)
		return false
	}
	f.path.Store(&path)
	g.changing.Store(true)
	g.reader.wakeUp(g)
	return true
}

// closed is the file that is closed at rest, as it was then; nil: none is.
func (g *group) closed() (*file, stat) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.queue {
		if f.closed.Load() && !f.ended.Load() {
			return f, f.rest
		}
	}
	return nil, stat{}
}
