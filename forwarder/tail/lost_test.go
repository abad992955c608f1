package tail

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A file is deleted while its output takes nothing: it is kept open, up to the
// limit, and read when there is room.
func TestHeldLimit(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	size := int64(len(numbered(0, 100)))
	r.cfg.HeldLimit = 2*size + size/2
	r.append(live, numbered(0, 100))
	r.start()
	r.records(100)
	r.out.mu.Lock()
	wait := make(chan struct{})
	r.out.refuse[r.out.recs[0].tag] = wait
	r.out.mu.Unlock()
	for n := 1; n < 5; n++ { // three files that nobody has read, and the live one
		name := live + ".20261122-20000" + string(rune('0'+n))
		r.must(os.Rename(live, name))
		r.append(live, numbered(100*n, 100*n+100))
		r.until("both are open", func() bool { return r.open(name) && r.open(live) })
	}
	for n := 1; n < 5; n++ {
		r.must(os.Remove(live + ".20261122-20000" + string(rune('0'+n))))
	}
	r.until("one is let go", func() bool { r.tail.finder.poke(""); return r.lostFiles(let) == 1 })
	if n := r.lostBytes(let); n != len(numbered(100, 200)) {
		t.Errorf("%d bytes lost, want %d", n, len(numbered(100, 200)))
	}
	r.out.mu.Lock()
	clear(r.out.refuse)
	r.out.mu.Unlock()
	close(wait)
	recs := r.records(400)
	wantNumbered(t, recs[:100], 0, 100)
	wantNumbered(t, recs[100:], 200, 500)
}

// open reports whether we have the file open.
func (r *rig) open(path string) bool {
	st, err := statPath(path)
	if err != nil {
		return false
	}
	fds, _ := os.ReadDir("/proc/self/fd")
	return slices.ContainsFunc(fds, func(fd os.DirEntry) bool {
		other, err := statPath("/proc/self/fd/" + fd.Name())
		return err == nil && other.id == st.id
	})
}

// What went while the agent was down is named, as far as it is known.
func TestGapReport(t *testing.T) {
	for _, c := range []struct {
		name         string
		answered     bool // all that was read is answered for
		next         bool // there is a next generation of the log
		files, bytes int
	}{
		{"unread bytes", false, true, 1, len(numbered(0, 10))},
		{"unread bytes, and the pod is gone", false, false, 1, len(numbered(0, 10))},
		{"all was read, and it was rotated and removed", true, true, 1, 0},
		{"all was read, and the pod is gone", true, false, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.out.keep = !c.answered
			live := r.container("app")
			r.append(live, numbered(0, 10))
			r.start()
			r.records(10)
			r.until("it is saved", func() bool { e := r.entryOf(live); return e != nil && e.Size > 0 && e.Live })
			e := r.entryOf(live)
			key := checkpointKey(e.key())
			r.stop()
			r.must(os.Remove(live))
			if c.next {
				r.append(live, numbered(10, 20))
			} else {
				links, err := filepath.Glob(r.cfg.Path)
				r.must(err)
				r.must(os.Remove(links[0]))
			}
			other := r.container("other")
			r.append(other, line(0, "other"))
			r.restart(r.store)
			r.until("the other is read", func() bool { return slices.Contains(r.out.texts(), "other") })
			r.until("it is forgotten", func() bool { _, ok := r.store.Get(key); return !ok })
			if r.lostFiles(vanished) != c.files || r.lostBytes(vanished) != c.bytes {
				t.Errorf("%d files and %d bytes lost, want %d and %d", r.lostFiles(vanished), r.lostBytes(vanished), c.files, c.bytes)
			}
		})
	}
}
