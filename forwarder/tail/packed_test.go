package tail

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// compress does to a rotated file what the kubelet does.
func (r *rig) compress(path string) {
	r.t.Helper()
	text, err := os.ReadFile(path)
	r.must(err)
	r.must(os.WriteFile(path+".tmp", gzipped(r.t, text), 0o600))
	r.must(os.Rename(path+".tmp", path+".gz"))
	r.must(os.Remove(path))
}

func (r *rig) lostFiles(why loss) int { return int(testutil.ToFloat64(r.tail.m.lostFiles[why])) }

func (r *rig) lostBytes(why loss) int { return int(testutil.ToFloat64(r.tail.m.lostBytes[why])) }

// The kubelet compresses a file when the next one is rotated: a compressed
// file is older than its time says.
func TestCompressedWhileDown(t *testing.T) {
	for _, style := range []string{"kubelet", "docker"} {
		t.Run(style, func(t *testing.T) {
			r := newRig(t)
			live := r.container("app")
			older, old, young := live+".20261122-200001", live+".20261122-200002", live+".20261122-200003"
			if style == "docker" {
				older, old, young = live+".3", live+".2", live+".1"
			}
			r.append(live, numbered(0, 5))
			r.start()
			r.records(5)
			r.until("saved", func() bool { return r.store.files() == 1 })
			r.stop()
			r.append(live, numbered(5, 700))
			r.must(os.Rename(live, older))
			r.append(live, numbered(700, 1400))
			r.must(os.Rename(live, old))
			r.append(live, numbered(1400, 1410))
			r.must(os.Rename(live, young))
			r.append(live, numbered(1410, 1420))
			r.compress(old)
			r.compress(older)
			r.restart(r.store)
			wantNumbered(t, r.records(1415), 5, 1420)

			// What was read stays known until it is gone.
			r.until("all is closed and saved", func() bool { return r.files(rotated) == 0 && r.store.files() == 4 })
			r.restart(r.store)
			r.append(live, numbered(1420, 1421))
			wantNumbered(t, r.records(1), 1420, 1421)
			if style == "docker" { // they move on by one
				r.must(os.Rename(older+".gz", live+".4.gz"))
				r.must(os.Rename(old+".gz", older+".gz"))
				r.must(os.Rename(young, old))
				older, old = live+".4", older
			}
			r.must(os.Remove(older + ".gz"))
			r.until("the oldest is forgotten", func() bool { return r.store.files() == 3 })
			r.append(live, numbered(1421, 1422))
			wantNumbered(t, r.records(2), 1420, 1422)
			r.stop()
			r.must(os.Remove(old + ".gz"))
			r.restart(r.store)
			r.until("the next is forgotten", func() bool { return r.store.files() == 2 })
			if n := r.lostFiles(vanished); n != 0 {
				t.Errorf("%d files lost; all of them were read", n)
			}
		})
	}
}

func TestCompressedWhileRunning(t *testing.T) {
	for _, kind := range []string{"cri", "raw"} {
		t.Run(kind, func(t *testing.T) {
			r := newRig(t)
			live := r.container("app")
			text := func(from, to int) string {
				if kind == "cri" {
					return numbered(from, to)
				}
				s := "# every file begins like this\n" + strings.Repeat("#\n", 500)
				for n := from; n < to; n++ {
					s += fmt.Sprintf("line %d\n", n)
				}
				return s
			}
			lines := func() (got []got) {
				for _, rec := range r.out.all() {
					if rec.text[0] != '#' {
						got = append(got, rec)
					}
				}
				return got
			}
			r.append(live, text(0, 50))
			r.start()
			for n := 1; n < 6; n++ {
				name := fmt.Sprintf("%s.20261122-20000%d", live, n)
				r.must(os.Rename(live, name))
				r.append(live, text(50*n, 50*n+50))
				if n > 1 {
					r.compress(fmt.Sprintf("%s.20261122-20000%d", live, n-1))
				}
				if n%2 == 0 {
					r.until("it is read", func() bool { return len(lines()) >= 50*n+50 })
				}
			}
			r.until("all is read", func() bool { return len(lines()) >= 300 })
			wantNumbered(t, lines(), 0, 300)
			r.until("all is saved and closed", func() bool { return r.files(rotated) == 0 && r.store.files() == 6 })
			r.restart(r.store)
			last := text(300, 301)
			if kind == "raw" {
				last = "line 300\n"
			}
			r.append(live, last)
			r.until("the last", func() bool { return len(lines()) >= 1 })
			wantNumbered(t, lines(), 300, 301)
		})
	}
}

