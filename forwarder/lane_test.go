package forwarder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/buffer"
	"sluice/forwarder/ledger"
)

// scripted is a sink that encodes each record as one byte and pad more, by tag,
// and answers as the script says; after the script it takes everything.
type scripted struct {
	mu     sync.Mutex
	script []func(c *event.Chunk) (event.Verdict, error)
	calls  []int // items of each delivery
	at     []time.Time
	stored []uint64 // positions
	pad    int
}

func (s *scripted) Encode(dst *event.Blocks, b *event.Batch) {
	for i := range b.Recs {
		if r := &b.Recs[i]; r.State == event.Live {
			blk := dst.For(b.Tag)
			blk.Body = append(blk.Body, byte(r.ID.Position()))
			blk.Body = append(blk.Body, make([]byte, s.pad)...)
			blk.Close(r.ID, r.Weight)
		}
	}
}

func (s *scripted) Deliver(_ context.Context, c *event.Chunk) (event.Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.at = append(s.calls, c.Len()), append(s.at, time.Now())
	v, err := event.Verdict{Accepted: uint32(c.Len())}, error(nil)
	if len(s.script) > 0 {
		v, err = s.script[0](c)
		s.script = s.script[1:]
	}
	if err == nil && v.Counts(c.Len()) {
		open := map[uint32]bool{}
		for _, i := range v.Retry {
			open[i] = true
		}
		for _, r := range v.Reject {
			open[r.Item] = true
		}
		for i := range uint32(c.Len()) {
			if b, j := c.At(i); !open[i] {
				s.stored = append(s.stored, b.IDs[j].Position())
			}
		}
	}
	return v, err
}

// got is the positions stored so far, in order.
func (s *scripted) got() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.stored)
}

type deadLetters struct {
	fail error
	n    int
}

func (d *deadLetters) Put(_ string, _ *event.Chunk, r []event.Rejection) error {
	if d.fail != nil {
		defer func() { d.fail = nil }()
		return d.fail
	}
	d.n += len(r)
	return nil
}

// rig is a running forwarder with lanes, fed by hand.
type rig struct {
	*Forwarder
	dead   *deadLetters
	log    bytes.Buffer
	stream *ledger.Stream
	ledger *ledger.Ledger
	end    int64
	stop   context.CancelFunc
	ended  chan error
}

