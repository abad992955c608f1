package tail

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"sluice/event"
	"sluice/forwarder/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// got is a record as it arrived.
type got struct {
	text, stream, logtag, tag string
	id                        event.ID
	time                      event.Time
	pos                       int64
	flags                     event.Flags
	fields                    int
	weight                    uint16
	shared                    *event.Fragment
}

// fakeOut keeps what it is given, and receipts while it is told to.
type fakeOut struct {
	mu       sync.Mutex
	recs     []got
	keep     bool
	acks     []*event.Ack
	refuse   map[string]chan struct{} // by tag
	maxArena int
}

func (o *fakeOut) Admit(tag string) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if wait := o.refuse[tag]; wait != nil {
		return wait
	}
	return nil
}

func (o *fakeOut) Emit(_ context.Context, b *event.Batch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.maxArena = max(o.maxArena, cap(b.Arena))
	for i, r := range b.Recs {
		g := got{id: r.ID, time: r.Time, pos: r.Pos, flags: r.Flags, tag: b.Tag, shared: b.Shared, fields: int(r.NField), weight: r.Weight}
		for _, f := range b.FieldsOf(i) {
			v := string(b.Bytes(f.Val))
			switch b.Keys[f.Key] {
			case "message", "log":
				g.text = v
			case "stream":
				g.stream = v
			case "logtag":
				g.logtag = v
			}
		}
		o.recs = append(o.recs, g)
	}
	if o.keep {
		b.Ack.Fork(1)
		o.acks = append(o.acks, b.Ack)
	}
	return nil
}

func (o *fakeOut) all() []got {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]got(nil), o.recs...)
}

func (o *fakeOut) texts() (all []string) {
	for _, r := range o.all() {
		all = append(all, r.text)
	}
	return all
}

func (o *fakeOut) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.recs)
}

// take returns the receipts held back so far.
func (o *fakeOut) take() []*event.Ack {
	o.mu.Lock()
	defer o.mu.Unlock()
	acks := o.acks
	o.acks = nil
	return acks
}

// memStore is a checkpoint in memory.
type memStore struct {
	mu   sync.Mutex
	data map[string][]byte
}

func newStore() *memStore { return &memStore{data: map[string][]byte{}} }

func (s *memStore) Get(k string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.data[k]
	return v, ok
}

func (s *memStore) Set(k string, v []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[k] = v
}

func (s *memStore) Delete(k string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.data, k)
}

func (s *memStore) Range(f func(string, []byte) bool) {
	for k, v := range s.clone().data {
		if !f(k, v) {
			return
		}
	}
}

// clone is what a crash at this moment would leave.
func (s *memStore) clone() *memStore {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &memStore{data: maps.Clone(s.data)}
}

// files is the number of entries.
func (s *memStore) files() (n int) {
	s.Range(func(k string, _ []byte) bool {
		if k != startedKey {
			n++
		}
		return true
	})
	return n
}

// rig runs a Tail over a directory made like the kubelet's.
type rig struct {
	t     *testing.T
	dir   string
	cfg   Config
	store *memStore
	out   *fakeOut
	tail  *Tail
	reg   *prometheus.Registry
	blind bool // no watches
	stop  func()
}

const (
	testUID = "235dc849-6e16-458a-8fc9-111bb6204abc"
	testID  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func newRig(t *testing.T) *rig {
	dir := t.TempDir()
	cfg := DefaultConfig()
	cfg.Path = filepath.Join(dir, "containers", "*.log")
	cfg.Refresh, cfg.RotateWait, cfg.Poll = 100*time.Millisecond, 40*time.Millisecond, 2*time.Millisecond
	cfg.Settle = 2 * time.Millisecond
	cfg.IdleAfter, cfg.IdlePoll, cfg.PartialTimeout = 10*time.Millisecond, 10*time.Millisecond, time.Minute
	cfg.ReadSize, cfg.Racy = 4<<10, 5*time.Millisecond
	r := &rig{t: t, dir: dir, cfg: cfg, store: newStore(), out: &fakeOut{refuse: map[string]chan struct{}{}}}
	r.mkdir("containers")
	return r
}

func (r *rig) mkdir(name string) string {
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// link is the path of a container's link.
func (r *rig) link(name string) string {
	return filepath.Join(r.dir, "containers", "web_default_"+name+"-"+testID+".log")
}

// container makes a container's log directory and link and returns the live
// file's path.
func (r *rig) container(name string) string {
	dir := r.mkdir("pods/default_web_" + testUID + "/" + name)
	live := filepath.Join(dir, "0.log")
	r.must(os.Symlink(live, r.link(name)))
	return live
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) append(path, text string) {
	r.t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	r.must(err)
	_, err = f.WriteString(text)
	r.must(err)
	r.must(f.Close())
}

// start runs; the returned rig's stop waits for the end.
func (r *rig) start() {
	r.t.Helper()
	r.reg = prometheus.NewRegistry()
	base := &event.Fragment{Cluster: "test", Node: "node-1"}
	t, err := New(r.cfg, ledger.New(), r.store, base, slog.New(slog.DiscardHandler), r.reg)
	r.must(err)
	if r.blind {
		t.newWatcher = func() (*watcher, error) { return nil, errNoWatch }
	}
	r.tail = t
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- t.Run(ctx, r.out) }()
	r.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("Run: %v", err)
		}
		r.stop = func() {}
	}
	r.t.Cleanup(func() { r.stop() })
}

// restart stops and starts again on what is in the store now, with a new Out.
func (r *rig) restart(store *memStore) {
	r.stop()
	r.store, r.out = store, &fakeOut{refuse: map[string]chan struct{}{}}
	r.start()
}

// until polls.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatalf("timed out waiting until %s; %d records arrived", what, r.out.len())
		}
	}
}

func (r *rig) records(n int) []got {
	r.t.Helper()
	r.until(fmt.Sprintf("%d records arrived", n), func() bool { return r.out.len() >= n })
	return r.out.all()
}

// gauge reads an instrument of sluice_tail_files.
func (r *rig) files(s state) int { return int(testutil.ToFloat64(r.tail.m.files[s])) }

// line is the n-th line of a container in CRI format: no two begin alike.
func line(n int, text string) string {
	return fmt.Sprintf("2026-11-22T20:%02d:%02d.%09dZ stdout F %s\n", n/60%60, n%60, n+1, text)
}

func numbered(from, to int) (s string) {
	for n := from; n < to; n++ {
		s += line(n, fmt.Sprintf("line %d", n))
	}
	return s
}

// wantNumbered checks that lines from to to arrived, in this order.
func wantNumbered(t *testing.T, recs []got, from, to int) {
	t.Helper()
	for n, r := range recs {
		if want := fmt.Sprintf("line %d", from+n); r.text != want {
			t.Fatalf("record %d is %q, want %q", n, r.text, want)
		}
	}
	if len(recs) != to-from {
		t.Fatalf("%d records, want %d", len(recs), to-from)
	}
}
