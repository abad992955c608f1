package listen

import (
	"errors"
	"net/netip"
	"sync"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// errOther ends a connection that waits for a chunk on another one, in vain.
var errOther = errors.New("the same chunk, pending on another connection, failed there")

// chunkKey names a chunk as one host sent it; key holds tag, chunk id and the
// payload's hash. Fluent Bit's chunk ids are hashes of the payload, so the id
// alone would not do.
type chunkKey struct {
	host netip.Addr
	key  event.SourceKey
}

// pendingSet knows the chunks that are taken in and not yet safe. A client that
// lost its connection sends such a chunk again; the second then waits for the
// first instead of going through once more.
type pendingSet struct {
	mu sync.Mutex
	m  map[chunkKey]*pending
}

// pending is one of them. It is over when every batch made of it has settled
// and its connection, which holds one part itself, has made the last.
type pending struct {
	set     *pendingSet
	key     chunkKey
	parts   int
	waiters []waiter
}

// waiter is the same chunk, come again on another connection.
type waiter struct {
	ticket *ledger.Ticket
	c      *conn
}

// enter returns a new pending chunk, or nil when it is there already: then
// what wait returns is answered together with it.
func (s *pendingSet) enter(key chunkKey, wait func() waiter) *pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.m[key]; p != nil {
		p.waiters = append(p.waiters, wait())
		return nil
	}
	if s.m == nil {
		s.m = map[chunkKey]*pending{}
	}
	p := &pending{set: s, key: key, parts: 1}
	s.m[key] = p
	return p
}

// leave takes the chunk out and returns the connections that wait for it.
func (p *pending) leave() []waiter {
	if p.set.m[p.key] == p {
		delete(p.set.m, p.key)
	}
	w := p.waiters
	p.waiters = nil
	return w
}

// part returns the receipt of one more batch.
func (p *pending) part(t *ledger.Ticket) event.Receipt {
	p.set.mu.Lock()
	defer p.set.mu.Unlock()
	p.parts++
	return &part{t, p}
}

// done gives one part back.
func (p *pending) done() {
	p.set.mu.Lock()
	p.parts--
	var safe []waiter
	if p.parts == 0 {
		safe = p.leave()
	}
	p.set.mu.Unlock()
	for _, w := range safe {
		w.ticket.Settled(event.Drops{})
	}
}

// fail says that the chunk was not taken in whole. Connections that wait for it
// are closed without an ack, so that their clients send the chunk again.
func (p *pending) fail() {
	p.set.mu.Lock()
	waiters := p.leave()
	p.set.mu.Unlock()
	for _, w := range waiters {
		w.c.abort(errOther)
	}
}

// part is the receipt of a batch of a chunk.
type part struct {
	ticket *ledger.Ticket
	p      *pending
}

// Settled implements event.Receipt.
func (r *part) Settled(dropped event.Drops) {
	r.ticket.Settled(dropped)
	r.p.done()
}
