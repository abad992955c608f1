package ledger

import (
	"math/rand/v2"
	"sync"
	"testing"
)

func TestPositionIsTheLongestAnsweredPrefix(t *testing.T) {
	var moves []int64
	s := New().Stream("test", 100, func(pos int64) { moves = append(moves, pos) })
	a, b, c := s.Open(110, 1), s.Open(120, 2), s.Open(120, 3)
	b.Settled(0)
	if s.Safe() != 100 || s.Pending() != 2 {
		t.Fatalf("safe %d pending %d after the second only", s.Safe(), s.Pending())
	}
	a.Settled(1)
	c.Settled(0)
	if len(moves) != 1 || moves[0] != 120 {
		t.Fatalf("moves %v, want [120]: equal ends move nothing", moves)
	}
	if got := s.Account(); got != (Account{Read: 6, Delivered: 5, Dropped: 1}) {
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
						tickets[k].Settled(0)
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
		tickets[held].Settled(0)
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
