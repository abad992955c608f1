package tail

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A file of several members is not read twice from where its last one is shorter
// than what was read, and not taken to end there.
func TestACompressedFileOfSeveralMembers(t *testing.T) {
	for name, last := range map[string]string{"short": numbered(605, 610), "empty": ""} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			live := r.container("app")
			end := 605
			if last != "" {
				end = 610
			}
			r.append(live, numbered(0, 600))
			r.start()
			r.records(600)
			r.until("saved", func() bool { e := r.entryOf(live); return e != nil && e.Off == int64(len(numbered(0, 600))) })
			r.stop()
			r.must(os.Remove(live))
			body := slices.Concat(gzipped(t, []byte(numbered(0, 300))), gzipped(t, []byte(numbered(300, 605))), gzipped(t, []byte(last)))
			r.must(os.WriteFile(live+".20261122-200001.gz", body, 0o600))
			r.append(live, numbered(end, 700))
			r.restart(r.store)
			wantNumbered(t, r.records(100), 600, 700)
			r.until("all is saved and closed", func() bool { return r.files(rotated) == 0 && r.store.files() == 2 })
			r.restart(r.store)
			r.append(live, numbered(700, 701))
			wantNumbered(t, r.records(1), 700, 701)

			fresh := newRig(t) // who never saw it reads it whole
			live = fresh.container("app")
			fresh.must(os.WriteFile(live+".20261122-200001.gz", body, 0o600))
			fresh.append(live, numbered(end, 700))
			fresh.start()
			wantNumbered(t, fresh.records(700), 0, 700)
		})
	}
}

func TestSeveralMembersAreSeen(t *testing.T) {
	const block = 32 << 10
	for at, want := range map[int]bool{-1: false, 0: false, 1: true, block - 2: true, block - 1: true, block: true, block + 1: true, 3 * block: true, 3*block + 7: true} {
		body := make([]byte, 3*block+10)
		if at >= 0 {
			copy(body[at:], memberHead)
		}
		path := filepath.Join(t.TempDir(), "x.gz")
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		fd, err := openFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := severalMembers(fd, int64(len(body))); got != want {
			t.Errorf("a head at %d: %v", at, got)
		}
		if n, ok := textSize(fd, int64(len(body))); ok {
			t.Errorf("zeros are text of %d bytes", n)
		}
		if err := os.NewFile(uintptr(fd), path).Close(); err != nil {
			t.Fatal(err)
		}
	}
}
