package agent_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"sluice/forwarder/deadletter"
	"sluice/sink/elastictest"
)

// seenStore counts how often each numbered line was stored, beside a store that
// judges ids.
type seenStore struct {
	*elastictest.CountStore
	mark []byte // what stands before the number

	mu    sync.Mutex
	times map[int]int
	grew  chan struct{} // one token when times grew
}

func newSeenStore(mark string) *seenStore {
	return &seenStore{CountStore: elastictest.NewCountStore(), mark: []byte(mark), times: map[int]int{}, grew: make(chan struct{}, 1)}
}

func (s *seenStore) Create(docs []elastictest.Doc, created []bool) {
	s.CountStore.Create(docs, created)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range docs {
		if !created[i] {
			continue
		}
		s.times[numberAfter(d.Source, s.mark)]++
	}
	select {
	case s.grew <- struct{}{}:
	default:
	}
}

// numberAfter reads the number behind mark; -1: there is none.
func numberAfter(text, mark []byte) int {
	_, rest, _ := bytes.Cut(text, mark)
	n := 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	number, err := strconv.Atoi(string(rest[:n]))
	if err != nil {
		return -1
	}
	return number
}

// deadLines are the numbers of the lines in the dead letters.
func deadLines(t *testing.T, data string) map[int]bool {
	t.Helper()
	lines := map[int]bool{}
	err := deadletter.Scan(deadletter.Dir(data), func(e *deadletter.Entry) error {
		if n := numberAfter(e.Bytes(), []byte(`"message":"line `)); n >= 0 {
			lines[n] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func (s *seenStore) distinct() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.times)
}

// missing counts the lines that are neither stored nor dead.
func (s *seenStore) missing(n int, dead map[int]bool) (missing, first int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := n - 1; i >= 0; i-- {
		if s.times[i] == 0 && !dead[i] {
			missing, first = missing+1, i
		}
	}
	return missing, first
}

// await waits until n different lines are stored or dead.
func (s *seenStore) await(t *testing.T, n int, dead func() map[int]bool, most time.Duration) {
	t.Helper()
	deadline := time.After(most)
	for {
		if missing, _ := s.missing(n, dead()); missing == 0 {
			return
		}
		select {
		case <-s.grew:
		case <-deadline:
			return // verify tells what is missing
		}
	}
}

// verify names what was lost and what was doubled of the lines 0 to n-1.
func (s *seenStore) verify(t *testing.T, n int, dead map[int]bool) {
	t.Helper()
	lost, first := s.missing(n, dead)
	s.mu.Lock()
	defer s.mu.Unlock()
	doubled := 0
	for i := range n {
		if s.times[i] > 1 {
			doubled++
		}
	}
	if lost+doubled+s.times[-1] > 0 {
		t.Errorf("of %d lines: %d lost (the first is %d), %d doubled, %d documents without a number", n, lost, first, doubled, s.times[-1])
	}
}

// writer writes numbered CRI lines into files as the kubelet lays them out,
// and rotates them by rename.
type writer struct {
	t       *testing.T
	files   []*os.File
	paths   []string
	inFile  []int
	written int
	now     time.Time
}

func newWriter(t *testing.T, dir string, n int) *writer {
	t.Helper()
	w := &writer{t: t, now: time.Now()}
	if err := os.MkdirAll(filepath.Join(dir, "containers"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		pod := filepath.Join(dir, "pods", fmt.Sprintf("shop_web-%d_00000000-0000-0000-0000-%012d", i, i), "app")
		if err := os.MkdirAll(pod, 0o755); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(pod, "0.log")
		w.paths = append(w.paths, path)
		w.files = append(w.files, create(t, path))
		link := filepath.Join(dir, "containers", fmt.Sprintf("web-%d_shop_app-%064x.log", i, i))
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, f := range w.files {
			f.Close()
		}
	})
	w.inFile = make([]int, n)
	return w
}

func create(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// write writes n lines in pieces over all files.
func (w *writer) write(n int, rnd *rand.Rand) {
	w.t.Helper()
	var buf []byte
	for n > 0 {
		i := rnd.IntN(len(w.files))
		buf = buf[:0]
		piece := min(n, 1+rnd.IntN(200))
		for range piece {
			w.now = w.now.Add(time.Microsecond)
			buf = w.now.UTC().AppendFormat(buf, time.RFC3339Nano)
			buf = fmt.Appendf(buf, " stdout F line %d of the chaos test, with some text to fill it\n", w.written)
			w.written++
		}
		n -= piece
		if _, err := w.files[i].Write(buf); err != nil {
			w.t.Fatal(err)
		}
		if w.inFile[i] += piece; w.inFile[i] > 3000 {
			w.rotate(i)
		}
	}
}

func (w *writer) rotate(i int) {
	w.t.Helper()
	w.files[i].Close()
	aside := w.paths[i] + w.now.UTC().Format(".20060102-150405")
	for k := 0; ; k++ { // the kubelet's names are by the second; ours come faster
		name := aside
		if k > 0 {
			name = w.paths[i] + w.now.UTC().Add(time.Duration(k)*time.Second).Format(".20060102-150405")
		}
		if _, err := os.Lstat(name); err != nil {
			if err := os.Rename(w.paths[i], name); err != nil {
				w.t.Fatal(err)
			}
			break
		}
	}
	w.files[i], w.inFile[i] = create(w.t, w.paths[i]), 0
}

// awaitCount waits until at least n different lines are stored.
func (s *seenStore) awaitCount(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(10 * time.Minute)
	for s.distinct() < n {
		select {
		case <-s.grew:
		case <-deadline:
			t.Fatalf("%d of %d lines are stored", s.distinct(), n)
		}
	}
}
