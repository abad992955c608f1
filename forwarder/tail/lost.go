package tail

import (
	"cmp"
	"slices"
)

// loss is why bytes of a followed file were never read.
type loss uint8

const (
	vanished   loss = iota // the file went while the agent was down
	truncated              // it was truncated, and there was no copy of it
	let                    // it was deleted, and more than held_limit was kept open
	unreadable             // it is compressed and damaged
	losses
)

var lossNames = [losses]string{"vanished", "truncated", "held_limit", "unreadable"}

var lossTexts = [losses]string{
	"a container log went unread while the agent was down",
	"a container log was truncated before it was read, and there is no copy of it",
	"a deleted container log was let go unread: more than held_limit was kept open",
	"a compressed container log cannot be read to its end",
}

// lose names and counts what was lost of a file: so many bytes, as far as is
// known.
func (t *Tail) lose(why loss, path string, bytes int64, err error) {
	t.m.lostFiles[why].Inc()
	t.m.lostBytes[why].Add(float64(max(0, bytes)))
	args := []any{"path", path, "bytes", max(0, bytes)}
	if err != nil {
		args = append(args, "error", err)
	}
	t.log.Error(lossTexts[why], args...)
}

// hold lets the oldest deleted files go when those that are open for us alone
// keep more bytes than held_limit from the disk.
func (d *finder) hold() {
	if d.nameless == 0 {
		return
	}
	type held struct {
		f *file
		stat
	}
	var all []held
	var sum int64
	d.nameless = 0
	for _, g := range d.groups {
		g.mu.Lock()
		for _, f := range g.queue {
			if !f.nameless || f.letGo.Load() {
				continue
			}
			d.nameless++
			if st, err := statFD(f.fd); err == nil && st.links == 0 {
				all = append(all, held{f, st})
				sum += st.size
			}
		}
		g.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b held) int { return cmp.Compare(a.mtime, b.mtime) })
	for _, h := range all {
		if sum <= d.t.cfg.HeldLimit {
			return
		}
		sum -= h.size
		h.f.letGo.Store(true)
		h.f.g.letting.Store(true)
		h.f.g.reader.wakeUp(h.f.g)
	}
}

// release closes the files that the finder lets go, whatever else the group
// waits for.
func (r *reader) release(g *group) {
	if !g.letting.Swap(false) {
		return
	}
	r.queue = g.snapshot(r.queue)
	for _, f := range r.queue {
		if !f.letGo.Load() {
			continue
		}
		if f.long != nil {
			f.off, f.long = f.long.start, nil
			f.at.Store(f.off)
		}
		if st, err := f.stat(); err == nil && st.size > f.off {
			r.t.lose(let, *f.path.Load(), st.size-f.off, nil)
		}
		r.t.m.setLag(f, 0)
		f.ended.Store(true)
		g.close(f)
	}
}

// report names an entry whose file is gone since the last run.
func (d *finder) report(e *entry) {
	switch unread := e.Size - e.Off; {
	case unread > 0:
		d.t.lose(vanished, e.Path, unread, nil)
	case e.Live && d.follows(e.Path) != nil: // it was written to, rotated and removed: how far, nobody knows
		d.t.lose(vanished, e.Path, 0, nil)
	default:
		d.t.log.Info("a container log is gone since the last run", "path", e.Path, "read_bytes", e.Off)
	}
}

// note keeps the sizes of files with unread bytes in their entries: should a
// file go, the next run can tell how much of it.
func (d *finder) note() {
	for _, g := range d.groups {
		for _, f := range g.files {
			if i := f.ident.Load(); i != nil && !f.done.Load() {
				i.note()
			}
		}
	}
}
