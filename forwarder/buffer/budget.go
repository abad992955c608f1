package buffer

import "sync"

// Budget is the one bound on the bytes in flight in all lanes.
type Budget struct {
	mu     sync.Mutex
	limit  int
	used   int
	shares []*Share
}

// NewBudget bounds all shares together to limit bytes.
func NewBudget(limit int) *Budget { return &Budget{limit: limit} }

// Share makes one more lane's share. All shares must be made before any is
// used: each is guaranteed an equal part of half the budget; the other half
// goes to whoever comes.
func (b *Budget) Share() *Share {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &Share{budget: b, owners: map[string]int{}}
	b.shares = append(b.shares, s)
	return s
}

// Used is the number of bytes in flight.
func (b *Budget) Used() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// room reports whether s may grow. Called with mu held.
func (b *Budget) room(s *Share) bool {
	guaranteed := b.limit / 2 / len(b.shares)
	reserved := 0 // what others have not used of their guarantee
	for _, o := range b.shares {
		if o != s && o.used < guaranteed {
			reserved += guaranteed - o.used
		}
	}
	return s.used < guaranteed || b.used+reserved < b.limit
}

// Share is one lane's part of the budget.
type Share struct {
	budget *Budget
	used   int            // guarded by budget.mu
	owners map[string]int // of used, by whose records they are
	owned  int            // sum of owners
	wait   chan struct{}  // closed when there is room again; nil: nobody waits
}

// Admit returns nil when there is room for one more batch of the owner (whose
// size is not asked: each source may overshoot by one), else a channel that is
// closed when it is worth asking again. An owner that holds more than an equal
// part waits before the others do. The owner "" is none in particular.
func (s *Share) Admit(owner string) <-chan struct{} {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if s.budget.room(s) && !s.greedy(owner) {
		return nil
	}
	if s.wait == nil {
		s.wait = make(chan struct{})
	}
	return s.wait
}

// greedy reports whether the owner holds more than an equal part while half of
// the lane's guarantee is taken: below that nobody is in anybody's way. Called
// with mu held.
func (s *Share) greedy(owner string) bool {
	guaranteed := s.budget.limit / 2 / len(s.budget.shares)
	return owner != "" && len(s.owners) > 1 && s.owned > guaranteed/2 && s.owners[owner]*len(s.owners) > s.owned
}

// Take adds n bytes of an owner; negative n gives bytes back and wakes those
// who wait. The owner "" is nobody: bytes that are no owner's fault.
func (s *Share) Take(owner string, n int) {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	s.used += n
	b.used += n
	if s.used < 0 {
		panic("BUG: more bytes given back than taken")
	}
	if owner != "" {
		s.own(owner, n)
	}
	if n >= 0 {
		return
	}
	for _, o := range b.shares { // bytes freed here may be room for another lane
		if o.wait != nil && b.room(o) {
			close(o.wait)
			o.wait = nil
		}
	}
}

func (s *Share) own(owner string, n int) {
	s.owned += n
	held := s.owners[owner] + n
	if s.owners[owner] = held; held == 0 {
		delete(s.owners, owner)
	}
	if held < 0 {
		panic("BUG: an owner gives back more bytes than it took")
	}
}

// Wake makes every waiting source ask again.
func (s *Share) Wake() {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if s.wait != nil {
		close(s.wait)
		s.wait = nil
	}
}

// Used is the number of bytes this lane has in flight.
func (s *Share) Used() int {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	return s.used
}
