package ledger

import (
	"cmp"
	"slices"

	"sluice/event"
)

// Account counts source records: Read = Delivered + Dropped + Pending, and
// Dropped is the sum of DroppedBy.
type Account struct {
	Read      uint64      `json:"read"`
	Delivered uint64      `json:"delivered"`
	Dropped   uint64      `json:"dropped"`
	Pending   uint64      `json:"pending"`
	DroppedBy event.Drops `json:"dropped_by,omitzero"`
}

// Drop counts records that were dropped.
func (a *Account) Drop(d event.Drops) {
	a.Dropped += d.Sum()
	a.DroppedBy.Add(d)
}

// AddsUp reports whether the sums hold.
func (a *Account) AddsUp() bool {
	return a.Read == a.Delivered+a.Dropped+a.Pending && a.Dropped == a.DroppedBy.Sum()
}

func (a *Account) add(b *Account) {
	a.Read += b.Read
	a.Delivered += b.Delivered
	a.Drop(b.DroppedBy)
	a.Pending += b.Pending
}

// answer counts what a settled ticket holds, but for Read.
func (a *Account) answer(t *Ticket) {
	dropped := t.dropped.Sum()
	a.Delivered += t.weight - dropped
	if dropped > 0 {
		a.Drop(t.dropped)
	}
}

// Restore adds what earlier lives of the process answered for, by source.
func (l *Ledger) Restore(sums map[string]Account) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for source, a := range sums {
		sum := l.ended[source]
		sum.add(&a)
		l.ended[source] = sum
	}
}

// Accounts sums the streams by source, with what was restored.
func (l *Ledger) Accounts() map[string]Account {
	defer l.alone()()
	return l.sum((*Stream).Account)
}

// Freeze calls f with the accounts, by source, of what lies before the safe
// positions: nothing is pending in them. No position moves while f runs, so
// what f saves of positions and of accounts belongs together. f must be short,
// and not call back.
func (l *Ledger) Freeze(f func(sums map[string]Account)) {
	defer l.alone()()
	f(l.sum(func(s *Stream) Account { return s.before }))
}

func (l *Ledger) sum(of func(*Stream) Account) map[string]Account {
	sums := make(map[string]Account, len(l.ended)+4)
	for source, a := range l.ended {
		sums[source] = a
	}
	for _, s := range l.streams {
		a := sums[s.source]
		of := of(s)
		a.add(&of)
		sums[s.source] = a
	}
	return sums
}

// StreamState is one stream as it stands.
type StreamState struct {
	ID      uint64  `json:"id"`
	Source  string  `json:"source"`
	Name    string  `json:"name,omitempty"` // the file's or the client's
	Safe    int64   `json:"safe"`           // the position
	Open    int     `json:"open"`           // tickets not settled
	Account Account `json:"account"`
}

// Streams are those that are not finished, in the order in which they began.
func (l *Ledger) Streams() []StreamState {
	defer l.alone()()
	list := make([]StreamState, 0, len(l.streams))
	for _, s := range l.streams {
		state := StreamState{ID: s.id, Source: s.source, Safe: s.Safe(), Open: s.Pending(), Account: s.Account()}
		if name := s.called(); name != nil {
			state.Name = name()
		}
		list = append(list, state)
	}
	slices.SortFunc(list, func(a, b StreamState) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

func (s *Stream) called() func() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name
}
