package elastictest

import (
	"sync"
	"sync/atomic"
)

// Subscription is a live view of the documents that come into a MemoryStore.
type Subscription struct {
	C <-chan Doc // closed by Close

	c       chan Doc
	store   *MemoryStore
	dropped atomic.Int64
	once    sync.Once
}

// Subscribe begins a live view that buffers this many documents. A reader who
// is slower loses documents, which are counted; the store never waits.
func (m *MemoryStore) Subscribe(buffer int) *Subscription {
	s := &Subscription{c: make(chan Doc, max(1, buffer)), store: m}
	s.C = s.c
	m.mu.Lock()
	defer m.mu.Unlock()
	m.subs[s] = struct{}{}
	return s
}

// Dropped is how many documents the reader was too slow for.
func (s *Subscription) Dropped() int64 { return s.dropped.Load() }

// Close ends the view and closes C.
func (s *Subscription) Close() {
	s.once.Do(func() {
		s.store.mu.Lock()
		defer s.store.mu.Unlock()
		delete(s.store.subs, s)
		close(s.c)
	})
}

// offer is called under the store's lock, as is the closing of c.
func (s *Subscription) offer(d Doc) {
	select {
	case s.c <- d:
	default:
		s.dropped.Add(1)
	}
}