func newLane(t *testing.T, name string, sink Sink, share *buffer.Share, dead DeadLetters, log *slog.Logger) *Lane {
	t.Helper()
	pool := NewPool()
	buf := buffer.New(buffer.Config{FlushBytes: 1000, FlushInterval: time.Second}, share, pool, nil)
	l, err := NewLane(LaneConfig{Name: name, Senders: 1}, sink, buf, dead, pool, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func start(t *testing.T, p func(lane func(name string, s Sink) *Lane) Pipeline, held ...Held) *rig {
	t.Helper()
	r := &rig{dead: &deadLetters{}, ledger: ledger.New(), ended: make(chan error, 1)}
	r.stream = r.ledger.Stream("test", 0, nil)
	log := slog.New(slog.NewTextHandler(&r.log, nil))
	budget := buffer.NewBudget(100000)
	var lanes []*Lane
	pipeline := p(func(name string, s Sink) *Lane {
		l := newLane(t, name, s, budget.Share(), r.dead, log)
		lanes = append(lanes, l)
		return l
	})
	f, err := New(Config{Lanes: lanes, Pipeline: pipeline, Held: held, Grace: 10 * time.Second}, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	r.Forwarder = f
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go func() { r.ended <- f.Run(ctx) }()
	return r
}

// emit sends n records under a tag.
func (r *rig) emit(t *testing.T, tag string, n int) {
	t.Helper()
	b := &event.Batch{Tag: tag}
	for range n {
		r.end++
		b.Begin(event.Record{Weight: 1, ID: event.MakeID(0, event.SourceKey{}, uint64(r.end))})
	}
	r.put(t, b)
}

// split sends one source record as two: the second weighs nothing.
func (r *rig) split(t *testing.T, tag string) {
	t.Helper()
	b := &event.Batch{Tag: tag}
	r.end++
	b.Begin(event.Record{Weight: 1, ID: event.MakeID(0, event.SourceKey{}, 3)})
	b.Begin(event.Record{Weight: 0, ID: event.MakeID(0, event.SourceKey{}, 4)})
	r.put(t, b)
}

func (r *rig) put(t *testing.T, b *event.Batch) {
	t.Helper()
	b.Ack = event.NewAck(r.stream.Open(r.end, b.Weight(event.Live)))
	if err := r.Emit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	b.Ack.Done()
}

func (r *rig) finish(t *testing.T) {
	t.Helper()
	r.stop()
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Check(), r.ledger.Check()); err != nil {
		t.Fatal(err)
	}
}

func one(s Sink) func(func(string, Sink) *Lane) Pipeline {
	return func(lane func(string, Sink) *Lane) Pipeline {
		return Pipeline{Root: []Step{match("**", Output{Lane: lane("es", s)})}}
	}
}

func match(pattern string, to ...Output) Step {
	p, err := ParsePattern(pattern)
	if err != nil {
		panic(err)
	}
	return Step{Match: p, Outputs: to}
}

func all(n int) (idx []uint32) {
	for i := range uint32(n) {
		idx = append(idx, i)
	}
	return idx
}

func TestVerdicts(t *testing.T) {
	fate := func(v event.Verdict, err error) func(*event.Chunk) (event.Verdict, error) {
		return func(*event.Chunk) (event.Verdict, error) { return v, err }
	}
	refuse := func(c *event.Chunk) (event.Verdict, error) {
		return event.Verdict{Retry: all(c.Len()), Signal: event.TooLarge}, nil
	}
	for name, c := range map[string]struct {
		script []func(*event.Chunk) (event.Verdict, error)
		calls  []int
		stored int
		dead   int
	}{
		"all taken":         {nil, []int{10}, 10, 0},
		"unknown fate":      {[]func(*event.Chunk) (event.Verdict, error){fate(event.Verdict{}, errors.New("reset"))}, []int{10, 10}, 10, 0},
		"miscounted":        {[]func(*event.Chunk) (event.Verdict, error){fate(event.Verdict{Accepted: 9}, nil)}, []int{10, 10}, 10, 0},
		"some again":        {[]func(*event.Chunk) (event.Verdict, error){fate(event.Verdict{Accepted: 7, Retry: []uint32{0, 5, 9}}, nil)}, []int{10, 3}, 10, 0},
		"some refused":      {[]func(*event.Chunk) (event.Verdict, error){fate(event.Verdict{Accepted: 6, Duplicate: 1, Retry: []uint32{2}, Reject: []event.Rejection{{Item: 1}, {Item: 3}}}, nil)}, []int{10, 1}, 8, 2},
		"throttled":         {[]func(*event.Chunk) (event.Verdict, error){fate(event.Verdict{Retry: all(10), Signal: event.Throttle}, nil)}, []int{10, 10}, 10, 0},
		"paused":            {[]func(*event.Chunk) (event.Verdict, error){fate(event.Verdict{Retry: all(10), Signal: event.Pause}, nil)}, []int{10, 10}, 10, 0},
		"too large, twice":  {[]func(*event.Chunk) (event.Verdict, error){refuse, refuse}, []int{10, 5, 2, 3, 5}, 10, 0},
		"too large for one": {[]func(*event.Chunk) (event.Verdict, error){refuse, refuse, refuse, refuse}, []int{10, 5, 2, 1, 1, 3, 5}, 9, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &scripted{script: c.script}
			r := start(t, one(s))
			r.emit(t, "a", 10)
			synctest.Wait()
			<-time.After(5 * time.Minute)
			synctest.Wait()
			if got := s.calls; len(got) != len(c.calls) || !equal(got, c.calls) {
				t.Errorf("%s: deliveries of %v items, want %v", name, got, c.calls)
			}
			if len(s.got()) != c.stored || r.dead.n != c.dead || r.stream.Safe() != 10 {
				t.Errorf("%s: %d stored, %d dead, safe up to %d", name, len(s.got()), r.dead.n, r.stream.Safe())
			}
			r.finish(t)
		})
	}
}

func equal(a, b []int) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

func TestABodyThatTimesOutAgainAndAgainIsHalved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{pad: 10_000}
		slow := func(c *event.Chunk) (event.Verdict, error) {
			return event.Verdict{}, fmt.Errorf("no answer: %w", context.DeadlineExceeded)
		}
		s.script = append(s.script, slow, slow, slow, slow)
		r := start(t, one(s))
		r.emit(t, "a", 10)
		<-time.After(time.Hour)
		synctest.Wait()
		if want := []int{10, 10, 10, 10, 5, 5}; !slices.Equal(s.calls, want) || len(s.got()) != 10 || r.stream.Safe() != 10 {
			t.Fatalf("deliveries of %v items, want %v; %d stored", s.calls, want, len(s.got()))
		}
		r.finish(t)
	})
}

