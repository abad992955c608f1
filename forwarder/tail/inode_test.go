package tail

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// byHand is a rig whose finder and reader do nothing but what the test has them do.
type byHand struct{ *rig }

func newByHand(t *testing.T) byHand {
	r := newRig(t)
	r.cfg.Poll, r.cfg.Settle, r.cfg.Racy, r.cfg.IdleAfter, r.cfg.RotateWait = 1, 0, 0, 1, 1
	r.cfg.Readers = 1
	var err error
	r.tail, err = New(r.cfg, ledger.New(), r.store, &event.Fragment{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	r.must(err)
	return byHand{r}
}

// begin is Tail.Run as far as a test by hand has it.
func (h byHand) begin() byHand {
	tail := h.tail
	var err error
	tail.watch, err = newWatcher()
	h.must(err)
	h.t.Cleanup(tail.watch.close)
	r := newReader(tail, h.out, "reader")
	r.ctx, r.begun, r.buf = context.Background(), time.Now(), make([]byte, 0, h.cfg.ReadSize+headRoom)
	tail.readers = []*reader{r}
	tail.finder = newFinder(tail)
	h.t.Cleanup(tail.finder.close)
	tail.finder.restore()
	return h
}

// look lists what is there and reads it until nothing more happens.
func (h byHand) look() {
	h.t.Helper()
	for range 4 { // what is listed may have to wait for the reader
		h.tail.finder.scan()
		h.tail.finder.happened()
		r := h.tail.readers[0]
		for range 100 {
			_, err := r.round()
			h.must(err)
		}
	}
}

// inInode makes a file of the name with the text in an inode that was given
// away, as the kernel does that gives the lowest free one.
func (h byHand) inInode(ino uint64, path, text string) {
	h.t.Helper()
	for n := range 1000 {
		spare := filepath.Join(filepath.Dir(path), fmt.Sprintf("spare%d", n))
		h.append(spare, text)
		st, err := statPath(spare)
		if h.must(err); st.id.ino == ino {
			h.must(os.Rename(spare, path))
			return
		}
	}
	h.t.Skip("this file system does not give an inode away again")
}

func (h byHand) inode(path string) uint64 {
	h.t.Helper()
	st, err := statPath(path)
	h.must(err)
	return st.id.ino
}

// A file that was closed at rest is written to, rotated, compressed, and its inode
// is the next one's, before anybody looks: it goes on where it ended.
func TestAFileAtRestLeavesItsInodeToTheNext(t *testing.T) {
	h := newByHand(t)
	h.tail.cfg.IdleOpen = 0
	live := h.container("app")
	h.append(live, numbered(0, 3))
	h.begin().look()
	if h.open(live) || h.out.len() != 3 {
		t.Fatalf("the file is open, or %d records arrived, want 3", h.out.len())
	}
	h.append(live, numbered(3, 5))
	ino, old := h.inode(live), live+".20261122-000001"
	h.must(os.Rename(live, old))
	h.compress(old)
	h.inInode(ino, live, numbered(5, 6))
	h.look()
	wantNumbered(t, h.out.all(), 0, 6)
}

// The same with a file whose lines carry no time, and that begins as the one before.
func TestARawFileInAnothersInode(t *testing.T) {
	head := strings.Repeat("#\n", headMax)
	h := newByHand(t).begin()
	live := h.container("app")
	old := live + ".20261122-000001"
	h.append(live, head+"one\n")
	h.look()
	ino := h.inode(live)
	h.must(os.Rename(live, old))
	h.append(live, "")
	h.look()
	h.compress(old)
	h.must(os.Remove(live))
	h.inInode(ino, live, head+"two\nthree\n")
	h.look()
	texts := slices.DeleteFunc(h.out.texts(), func(text string) bool { return text == "#" })
	if want := []string{"one", "two", "three"}; !slices.Equal(texts, want) {
		t.Errorf("%q arrived, want %q", texts, want)
	}
}

// Files that begin alike and are equally long are compressed before anybody looks:
// each is read once, also if they are the same to the last byte.
func TestRawFilesAreCompressedUnseen(t *testing.T) {
	for name, want := range map[string][]string{"alike": {"one", "two", "ten"}, "equal": {"one", "one", "one"}} {
		t.Run(name, func(t *testing.T) {
			head := strings.Repeat("#\n", headMax)
			h := newByHand(t).begin()
			live := h.container("app")
			for n, text := range want {
				h.append(live, head+text+"\n")
				if n == 0 {
					h.look()
				}
				if old := fmt.Sprintf("%s.20261122-%06d", live, n); n < len(want)-1 {
					h.must(os.Rename(live, old))
					h.compress(old)
				}
			}
			h.look()
			texts := slices.DeleteFunc(h.out.texts(), func(text string) bool { return text == "#" })
			if !slices.Equal(texts, want) {
				t.Errorf("%q arrived, want %q", texts, want)
			}
		})
	}
}