// A compressed file that was removed leaves its inode to the next one.
func TestACompressedFilesInodeIsAnothers(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	old := live + ".20261122-000001"
	r.append(live, numbered(0, 5))
	r.start()
	r.records(5)
	r.must(os.Rename(live, old))
	r.append(live, "")
	r.compress(old)
	r.until("it is known under its new name", func() bool { return r.files(rotated) == 0 && r.entryOf(old+".gz") != nil })
	r.must(os.WriteFile(old+".gz", gzipped(t, []byte(numbered(5, 10))), 0o600)) // the same inode
	wantNumbered(t, r.records(10), 0, 10)
}

// The same while the file that was compressed is still open: what has the inode
// then is not that file.
func TestACompressedFilesInodeIsTheLiveFiles(t *testing.T) {
	r := newRig(t)
	r.cfg.RotateWait = time.Minute
	live := r.container("app")
	old, reused := live+".20261122-000001", filepath.Join(filepath.Dir(live), "reused")
	r.append(live, numbered(0, 5))
	r.start()
	r.records(5)
	r.must(os.Rename(live, old))
	r.append(live, numbered(5, 10))
	r.records(10)
	r.compress(old)
	r.until("it is known under its new name", func() bool { return r.entryOf(old+".gz") != nil })
	r.must(os.Rename(old+".gz", reused))
	r.must(os.WriteFile(reused, []byte(numbered(10, 15)), 0o600)) // the same inode
	r.must(os.Rename(live, live+".20261122-000002"))
	r.must(os.Rename(reused, live))
	wantNumbered(t, r.records(15), 0, 15)
}

func TestACompressedFileThatIsDamaged(t *testing.T) {
	r := newRig(t)
	r.cfg.RotateWait = time.Millisecond
	live := r.container("app")
	rnd := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for n := range 4000 {
		text.WriteString(line(n, fmt.Sprintf("line %d %x", n, rnd.Uint64())))
	}
	whole := gzipped(t, []byte(text.String()))
	broken := append(bytes.Clone(whole[:len(whole)/2]), whole[len(whole)-8:]...)
	r.must(os.WriteFile(live+".20261122-200001.gz", broken, 0o600))
	r.must(os.WriteFile(live+".20261122-200002.gz", []byte("this is no compressed file"), 0o600))
	r.append(live, line(5000, "live"))
	r.start()
	r.until("the live file is read", func() bool { n := r.out.len(); return n > 0 && r.out.all()[n-1].text == "live" })
	r.until("both are given up", func() bool { return r.lostFiles(unreadable) == 2 })
	if n := r.out.len(); n < 1000 || r.lostBytes(unreadable) == 0 {
		t.Errorf("%d records, %d bytes lost", n, r.lostBytes(unreadable))
	}
}

// Whatever is asked for, in whatever steps that go forward: the text comes.
func TestPackedReads(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	text := make([]byte, 300_000)
	for n := range text {
		text[n] = byte('a' + rnd.IntN(26))
	}
	path := filepath.Join(t.TempDir(), "x.gz")
	body := gzipped(t, text)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	for range 50 {
		p, err := newPacked(fd, int64(len(body)))
		if err != nil || p.size != int64(len(text)) {
			t.Fatal(p, err)
		}
		off := int64(rnd.IntN(len(text)))
		for buf := make([]byte, 1+rnd.IntN(9000)); off < int64(len(text)); {
			b := buf[:1+rnd.IntN(len(buf))]
			n := p.read(b, off)
			if want := text[off:min(int(off)+len(b), len(text))]; !bytes.Equal(buf[:n], want) {
				t.Fatalf("%d bytes at %d, want %d", n, off, len(want))
			}
			off += int64(1 + rnd.IntN(max(n, 1)))
		}
		if n := p.read(make([]byte, 9), int64(len(text))); n != 0 || p.broken() != nil {
			t.Fatalf("%d bytes behind the end, %v", n, p.broken())
		}
	}
	if _, err := newPacked(fd, 3); err == nil {
		t.Error("three bytes")
	}
	if n, err := fdReader(fd).ReadAt(make([]byte, 9), int64(len(body))); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
}