func TestATooLargeItemThatCannotBeKeptIsNotSentInATightLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tooLarge := func(*event.Chunk) (event.Verdict, error) {
			return event.Verdict{Retry: []uint32{0}, Signal: event.TooLarge}, nil
		}
		s := &scripted{script: []func(*event.Chunk) (event.Verdict, error){tooLarge, tooLarge}}
		r := start(t, one(s))
		r.dead.fail = errors.New("disk full")
		r.emit(t, "a", 1)
		<-time.After(time.Minute)
		synctest.Wait()
		if r.dead.n != 1 || len(s.at) != 2 || !s.at[1].After(s.at[0]) {
			t.Fatalf("%d dead letters; sent at %v", r.dead.n, s.at)
		}
		r.finish(t)
	})
}

func TestADeadLetterThatCannotBeWrittenKeepsItsRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reject := func(*event.Chunk) (event.Verdict, error) {
			return event.Verdict{Reject: []event.Rejection{{Item: 0, Reason: "secret content"}}}, nil
		}
		s := &scripted{script: []func(*event.Chunk) (event.Verdict, error){reject, reject}}
		r := start(t, one(s))
		r.dead.fail = errors.New("disk full")
		r.emit(t, "a", 1)
		<-time.After(time.Minute)
		synctest.Wait()
		if r.dead.n != 1 || r.stream.Safe() != 1 || len(s.calls) != 2 {
			t.Fatalf("%d dead letters, safe up to %d, %d deliveries", r.dead.n, r.stream.Safe(), len(s.calls))
		}
		if a := r.cfg.Lanes[0].Account(); a != (ledger.Account{Read: 1, Dropped: 1, DroppedBy: event.DeadLettered.Of(1)}) {
			t.Fatalf("%+v", a)
		}
		r.finish(t)
		if bytes.Contains(r.log.Bytes(), []byte("secret")) {
			t.Fatal("log content in the log")
		}
	})
}

// TestThePoolKeepsWhatIsSoonNeededAlone: not all that was buffered when an
// outage ends.
func TestThePoolKeepsWhatIsSoonNeededAlone(t *testing.T) {
	p := NewPool()
	for range 3 {
		var list []*event.Block
		for range 500 {
			list = append(list, p.Sized(100<<10))
		}
		for _, b := range list {
			p.Free(b)
		}
		c := class(100 << 10)
		if n := int(p.free[c].Load()); n<<(10+c) > maxFree+1<<(10+c) || n < 10 {
			t.Fatalf("%d blocks of %d KiB are kept", n, 1<<c)
		}
	}
}

// What was split off another record weighs nothing, and is delivered all the
// same.
func TestWhatWeighsNothingIsSentAgainToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{script: []func(*event.Chunk) (event.Verdict, error){func(*event.Chunk) (event.Verdict, error) {
			return event.Verdict{Accepted: 1, Retry: []uint32{1}}, nil
		}}}
		r := start(t, one(s))
		r.split(t, "a")
		<-time.After(time.Minute)
		synctest.Wait()
		if got := s.got(); !slices.Equal(got, []uint64{3, 4}) || r.stream.Safe() != 1 {
			t.Errorf("stored %v, safe up to %d", got, r.stream.Safe())
		}
		r.finish(t)
	})
}
