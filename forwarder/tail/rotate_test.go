package tail

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/event"
)

func TestRotationByRenameUnderLoad(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.append(live, "")
	r.start()
	n := 0
	for turn := range 30 {
		f, err := os.OpenFile(live, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		r.must(err)
		write := func(lines int) {
			for range lines {
				_, err := f.WriteString(line(n, fmt.Sprintf("line %d", n)))
				r.must(err)
				n++
			}
		}
		write(50 + turn)
		// The runtime writes on to the old file until it is told to reopen.
		r.must(os.Rename(live, fmt.Sprintf("%s.20261122-2000%02d", live, turn)))
		write(20)
		r.must(f.Close())
		r.append(live, "")
		if turn%7 == 0 {
			r.records(n)
		}
	}
	wantNumbered(t, r.records(n), 0, n)
	r.until("the old ones are closed", func() bool { return r.files(rotated) == 0 })
}

func TestLateLinesOfARotatedFile(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.append(live, numbered(0, 2))
	r.start()
	r.records(2)
	r.until("idle", func() bool { return r.files(idle) == 1 })
	r.must(os.Rename(live, live+".1"))
	r.append(live, numbered(2, 4))
	r.records(4)
	r.until("the old one is closed", func() bool { return r.files(rotated) == 0 })
	r.append(live+".1", numbered(4, 6)) // nobody should; nothing is lost all the same
	wantNumbered(t, r.records(6), 0, 6)
}

// containerd writes the beginning of a line to the old file after the rest of
// it, and more, is in the new one.
func TestALineBeginsLateInARotatedFile(t *testing.T) {
	r := newRig(t)
	r.cfg.Settle, r.cfg.RotateWait = time.Hour, 2*time.Hour
	live := r.container("app")
	r.append(live, criLine(0, "stdout", "F", "first"))
	r.start()
	r.records(1)
	r.must(os.Rename(live, live+".1"))
	r.append(live, criLine(2, "stdout", "F", "rest")+criLine(3, "stdout", "F", "last"))
	r.until("both files are followed", func() bool { return r.files(active)+r.files(rotated) >= 2 })
	r.append(live+".1", criLine(1, "stdout", "P", "beginning, "))
	long := time.Now().Add(-90 * time.Minute)
	r.must(os.Chtimes(live+".1", long, long))
	r.records(3)
	if got := strings.Join(r.out.texts(), "|"); got != "first|beginning, rest|last" {
		t.Errorf("got %s", got)
	}
}

func TestSeveralRotationsWhileDown(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.append(live, numbered(0, 5))
	r.start()
	r.records(5)
	r.until("saved", func() bool { return r.store.files() == 1 })
	r.stop()
	r.append(live, numbered(5, 7))
	r.must(os.Rename(live, live+".20261122-200001"))
	r.append(live, numbered(7, 9))
	r.must(os.Rename(live, live+".20261122-200002"))
	r.append(live+".20261122-200000.gz", "not text")
	r.append(live+".20261122-200003.tmp", "not whole")
	r.append(live, numbered(9, 12))
	r.restart(r.store)
	wantNumbered(t, r.records(7), 5, 12)

	// What was read is known under its new name as well, and forgotten when it is gone.
	r.until("saved", func() bool { return r.store.files() == 3 })
	r.restart(r.store)
	r.append(live, numbered(12, 13))
	wantNumbered(t, r.records(1), 12, 13)
	r.stop()
	r.must(os.Remove(live + ".20261122-200001"))
	r.restart(r.store)
	r.until("the first is forgotten", func() bool { return r.store.files() == 2 })
	r.must(os.Remove(live + ".20261122-200002"))
	r.until("the second is forgotten", func() bool { return r.store.files() == 1 })
}

func TestUnknownSiblingsAreReadFirst(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.append(live+".2", numbered(0, 2))
	r.append(live+".1", numbered(2, 4))
	r.append(live, numbered(4, 6))
	r.start()
	wantNumbered(t, r.records(6), 0, 6)
}

// copyTruncate is what logrotate does with that option.
func (r *rig) copyTruncate(path, to string) {
	r.t.Helper()
	content, err := os.ReadFile(path)
	r.must(err)
	r.must(os.WriteFile(to, content, 0o600))
	r.must(os.Truncate(path, 0))
}

func TestCopyTruncate(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	gate := make(chan struct{})
	r.append(live, numbered(0, 5))
	r.start()
	first := r.records(5)[0]
	r.out.mu.Lock()
	r.out.refuse[first.tag] = gate
	r.out.mu.Unlock()
	r.append(live, numbered(5, 9))
	r.until("the file is parked", func() bool { return r.files(parked) == 1 })
	r.copyTruncate(live, live+".1")
	r.append(live, numbered(9, 30)) // more than was in it before
	r.out.mu.Lock()
	delete(r.out.refuse, first.tag)
	r.out.mu.Unlock()
	close(gate)
	wantNumbered(t, r.records(30), 0, 30)
	r.copyTruncate(live, live+".2")
	r.append(live, numbered(30, 32))
	wantNumbered(t, r.records(32), 0, 32)
	r.until("saved", func() bool { return r.store.files() == 3 })
	r.restart(r.store) // copies that were read are not read again
	r.append(live, numbered(32, 33))
	wantNumbered(t, r.records(1), 32, 33)
}

func TestCopyTruncateWhileDown(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.append(live, numbered(0, 5))
	r.start()
	r.records(5)
	r.until("saved", func() bool { return r.store.files() == 1 })
	r.stop()
	r.append(live, numbered(5, 7))
	r.copyTruncate(live, live+".1")
	r.append(live, numbered(7, 20))
	r.restart(r.store)
	wantNumbered(t, r.records(15), 5, 20)
}

func TestTruncationWithoutACopy(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.append(live, numbered(0, 5)+line(5, "")[:30]) // an incomplete line is lost with it
	r.start()
	r.records(5)
	r.must(os.Truncate(live, 0))
	r.append(live, numbered(5, 7))
	wantNumbered(t, r.records(7), 0, 7)
	r.until("only the new generation has a position", func() bool { return r.store.files() == 1 && r.files(rotated) == 0 })
}

func TestInodeReusedWhileDown(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.append(live, numbered(0, 5))
	r.start()
	r.records(5)
	r.until("saved", func() bool { return r.store.files() == 1 })
	r.stop()
	before, err := statPath(live)
	r.must(err)
	r.must(os.WriteFile(live, []byte(numbered(100, 140)), 0o600)) // same inode, other lines
	if after, _ := statPath(live); after.id != before.id {
		t.Fatal("the inode was to be the same")
	}
	r.restart(r.store)
	wantNumbered(t, r.records(40), 100, 140)
}

func TestFilesWithoutTimes(t *testing.T) {
	r := newRig(t)
	live := filepath.Join(r.dir, "containers", "plain.log")
	text := func(from, to int) (s string) {
		for n := from; n < to; n++ {
			s += fmt.Sprintf("line %d\n", n)
		}
		return s
	}
	r.append(live, "line 0\n") // every generation begins with the same line
	r.start()
	if rec := r.records(1)[0]; rec.fields != 1 || !rec.time.IsZero() || rec.text != "line 0" {
		t.Fatalf("%+v", rec)
	}
	r.until("saved", func() bool {
		e := r.entryOf(live)
		return e != nil && e.Off == int64(len("line 0\n"))
	})
	r.out.mu.Lock()
	r.out.keep = true
	r.out.mu.Unlock()
	r.append(live, text(1, 4))
	before := r.records(4)
	old := r.store.clone()

	r.copyTruncate(live, live+".1")
	r.append(live, "line 0\nline x\n")
	recs := r.records(6)
	if recs[4].text != "line 0" || recs[5].text != "line x" || recs[4].id == before[0].id {
		t.Fatalf("%+v", recs[4:])
	}
	r.must(os.Rename(live, live+".0")) // rotated by rename: another file with the same head
	r.append(live, "line 0\nline y\n")
	if recs = r.records(8); recs[7].text != "line y" {
		t.Fatalf("%+v", recs[6:])
	}

	// The copy is found again: the rest of it has the ids that it had.
	r.restart(old)
	ids := map[string]event.ID{}
	for _, rec := range r.records(7) {
		ids[rec.text] = rec.id
	}
	for _, rec := range before[1:] {
		if ids[rec.text] != rec.id {
			t.Errorf("%q: id %s, then %s", rec.text, rec.id, ids[rec.text])
		}
	}
	if n := r.out.len(); n != 7 {
		t.Errorf("%d records, want 3 of the copy and 2 of each other file", n)
	}
}

// entryOf is the checkpoint's entry of a path, nil if there is none.
func (r *rig) entryOf(path string) (found *entry) {
	r.store.Range(func(k string, v []byte) bool {
		e := &entry{}
		if k != startedKey && json.Unmarshal(v, e) == nil && e.Path == path {
			found = e
		}
		return found == nil
	})
	return found
}

func TestEndOfARemovedFile(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.append(live, numbered(0, 2)+"2026-11-22T20:59:00Z stdout F the la")
	r.start()
	r.records(2)
	r.must(os.Remove(live))
	recs := r.records(3)
	if recs[2].text != "the la" || recs[2].flags != event.Partial {
		t.Fatalf("%+v", recs[2])
	}
}

// A long Docker line has its time at its end: two generations may begin with
// the same kilobyte and are two files all the same.
func TestGenerationsThatBeginWithTheSameLongLine(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	first := strings.Repeat("the same ", 200)
	generation := func(second int, more string) string {
		at := func(n int) string { return fmt.Sprintf("2026-11-22T20:00:%02d.%09dZ", second, n) }
		return fmt.Sprintf(`{"log":"%s\n","stream":"stdout","time":"%s"}`+"\n", first, at(1)) +
			fmt.Sprintf(`{"log":"%s\n","stream":"stdout","time":"%s"}`+"\n", more, at(2))
	}
	r.append(live, generation(10, "short"))
	r.start()
	r.records(2)
	r.must(os.Rename(live, live+".20261122-200020"))
	r.append(live, generation(20, "of the second generation, and longer"))
	recs := r.records(4)
	if recs[2].text != first || recs[3].text != "of the second generation, and longer" || recs[2].id == recs[0].id {
		t.Fatalf("the second generation came as %q, %q", recs[2].text, recs[3].text)
	}
}

// The inode of a file that is done becomes another one's, of the same length.
func TestAnInodeIsAnothersOfTheSameLength(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	old := live + ".20261122-000001"
	r.append(live, numbered(0, 5))
	r.start()
	r.records(5)
	r.must(os.Rename(live, old))
	r.append(live, "")
	r.until("it is done", func() bool { return r.files(rotated) == 0 && r.files(idle) == 1 })
	r.must(os.WriteFile(old, []byte(numbered(5, 10)), 0o600))
	r.append(live, numbered(10, 11))
	r.records(11)
}
