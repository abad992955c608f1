// Package ledger turns receipts that arrive in any order into positions that
// only move forward, and keeps the accounts.
//
// Promise: a stream's safe position is the end of the longest prefix of what
// was opened that has been answered for, never more; and for every stream, at
// any moment, read = delivered + dropped + pending, counted in source records.
// What Freeze shows belongs together: the accounts are those of exactly what
// lies before the positions that were told. No I/O.
package ledger

import (
	"fmt"
	"sync"

	"sluice/event"
)

// Ledger knows every stream of the process.
type Ledger struct {
	gate    sync.RWMutex // read-locked while a ticket settles, locked by a look at all streams
	mu      sync.Mutex   // order: gate, a stream's mu within settle, mu; alone with the gate also mu, a stream's
	next    uint64
	streams map[uint64]*Stream
	ended   map[string]Account // by source: earlier lives, and streams that are closed and have nothing pending
}

// New makes an empty ledger.
func New() *Ledger {
	return &Ledger{streams: map[uint64]*Stream{}, ended: map[string]Account{}}
}

// Stream opens a stream of a source (the input's name, for the accounts) at a
// position. moved, which may be nil, is called whenever the safe position
// grows: from any goroutine, one call at a time, with the stream locked; it
// must not block and must not call the stream.
func (l *Ledger) Stream(source string, start int64, moved func(pos int64)) *Stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	s := &Stream{ledger: l, id: l.next, source: source, safe: start, end: start, moved: moved}
	l.streams[s.id] = s
	return s
}

// Check compares every stream's counters with what its open tickets hold and
// names the first stream whose sum does not come out.
func (l *Ledger) Check() error {
	defer l.alone()()
	for _, s := range l.streams {
		if err := s.check(); err != nil {
			return err
		}
	}
	return nil
}

// alone keeps everybody from settling, and takes mu: only so may a stream's
// lock be taken with mu held, for a stream's moved may come to fold another.
func (l *Ledger) alone() (free func()) {
	l.gate.Lock()
	l.mu.Lock()
	return func() {
		l.mu.Unlock()
		l.gate.Unlock()
	}
}

// fold adds a finished stream, whose lock nobody else wants any more, to its
// source's sum.
func (l *Ledger) fold(s *Stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.streams[s.id]; !ok {
		return
	}
	delete(l.streams, s.id)
	a := l.ended[s.source]
	own := s.Account()
	a.add(&own)
	l.ended[s.source] = a
}

// Stream is one file or one connection.
type Stream struct {
	ledger *Ledger
	id     uint64
	source string
	moved  func(int64)

	mu      sync.Mutex
	safe    int64
	end     int64     // of the newest ticket
	open    []*Ticket // in order of opening; [0] is not settled
	closed  bool
	name    func() string // for people; nil: it has none
	account Account
	before  Account // of what lies before safe; changes with the gate held
}

// Name says how people call the stream. name is called with
// all streams standing still and must not call them.
func (s *Stream) Name(name func() string) *Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name = name
	return s
}

// ID numbers the stream, unique in this process.
func (s *Stream) ID() uint64 { return s.id }

// Safe is the position up to which everything has been answered for.
func (s *Stream) Safe() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.safe
}

// Pending is the number of tickets not settled.
func (s *Stream) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, t := range s.open {
		if !t.settled {
			n++
		}
	}
	return n
}

// Account is the stream's present account.
func (s *Stream) Account() Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account
}

// Open announces that records of the given weight were read and that the
// position may move to end once they, and all before them, are answered for.
// end never decreases.
func (s *Stream) Open(end int64, weight int) *Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end < s.end {
		panic(fmt.Sprintf("BUG: ticket of stream %d ends at %d, before %d", s.id, end, s.end))
	}
	s.end = end
	t := &Ticket{stream: s, end: end, weight: uint64(weight)}
	s.open = append(s.open, t)
	s.account.Read += t.weight
	s.account.Pending += t.weight
	return t
}

// Close says that nothing more will be opened. Open tickets may still settle.
func (s *Stream) Close() {
	s.mu.Lock()
	s.closed = true
	over := len(s.open) == 0
	s.mu.Unlock()
	if over {
		s.ledger.fold(s)
	}
}

// settle must be called with the gate held.
func (s *Stream) settle(t *Ticket, dropped event.Drops) {
	s.mu.Lock()
	if t.settled {
		s.mu.Unlock()
		panic("BUG: ticket settled twice")
	}
	t.settled = true
	t.dropped = dropped.Take(t.weight) // several outputs may have dropped the same
	s.account.Pending -= t.weight
	s.account.answer(t)
	n := 0
	for n < len(s.open) && s.open[n].settled {
		s.before.Read += s.open[n].weight
		s.before.answer(s.open[n])
		n++
	}
	if n > 0 {
		end := s.open[n-1].end
		s.open = append(s.open[:0], s.open[n:]...)
		if end > s.safe {
			s.safe = end
			if s.moved != nil {
				s.moved(end)
			}
		}
	}
	over := s.closed && len(s.open) == 0
	s.mu.Unlock()
	if over {
		s.ledger.fold(s)
	}
}

func (s *Stream) check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pending uint64
	for _, t := range s.open {
		if !t.settled {
			pending += t.weight
		}
	}
	a := s.account
	if pending != a.Pending || !a.AddsUp() {
		return fmt.Errorf("stream %d of %s does not add up: read %d, delivered %d, dropped %d, pending %d, in open tickets %d",
			s.id, s.source, a.Read, a.Delivered, a.Dropped, a.Pending, pending)
	}
	return nil
}

// Ticket is one batch's place in its stream; it is the receipt's receiver.
type Ticket struct {
	stream  *Stream
	end     int64
	weight  uint64
	dropped event.Drops // of weight, once it is settled
	settled bool        // guarded by stream.mu
}

// Settled answers for the batch, once. dropped is the part of its weight that
// was dropped on the way, by reason.
func (t *Ticket) Settled(dropped event.Drops) {
	gate := &t.stream.ledger.gate
	gate.RLock()
	defer gate.RUnlock()
	t.stream.settle(t, dropped)
}

// Together calls settle, which may settle several tickets by SettledWith: whoever
// looks at positions with Freeze sees all of it or nothing.
func (l *Ledger) Together(settle func()) {
	l.gate.RLock()
	defer l.gate.RUnlock()
	settle()
}

// SettledWith is Settled for a call from within Together, or the moved of another
// stream: whoever looks at positions with Freeze sees both moves or none.
func (t *Ticket) SettledWith(dropped event.Drops) { t.stream.settle(t, dropped) }
