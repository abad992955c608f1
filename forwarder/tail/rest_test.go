package tail

import (
	"os"
	"testing"
	"time"
)

// atRest is a rig with a file of three lines that was read and is closed.
func atRest(t *testing.T) (r *rig, live string) {
	r = newRig(t)
	r.cfg.IdleOpen, r.cfg.RotateWait = 0, time.Millisecond
	live = r.container("app")
	r.append(live, numbered(0, 3))
	r.start()
	r.records(3)
	r.until("the file is closed", func() bool { return !r.open(live) })
	return r, live
}

func TestIdleFilesAreClosed(t *testing.T) {
	for name, c := range map[string]struct {
		lines int // in the end
		then  func(r *rig, live string)
	}{
		"and read again when they are written to": {6, func(r *rig, live string) {
			r.append(live, numbered(3, 6))
		}},
		"rotated, and written to late": {6, func(r *rig, live string) {
			f, err := os.OpenFile(live, os.O_APPEND|os.O_WRONLY, 0)
			r.must(err)
			r.must(os.Rename(live, live+".20261122-000001"))
			_, err = f.WriteString(numbered(3, 5))
			r.must(err)
			r.must(f.Close())
			r.append(live, numbered(5, 6))
		}},
		"written to, rotated and compressed": {6, func(r *rig, live string) {
			r.append(live, numbered(3, 5))
			old := live + ".20261122-000001"
			r.must(os.Rename(live, old))
			r.compress(old)
			r.append(live, numbered(5, 6))
		}},
		"copied and truncated": {6, func(r *rig, live string) {
			r.append(live, numbered(3, 4))
			r.copyTruncate(live, live+".1")
			r.append(live, numbered(4, 6))
		}},
		"deleted, and made anew": {6, func(r *rig, live string) {
			r.must(os.Remove(live))
			r.append(live, numbered(3, 6))
		}},
		"beside an older one that comes late": {3, func(r *rig, live string) {
			r.append(live+".20261122-000001", "")
			r.until("it was listed", func() bool { return r.files(idle) == 1 })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r, live := atRest(t)
			c.then(r, live)
			r.records(c.lines)
			r.until("all are at rest again", func() bool { return r.files(rotated) == 0 && !r.open(live) })
			r.stop()
			wantNumbered(t, r.out.all(), 0, c.lines)
			if n := r.lostFiles(vanished) + r.lostFiles(truncated); n != 0 {
				t.Errorf("%d files are reported lost", n)
			}
		})
	}
}

// A file that was closed and is deleted is over, with its entry.
func TestClosedFileIsDeleted(t *testing.T) {
	r, live := atRest(t)
	r.must(os.Remove(live))
	r.must(os.Remove(r.link("app")))
	r.until("it is forgotten", func() bool { return r.store.files() == 0 && r.files(idle)+r.files(rotated)+r.files(active) == 0 })
}

// What is unread keeps its descriptor: only that keeps it from being deleted.
func TestUnreadFilesStayOpen(t *testing.T) {
	for name, text := range map[string]string{
		"incomplete line": line(3, "half")[:40],
		"partial line":    criLine(3, "stdout", "P", "half"),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.cfg.IdleOpen = 0
			live, other := r.container("app"), r.container("other")
			r.append(live, numbered(0, 3)+text)
			r.append(other, numbered(0, 3))
			r.start()
			r.records(6)
			r.until("the other is closed", func() bool { return !r.open(other) })
			if !r.open(live) {
				t.Error("a file that is not read to its end was closed")
			}
		})
	}
}

// As many as IdleOpen stay open, whichever.
func TestIdleFilesStayOpenUpToTheBound(t *testing.T) {
	r := newRig(t)
	r.cfg.IdleOpen = 2
	var files []string
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		files = append(files, r.container(name))
		r.append(files[len(files)-1], numbered(0, 2))
	}
	r.start()
	open := func() (n int) {
		for _, path := range files {
			if r.open(path) {
				n++
			}
		}
		return n
	}
	for round := 1; round < 4; round++ {
		r.records(2 * round * len(files))
		r.until("two are open", func() bool { return r.files(idle) == len(files) && open() == 2 })
		for _, path := range files {
			r.append(path, numbered(2*round, 2*round+2))
		}
	}
}
