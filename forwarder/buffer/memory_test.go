package buffer

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/event"
)

var cfg = Config{FlushBytes: 100, FlushInterval: time.Second}

type settled struct{ n atomic.Int64 }

func (r *settled) Settled(event.Drops) { r.n.Add(1) }

func (r *settled) count() int { return int(r.n.Load()) }

// block makes a block of n one-byte items, weight 2 each.
func block(key string, n int, r *settled) *event.Block {
	b := &event.Block{Key: key, Ack: event.NewAck(r)}
	for i := range n {
		b.Body = append(b.Body, byte('a'+i%26))
		b.Close(event.ID{}, 2)
	}
	return b
}

func lease(t *testing.T, m *Buffer, max int) *event.Chunk {
	t.Helper()
	c, err := m.Lease(t.Context(), max)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDueByBytesOrAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := New(cfg, NewBudget(1<<20).Share(), nil, nil), &settled{}
		start := time.Now()
		m.Append(block("a", 10, r))
		c := lease(t, m, 1000)
		if d := time.Since(start); d != time.Second || c.Len() != 10 {
			t.Fatalf("%d items after %v, want 10 after 1s", c.Len(), d)
		}
		m.Settle(c, nil)
		start = time.Now()
		m.Append(block("a", 60, r))
		m.Append(block("b", 10, r))
		m.Append(block("a", 60, r))
		m.Append(block("a", 60, r))
		if c = lease(t, m, 130); time.Since(start) != 0 || c.Key != "a" || c.Len() != 120 {
			t.Fatalf("%s: %d items after %v", c.Key, c.Len(), time.Since(start))
		}
		m.Settle(c, nil)
		for range 2 { // the rest of a, and b, in either order
			if c = lease(t, m, 1000); time.Since(start) != time.Second {
				t.Fatalf("%s after %v", c.Key, time.Since(start))
			}
			m.Settle(c, nil)
		}
		if records := m.Stats().Records; r.count() != 5 || records != 0 {
			t.Fatalf("%d receipts, %d records left", r.count(), records)
		}
	})
}

func TestAnUrgentBlockWaitsOnlyForCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := New(cfg, NewBudget(1<<20).Share(), nil, nil), &settled{}
		start := time.Now()
		m.Append(block("a", 10, r))
		urgent := block("a", 1, r)
		urgent.Urgent = true
		m.Append(urgent)
		if c := lease(t, m, 1000); c.Len() != 11 || time.Since(start) != linger {
			t.Fatalf("%d items after %v", c.Len(), time.Since(start))
		}
		m.Append(block("a", 1, r))
		lease(t, m, 1000)
		if d := time.Since(start); d != linger+cfg.FlushInterval {
			t.Fatalf("the next, not urgent, after %v", d)
		}
	})
}

func TestAppendWakesAWaitingLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := New(cfg, NewBudget(1<<20).Share(), nil, nil), &settled{}
		got := make(chan *event.Chunk)
		go func() { got <- lease(t, m, 1000) }()
		synctest.Wait()
		m.Append(block("a", 100, r))
		m.Settle(<-got, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := m.Lease(ctx, 1); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}

func TestKeepAndReturnParksOneKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := New(cfg, NewBudget(1<<20).Share(), nil, nil), &settled{}
		m.Append(block("a", 100, r))
		m.Append(block("b", 100, r))
		c := lease(t, m, 1000)
		first := c.Key
		m.Settle(c, []uint32{3, 4})
		if r.count() != 0 || c.Len() != 2 || string(c.Blocks[0].Body) != "de" {
			t.Fatalf("kept %q, %d receipts", c.Blocks[0].Body, r.count())
		}
		m.Return(c, time.Minute)
		if n, parked := m.Parked(first); n != 2 || !parked {
			t.Fatalf("parked %v with %d bytes", parked, n)
		}
		start := time.Now()
		if c = lease(t, m, 1000); c.Key == first {
			t.Fatal("the parked key was leased")
		}
		m.Settle(c, nil)
		if c = lease(t, m, 1000); c.Key != first || time.Since(start) != time.Minute {
			t.Fatalf("%s after %v", c.Key, time.Since(start))
		}
		m.Settle(c, nil)
		if bytes := m.Stats().Bytes; r.count() != 2 || bytes != 0 {
			t.Fatalf("%d receipts, %d bytes held", r.count(), bytes)
		}
	})
}

func TestCloseDrainsAllButParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := New(cfg, NewBudget(1<<20).Share(), nil, nil), &settled{}
		m.Append(block("parked", 100, r))
		m.Return(lease(t, m, 1000), time.Minute)
		m.Append(block("a", 1, r))
		m.Close()
		if err := m.Append(block("a", 1, r)); !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
		m.Settle(lease(t, m, 1000), nil)
		if _, err := m.Lease(t.Context(), 1000); err != io.EOF {
			t.Fatal(err)
		}
	})
}

