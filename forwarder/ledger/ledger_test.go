package ledger

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"sluice/event"
)

func TestPositionIsTheLongestAnsweredPrefix(t *testing.T) {
	var moves []int64
	s := New().Stream("test", 100, func(pos int64) { moves = append(moves, pos) })
	a, b, c := s.Open(110, 1), s.Open(120, 2), s.Open(120, 3)
	b.Settled(event.Drops{})
	if s.Safe() != 100 || s.Pending() != 2 {
		t.Fatalf("safe %d pending %d after the second only", s.Safe(), s.Pending())
	}
	a.Settled(event.Filtered.Of(1))
	c.Settled(event.Drops{})
	if len(moves) != 1 || moves[0] != 120 {
		t.Fatalf("moves %v, want [120]: equal ends move nothing", moves)
	}
	if got := s.Account(); got != (Account{Read: 6, Delivered: 5, Dropped: 1, DroppedBy: event.Filtered.Of(1)}) {
		t.Fatalf("account %+v", got)
	}
}

// TestModel settles random tickets in random order from several goroutines
// and compares with the rule computed plainly.
func TestModel(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		l := New()
		last := int64(0)
		s := l.Stream("m", 0, func(pos int64) {
			if pos <= last {
				t.Errorf("seed %d: moved from %d to %d", seed, last, pos)
			}
			last = pos
		})
		tickets := make([]*Ticket, 200)
		end := int64(0)
		for i := range tickets {
			end += int64(rnd.IntN(10))
			tickets[i] = s.Open(end, rnd.IntN(5))
		}
		order := rnd.Perm(len(tickets))
		held := order[len(order)-1]
		var wg sync.WaitGroup
		for part := range 4 {
			wg.Go(func() {
				for i, k := range order[:len(order)-1] {
					if i%4 == part {
						tickets[k].Settled(event.Drops{})
					}
				}
			})
		}
		wg.Wait()
		want := int64(0)
		if held > 0 {
			want = tickets[held-1].end
		}
		if s.Safe() != want {
			t.Fatalf("seed %d: safe %d, want %d with ticket %d open", seed, s.Safe(), want, held)
		}
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
		s.Close()
		tickets[held].Settled(event.Drops{})
		if s.Safe() != end {
			t.Fatalf("seed %d: safe %d at the end, want %d", seed, s.Safe(), end)
		}
		if a := l.Accounts()["m"]; a.Pending != 0 || a.Read != a.Delivered {
			t.Fatalf("seed %d: folded account %+v", seed, a)
		}
		if len(l.streams) != 0 {
			t.Fatal("a closed stream with nothing pending is still held")
		}
	}
}

func TestCheckFindsAnImbalance(t *testing.T) {
	l := New()
	s := l.Stream("x", 0, nil)
	s.Open(1, 1)
	s.account.Delivered++
	if l.Check() == nil {
		t.Fatal("no error")
	}
}

// TestFreezeShowsPositionsAndAccountsThatBelongTogether settles tickets of two
// streams, the second of which moves the first along with itself, from several
// goroutines, while another looks.
func TestFreezeShowsPositionsAndAccountsThatBelongTogether(t *testing.T) {
	const n = 2000
	l := New()
	var older, younger atomic.Int64 // positions as they would be saved
	a := l.Stream("older", 0, func(pos int64) { older.Store(pos) })
	joined := a.Open(1, 0)
	for i := range n {
		a.Open(int64(i+2), 1).Settled(event.Filtered.Of(i % 2)) // wait behind joined
	}
	b := l.Stream("younger", 0, func(pos int64) {
		younger.Store(pos)
		if pos >= n/2 && joined != nil {
			joined.SettledWith(event.Drops{})
			joined = nil
		}
	})
	tickets := make(chan *Ticket, n)
	for i := range n {
		tickets <- b.Open(int64(i+1), 1)
	}
	close(tickets)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for ticket := range tickets {
				ticket.Settled(event.Drops{})
			}
		})
	}
	look := func() (done bool) {
		l.Freeze(func(sums map[string]Account) {
			was, is := older.Load(), younger.Load()
			if got := sums["younger"]; got != (Account{Read: uint64(is), Delivered: uint64(is)}) {
				t.Errorf("younger at %d: account %+v", is, got)
			}
			if (was == 0) != (is < n/2) {
				t.Errorf("younger at %d, older at %d: they did not move together", is, was)
			}
			want := Account{}
			if was > 0 {
				want = Account{Read: n, Delivered: n / 2, Dropped: n / 2, DroppedBy: event.Filtered.Of(n / 2)}
			}
			if sums["older"] != want {
				t.Errorf("older at %d: account %+v", was, sums["older"])
			}
			done = is == n
		})
		return done || t.Failed()
	}
	for !look() {
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
}

func TestTotalsGoOn(t *testing.T) {
	l := New()
	l.Restore(map[string]Account{"a": {Read: 10, Delivered: 8, Dropped: 2, DroppedBy: event.Filtered.Of(2)}})
	s := l.Stream("a", 0, nil)
	first, second := s.Open(1, 5), s.Open(2, 1)
	second.Settled(event.Drops{})
	if got := l.Accounts()["a"]; got != (Account{Read: 16, Delivered: 9, Dropped: 2, DroppedBy: event.Filtered.Of(2), Pending: 5}) {
		t.Fatalf("%+v", got)
	}
	l.Freeze(func(sums map[string]Account) {
		if got := sums["a"]; got != (Account{Read: 10, Delivered: 8, Dropped: 2, DroppedBy: event.Filtered.Of(2)}) {
			t.Errorf("before the position: %+v", got)
		}
	})
	if got := l.Streams(); len(got) != 1 || got[0].Open != 1 || got[0].Source != "a" || got[0].Account.Read != 6 {
		t.Fatalf("%+v", got)
	}
	first.Settled(event.Drops{})
	s.Close()
	if got := l.Accounts()["a"]; got != (Account{Read: 16, Delivered: 14, Dropped: 2, DroppedBy: event.Filtered.Of(2)}) || len(l.Streams()) != 0 {
		t.Fatalf("%+v", got)
	}
}

// A batch: its place in the stream, and the answer for it.
func BenchmarkOpenAndSettle(b *testing.B) {
	s := New().Stream("bench", 0, nil)
	pos := int64(0)
	for b.Loop() {
		pos++
		s.Open(pos, 500).Settled(event.Drops{})
	}
}
