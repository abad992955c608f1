package wal

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"sluice/event"
	"sluice/forwarder/buffer/segment"
	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/vfs/vfstest"
)

func block(n int) *event.Block {
	b := &event.Block{Key: fmt.Sprintf("index-%d", n%3), Tag: "kubernetes.a", Stream: event.StreamID(n), Since: int64(n)}
	for i := range 1 + n%7 {
		b.Body = fmt.Appendf(b.Body, "{\"n\":%d,\"i\":%d}\n", n, i)
		b.Close(event.MakeID(0, event.SourceKey{Hi: uint64(n)}, uint64(i)), 1)
	}
	return b
}

func options(fs vfs.FS, dir string) Options {
	return Options{FS: fs, Dir: dir, Lane: "elasticsearch", SegmentBytes: 2000}
}

func write(t *testing.T, l *Log, from, to int) (refs []Ref) {
	t.Helper()
	var list []*event.Block
	for n := from; n < to; n++ {
		list = append(list, block(n))
	}
	refs, err := l.Write(list)
	if err != nil {
		t.Fatal(err)
	}
	return refs
}

func numbers(found []Found) (list []int) {
	for _, f := range found {
		list = append(list, int(f.Stream))
	}
	return list
}

func reopen(t *testing.T, o Options, want ...int) (*Log, []Found, Report) {
	t.Helper()
	l, found, rep := Open(o)
	if got := numbers(found); !slices.Equal(got, want) {
		t.Fatalf("found %v, want %v (%+v)", got, want, rep)
	}
	for _, f := range found {
		got := &event.Block{}
		if err := l.Read(f.Ref, got); err != nil || !reflect.DeepEqual(got, block(int(f.Stream))) {
			t.Fatalf("block %d: %v\n%+v", f.Stream, err, got)
		}
	}
	return l, found, rep
}

func TestWrittenIsThereAgainUntilReleased(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "buffer", "lane")
	o := options(vfs.OS{}, dir)
	l, _, _ := reopen(t, o)
	refs := write(t, l, 0, 3)
	refs = append(refs, write(t, l, 3, 5)...)
	l.Release(refs[1])
	l.Release(refs[4])
	l.Sweep()
	// The process dies: l is not closed.
	l, found, _ := reopen(t, o, 0, 2, 3)
	refs = write(t, l, 5, 7)
	l.Release(found[1].Ref)
	l.Close()
	l, found, rep := reopen(t, o, 0, 3, 5, 6)
	if rep.Torn != 0 || rep.Lost != 0 || rep.Problems != nil {
		t.Fatalf("%+v", rep)
	}
	for _, f := range found {
		l.Release(f.Ref)
	}
	l.Sweep()
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 || l.Used() != 0 {
		t.Fatalf("%v files, %d bytes, %v", left, l.Used(), err)
	}
	l.Close()
	st, err := os.Stat(dir)
	if err != nil || st.Mode().Perm() != 0o700 {
		t.Fatalf("%v %v", st.Mode(), err)
	}
	_ = refs
}

func TestFilesAreSmallAndPrivate(t *testing.T) {
	dir := t.TempDir()
	l, _, _ := Open(options(vfs.OS{}, dir))
	defer l.Close()
	var refs []Ref
	for n := 0; n < 100; n += 5 {
		refs = append(refs, write(t, l, n, n+5)...)
	}
	names, _ := vfs.OS{}.List(dir)
	if len(names) < 5 {
		t.Fatalf("one file grows: %v", names)
	}
	st, _ := os.Stat(filepath.Join(dir, names[0]))
	if st.Mode().Perm() != 0o600 {
		t.Fatal(st.Mode())
	}
	for _, r := range refs[:50] {
		l.Release(r)
	}
	if !l.Spent() {
		t.Fatal("nothing is spent")
	}
	l.Sweep()
	if after, _ := (vfs.OS{}).List(dir); len(after) >= len(names) || l.Spent() {
		t.Fatalf("%d of %d files left with half of it answered for", len(after), len(names))
	}
}

