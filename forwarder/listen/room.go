package listen

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// errNoRoom says that there is no memory for what would only be faster.
var errNoRoom = errors.New("no room")

// room is the memory that the frames of all connections share, beyond the few
// KiB that each has. It is given out as bytes arrive, so a promise takes none.
//
// Whoever finds none waits, while holding what it has. So that not all of them
// can wait for each other, one at a time may take whatever its frame needs
// without asking, up to max_chunk and max_unpacked: it needs nobody, finishes
// and makes room. What all hold together is at most the size of the room and
// one such frame.
type room struct {
	large   chan struct{} // of capacity 1: full while somebody needs nobody
	waiting atomic.Int32

	mu    sync.Mutex
	free  int           // bytes
	freed chan struct{} // closed when some are given back; nil: nobody waits
}

func newRoom(bytes int64) *room { return &room{large: make(chan struct{}, 1), free: int(bytes)} }

// take takes n bytes; where there are not as many, freed tells when to ask
// again.
func (r *room) take(n int) (ok bool, freed <-chan struct{}) {
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

func (r *room) give(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free += n
	if r.freed != nil {
		close(r.freed)
		r.freed = nil
	}
}

// tight reports whether somebody waits.
func (r *room) tight() bool { return r.waiting.Load() > 0 }

// share is one connection's part of the room.
type share struct {
	room  *room
	have  int       // bytes
	large time.Time // since when it needs nobody, for this frame; zero: it does not
}

// grow takes n bytes more, waiting for them when they must be.
func (s *share) grow(ctx context.Context, n int, must bool) error {
	if !s.large.IsZero() {
		return nil
	}
	ok, freed := s.room.take(n)
	if !ok && !must {
		return errNoRoom
	}
	for ; !ok; ok, freed = s.room.take(n) {
		s.room.waiting.Add(1)
		select {
		case s.room.large <- struct{}{}:
			s.large = time.Now()
		case <-freed:
		case <-ctx.Done():
		}
		s.room.waiting.Add(-1)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !s.large.IsZero() {
			return nil
		}
	}
	s.have += n
	return nil
}

// fit gives back what a connection that holds so many bytes now has too much.
// One that holds more than its share because it needed nobody goes on so.
func (s *share) fit(size int) {
	if !s.large.IsZero() {
		if over := size - s.have; over > 0 {
			ok, _ := s.room.take(over)
			if !ok {
				s.large = time.Now() // for the next frame
				return
			}
			s.have += over
		}
		s.large = time.Time{}
		<-s.room.large
	}
	if s.have > size {
		s.room.give(s.have - size)
		s.have = size
	}
}