func TestEachShareReachesItsGuarantee(t *testing.T) {
	b := NewBudget(1000)
	x, y := b.Share(), b.Share()
	for x.Admit("") == nil {
		x.Take("", 50)
	}
	if x.Used() != 750 { // all but y's guarantee of a quarter
		t.Fatalf("x got %d", x.Used())
	}
	wait := x.Admit("")
	for y.Admit("") == nil {
		y.Take("", 50)
	}
	if y.Used() != 250 {
		t.Fatalf("y got %d", y.Used())
	}
	select {
	case <-wait:
		t.Fatal("x was woken without room")
	default:
	}
	x.Take("", -50)
	<-wait
	if x.Admit("") != nil || b.Used() != 950 {
		t.Fatal("room was not given back")
	}
}

func TestANoisyOwnerWaitsFirst(t *testing.T) {
	s := NewBudget(1000).Share()
	for s.Admit("noisy") == nil { // alone it may have all
		s.Take("noisy", 50)
	}
	if s.Used() != 1000 {
		t.Fatalf("alone it got %d", s.Used())
	}
	s.Take("noisy", -300)
	s.Take("quiet", 10)
	wait := s.Admit("noisy")
	if wait == nil || s.Admit("quiet") != nil || s.Admit("another") != nil {
		t.Fatal("the noisy one does not wait, or a quiet one does")
	}
	s.Take("noisy", -500)
	<-wait
	if s.Admit("noisy") != nil { // below half of the guarantee nobody is in the way
		t.Fatal("it waits without need")
	}
}

func TestOwnerOf(t *testing.T) {
	for tag, want := range map[string]string{
		"kubernetes.var.log.containers.web-0.a_shop_app-0123.log": "shop",
		"app.access": "app.access", "x.log": "x.log", "a_b.log": "a_b.log", "": "",
	} {
		if got := ownerOf(tag); got != want {
			t.Errorf("%s: %s, want %s", tag, got, want)
		}
	}
}

// TestModel runs random appends, leases, partial settles and returns, and
// compares with a plain set of item numbers.
func TestModel(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) { plainModel(t, rand.New(rand.NewPCG(seed, 3))) })
	}
}

func plainModel(t *testing.T, rnd *rand.Rand) {
	budget := NewBudget(1 << 20)
	m, r := New(cfg, budget.Share(), nil, nil), &settled{}
	appended, answered, blocks := 0, map[uint64]bool{}, 0
	number := func(c *event.Chunk, i uint32) uint64 {
		b, j := c.At(i)
		return b.IDs[j].Position()
	}
	for appended < 500 || len(answered) < appended {
		if appended < 500 && rnd.IntN(2) == 0 {
			b := block([]string{"a", "b", "c"}[rnd.IntN(3)], 1+rnd.IntN(30), r)
			for i := range b.IDs {
				b.IDs[i] = event.MakeID(0, event.SourceKey{}, uint64(appended))
				appended++
			}
			blocks++
			m.Append(b)
			continue
		}
		if records := m.Stats().Records; records == 0 {
			continue
		}
		c := lease(t, m, 1+rnd.IntN(200))
		var keep []uint32
		for i := range uint32(c.Len()) {
			switch n := number(c, i); {
			case rnd.IntN(3) == 0:
				keep = append(keep, i)
			case answered[n]:
				t.Fatalf("item %d was leased again after its answer", n)
			default:
				answered[n] = true
			}
		}
		m.Settle(c, keep)
		if c.Len() > 0 {
			m.Return(c, time.Duration(rnd.IntN(3))*time.Second)
		}
	}
	if records := m.Stats().Records; records != 0 || budget.Used() != 0 || r.count() != blocks {
		t.Fatalf("left: %d records, %d bytes, %d of %d receipts", records, budget.Used(), r.count(), blocks)
	}
}

func TestPushSendsWhatIsThereAndNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := New(cfg, NewBudget(1<<20).Share(), nil, nil), &settled{}
		start := time.Now()
		m.Append(block("a", 10, r))
		m.Append(block("b", 10, r))
		m.Append(block("a", 20, r))
		m.Push()
		items := 0
		for range 3 { // a's blocks are too many bytes for one request
			c := lease(t, m, 20)
			if time.Since(start) != 0 {
				t.Fatalf("%s after %v", c.Key, time.Since(start))
			}
			items += c.Len()
			m.Settle(c, nil)
		}
		if items != 40 {
			t.Fatalf("%d items", items)
		}
		m.Append(block("a", 10, r))
		if c := lease(t, m, 20); time.Since(start) != time.Second {
			t.Fatalf("what came after the push went after %v", time.Since(start))
		} else {
			m.Settle(c, nil)
		}
	})
}
