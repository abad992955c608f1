package netin

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNoRoom says that there is no memory for what would only be faster.
var ErrNoRoom = errors.New("no room")

// Room is the memory that the frames of all connections share, beyond the few
// KiB that each has. It is given out as bytes arrive, so a promise takes none.
//
// Whoever finds none waits, while holding what it has. So that not all of them
// can wait for each other, one at a time may take whatever its frame needs
// without asking, up to the largest frame and what it unpacks to: it needs
// nobody, finishes and makes room. What all hold together is at most the size of the room and
// one such frame.
type Room struct {
	large   chan struct{} // of capacity 1: full while somebody needs nobody
	waiting atomic.Int32

	mu    sync.Mutex
	free  int           // bytes
	freed chan struct{} // closed when some are given back; nil: nobody waits
}

// NewRoom makes a room of so many bytes.
func NewRoom(bytes int64) *Room { return &Room{large: make(chan struct{}, 1), free: int(bytes)} }

// take takes n bytes; where there are not as many, freed tells when to ask
// again.
func (r *Room) take(n int) (ok bool, freed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n <= r.free {
		r.free -= n
		return true, nil
	}
	if r.freed == nil {
		r.freed = make(chan struct{})
	}
	return false, r.freed
}

func (r *Room) give(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free += n
	if r.freed != nil {
		close(r.freed)
		r.freed = nil
	}
}

// Free is how many bytes nobody holds.
func (r *Room) Free() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.free
}

// Crowded reports whether somebody holds more than his share.
func (r *Room) Crowded() bool { return len(r.large) != 0 }

// Tight reports whether somebody waits.
func (r *Room) Tight() bool { return r.waiting.Load() > 0 }

// Share is one connection's part of the room.
type Share struct {
	Room  *Room
	have  int       // bytes
	Large time.Time // since when it needs nobody, for this frame; zero: it does not
}

// Grow takes n bytes more, waiting for them when they must be.
func (s *Share) Grow(ctx context.Context, n int, must bool) error {
	if !s.Large.IsZero() {
		return nil
	}
	ok, freed := s.Room.take(n)
	if !ok && !must {
		return ErrNoRoom
	}
	for ; !ok; ok, freed = s.Room.take(n) {
		s.Room.waiting.Add(1)
		select {
		case s.Room.large <- struct{}{}:
			s.Large = time.Now()
		case <-freed:
		case <-ctx.Done():
		}
		s.Room.waiting.Add(-1)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !s.Large.IsZero() {
			return nil
		}
	}
	s.have += n
	return nil
}

// Fit gives back what a connection that holds so many bytes now has too much.
// One that holds more than its share because it needed nobody goes on so.
func (s *Share) Fit(size int) {
	if !s.Large.IsZero() {
		if over := size - s.have; over > 0 {
			ok, _ := s.Room.take(over)
			if !ok {
				s.Large = time.Now() // for the next frame
				return
			}
			s.have += over
		}
		s.Large = time.Time{}
		<-s.Room.large
	}
	if s.have > size {
		s.Room.give(s.have - size)
		s.have = size
	}
}
