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
	s := &Share{budget: b}
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
	used   int           // guarded by budget.mu
	wait   chan struct{} // closed when there is room again; nil: nobody waits
}

// Admit returns nil when there is room for one more batch (whose size is not
// asked: each source may overshoot by one), else a channel that is closed when
// it is worth asking again.
func (s *Share) Admit() <-chan struct{} {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if s.budget.room(s) {
		return nil
	}
	if s.wait == nil {
		s.wait = make(chan struct{})
	}
	return s.wait
}

// Take adds n bytes; negative n gives bytes back and wakes those who wait.
func (s *Share) Take(n int) {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	s.used += n
	b.used += n
	if s.used < 0 {
		panic("BUG: more bytes given back than taken")
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

// Wake lets those who wait ask again.
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