func TestDamageIsTakenAsFarAsItCanBeReadAndSetAside(t *testing.T) {
	d := vfstest.New()
	o := options(d, "/data/buffer/lane")
	l, _, _ := Open(o)
	refs := write(t, l, 0, 4)
	write(t, l, 4, 6)
	l.Close()
	path := refs[0].Segment()
	d.Edit(path, func(p []byte) []byte { p[refs[1].Off+5] ^= 1; return p })
	l, found, rep := reopen(t, o, 0, 2, 3, 4, 5)
	var damage DamageError
	if rep.Lost != int64(refs[1].Size) || len(rep.Problems) != 1 || !errors.As(rep.Problems[0].Err, &damage) || damage.Bytes != rep.Lost {
		t.Fatalf("%+v", rep)
	}
	for _, f := range found {
		l.Release(f.Ref)
	}
	l.Close()
	if files := d.Files(); !slices.Equal(files, []string{path + Aside}) {
		t.Fatal(files)
	}
	l, _, rep = reopen(t, o)
	if rep.Problems != nil {
		t.Fatalf("%+v", rep)
	}
	if r := write(t, l, 0, 1); r[0].Segment() == path {
		t.Fatal("a number was used twice")
	}
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	d := vfstest.New()
	o := options(d, "/data/buffer/lane")
	l, _, _ := Open(o)
	write(t, l, 0, 1)
	l.Close()
	newer, foreign := "/data/buffer/lane/"+Name(7), "/data/buffer/lane/"+Name(8)
	for _, path := range []string{newer, foreign} {
		f, err := d.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	d.Edit(newer, func([]byte) []byte { return segment.AppendHeaderVersion(nil, 2) })
	d.Edit(foreign, func([]byte) []byte { return []byte(strings.Repeat("x", 100)) })
	l, _, rep := reopen(t, o, 0)
	var n segment.NewerError
	if len(rep.Problems) != 2 || !errors.As(rep.Problems[0].Err, &n) || !errors.Is(rep.Problems[1].Err, segment.ErrForeign) {
		t.Fatalf("%+v", rep)
	}
	if r := write(t, l, 1, 2); r[0].Segment() != "/data/buffer/lane/"+Name(9) {
		t.Fatal(r[0].Segment())
	}
	l.Close()
	if files := d.Files(); !slices.Contains(files, newer) || !slices.Contains(files, foreign) {
		t.Fatal(files)
	}
}

// TestEveryCallFailsOnce makes the n-th call to the file system fail, for every
// n, then every pair: what Write confirmed is there afterwards, and nothing
// counts as damaged.
func TestEveryCallFailsOnce(t *testing.T) {
	const most = 40
	for first := 1; first <= most; first++ {
		for second := first; second <= most; second++ {
			d := vfstest.New()
			o := options(d, "/data/buffer/lane")
			d.Fail(func(c vfstest.Call) error {
				if c.N == first || c.N == second {
					return syscall.EIO
				}
				return nil
			})
			held := script(t, o)
			d.Fail(nil)
			for _, after := range []*vfstest.Disk{d, d.Crash(rand.New(rand.NewPCG(uint64(first), uint64(second))))} {
				o.FS = after
				l, found, rep := Open(o)
				verify(t, l, found, held, fmt.Sprintf("calls %d and %d failed", first, second))
				if rep.Lost != 0 {
					t.Fatalf("calls %d and %d failed: %+v", first, second, rep)
				}
				l.Close()
			}
		}
	}
}

// script writes and releases, and returns what must be there afterwards.
func script(t *testing.T, o Options) (held map[int]bool) {
	t.Helper()
	l, _, _ := Open(o)
	held = map[int]bool{}
	var refs []Ref
	var which []int
	for n := 0; n < 30; n += 5 {
		list := []*event.Block{block(n), block(n + 1), block(n + 2), block(n + 3), block(n + 4)}
		got, err := l.Write(list)
		if err != nil {
			continue
		}
		for i, r := range got {
			held[n+i] = true
			refs, which = append(refs, r), append(which, n+i)
		}
		if len(refs) > 7 {
			for i, r := range refs[:7] {
				l.Release(r)
				delete(held, which[i])
			}
			refs, which = refs[7:], which[7:]
			l.Sweep()
		}
	}
	for i, r := range refs {
		got := &event.Block{}
		if err := l.Read(r, got); err == nil && !reflect.DeepEqual(got, block(which[i])) {
			t.Fatalf("block %d was read as %+v", which[i], got)
		}
	}
	return held
}

func verify(t *testing.T, l *Log, found []Found, held map[int]bool, what string) {
	t.Helper()
	there := map[int]bool{}
	for _, f := range found {
		n := int(f.Stream)
		got := &event.Block{}
		if err := l.Read(f.Ref, got); err != nil || !reflect.DeepEqual(got, block(n)) {
			t.Fatalf("%s: block %d: %v %+v", what, n, err, got)
		}
		there[n] = true
	}
	for n := range held {
		if !there[n] {
			t.Fatalf("%s: block %d was confirmed and is gone; there: %v", what, n, there)
		}
	}
}

// TestPowerCut cuts the power at random moments of random runs, several times
// in a row: what was confirmed and not released is always there.
func TestPowerCut(t *testing.T) {
	runs := 2000
	if testing.Short() {
		runs = 300
	}
	for seed := range uint64(runs) {
		powerCut(t, seed)
	}
}

func powerCut(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 9))
	d := vfstest.New()
	o := options(d, "/data/buffer/lane")
	o.Log = slog.New(slog.DiscardHandler)
	held, next := map[int]Ref{}, 0
	for range 1 + rnd.IntN(3) {
		o.FS = d
		l, found, rep := Open(o)
		if rep.Lost != 0 || rep.Problems != nil {
			t.Fatalf("seed %d: a power cut counts as damage: %+v", seed, rep)
		}
		must := map[int]bool{}
		for n := range held {
			must[n] = true
		}
		verify(t, l, found, must, fmt.Sprintf("seed %d", seed))
		for _, f := range found { // what was never confirmed may be there too
			held[int(f.Stream)] = f.Ref
		}
		d.Fail(func(c vfstest.Call) error {
			if rnd.IntN(25) == 0 {
				return syscall.EIO
			}
			return nil
		})
		for range rnd.IntN(30) {
			switch rnd.IntN(3) {
			case 0:
				var list []*event.Block
				for range 1 + rnd.IntN(6) {
					list = append(list, block(next))
					next++
				}
				refs, err := l.Write(list)
				for i := range refs {
					if err == nil {
						held[next-len(refs)+i] = refs[i]
					}
				}
			case 1:
				for n, r := range held {
					l.Release(r)
					delete(held, n)
					break
				}
			case 2:
				l.Sweep()
			}
		}
		d.Fail(nil)
		d = d.Crash(rnd)
	}
}

func TestAFullDiskLeavesNothingHalf(t *testing.T) {
	d := vfstest.New()
	o := options(d, "/data/buffer/lane")
	l, _, _ := Open(o)
	first := write(t, l, 0, 3)
	d.Limit(d.Bytes() + 100)
	if _, err := l.Write([]*event.Block{block(6), block(13)}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if d.Bytes() != l.Used() {
		t.Fatalf("%d bytes on the disk, %d counted", d.Bytes(), l.Used())
	}
	d.Limit(0)
	write(t, l, 3, 5)
	l.Release(first[0])
	l.Close()
	// A file with a failed write takes nothing any more, not even what is answered for.
	reopen(t, o, 0, 1, 2, 3, 4)
}
