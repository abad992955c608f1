package buffer

import (
	"context"
	"io"
	"time"

	"sluice/event"
)

const (
	// readTries is how often a block is read before it is given up, and
	// readAgain how long to wait in between.
	readTries = 3
	readAgain = 5 * time.Second
)

// Lease implements forwarder.Buffer.
func (m *Buffer) Lease(ctx context.Context, maxBytes int) (*event.Chunk, error) {
	for {
		m.mu.Lock()
		key, q, wait := m.due(time.Now())
		if q != nil {
			if p := m.next(q); p.span != nil {
				m.load(key, q, p)
				m.mu.Unlock()
				continue
			}
			parts := m.take(key, q, maxBytes)
			m.mu.Unlock()
			if c := m.chunk(key, parts); c != nil {
				return c, nil
			}
			continue
		}
		if m.closed && m.drained() {
			m.mu.Unlock()
			return nil, io.EOF
		}
		changed := m.changed
		m.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// chunk makes a chunk of leased parts, reading from the disk what is only
// there. Parts from the first on that cannot be read go back; nil: that is all.
func (m *Buffer) chunk(key string, parts []*part) *event.Chunk {
	c := &event.Chunk{Key: key, Blocks: make([]*event.Block, 0, len(parts))}
	for i, p := range parts {
		if p.b == nil && !m.readBack(key, parts[i:]) {
			break
		}
		c.Blocks = append(c.Blocks, p.b)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, p := range parts[:len(c.Blocks)] {
		if m.when != Never && p.b == p.e.whole && !p.e.ref.Valid() {
			b := *p.b // the committer may read whole while this one is sent and cut
			b.Shared = true
			p.b = &b
			c.Blocks[i] = p.b
		}
	}
	if len(c.Blocks) == 0 {
		return nil
	}
	return c
}

// readBack reads the first part's block from the disk.
func (m *Buffer) readBack(key string, parts []*part) bool {
	p := parts[0]
	b := m.pool.Sized(p.e.bytes)
	err := m.wal.Read(p.e.ref, b)
	var r receipts
	defer r.done()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		b.Slot, p.b, p.e.whole = p.e, b, b
		p.e.charge = b.Size() - entryCharge
		m.share.Take(p.e.owner, p.e.charge)
		m.evicted -= int(p.e.weight)
		if m.share.Admit("") != nil { // what is needed later makes room
			m.pressed = true
			m.nudge()
		}
		return true
	}
	m.pool.Free(b)
	if p.e.unread++; p.e.unread < readTries {
		m.cfg.Log.Error("cannot read records back from the disk, trying again", "records", p.e.weight, "error", err)
		m.putBack(key, parts, readAgain)
		return false
	}
	m.cfg.Log.Error("records are lost: they cannot be read back from the disk", "records", p.e.weight, "file", p.e.ref.Segment(), "error", err)
	m.lose(p.e, &r)
	if len(parts) > 1 {
		m.putBack(key, parts[1:], 0)
	}
	return false
}

// Settle implements forwarder.Buffer.
func (m *Buffer) Settle(c *event.Chunk, keep []uint32) {
	before := c.Weight()
	type count struct {
		b *event.Block
		n int
	}
	counts := make([]count, 0, len(c.Blocks))
	for _, b := range c.Blocks {
		counts = append(counts, count{b, b.Len()})
	}
	over := 0 // Keep passes done blocks in order, and takes them out of c
	gone := make([]bool, len(counts))
	c.Keep(keep, func(b *event.Block) {
		for counts[over].b != b {
			over++
		}
		gone[over] = true
	})
	var r receipts
	m.mu.Lock()
	for i, x := range counts {
		e := x.b.Slot.(*entry)
		if !gone[i] {
			x.n -= x.b.Len()
		} else if x.b != e.whole && !x.b.Shared {
			m.pool.Free(x.b) // the later half of one that was cut, or a thinned copy
		}
		if x.n > 0 {
			m.answered = time.Now()
			m.answer(e, uint32(x.n), &r)
		}
	}
	m.records -= before - c.Weight()
	m.mu.Unlock()
	r.done()
	if len(keep) > 0 {
		m.Failed(c)
	}
}

// Failed implements forwarder.Buffer.
func (m *Buffer) Failed(c *event.Chunk) {
	if m.when != Needed {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range c.Blocks {
		m.urge(b.Slot.(*entry))
	}
}

// Return implements forwarder.Buffer.
func (m *Buffer) Return(c *event.Chunk, after time.Duration) {
	parts := make([]*part, 0, len(c.Blocks))
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range c.Blocks {
		e := b.Slot.(*entry)
		p := &part{e: e, b: b}
		if uint32(b.Len()) == e.items {
			p = &e.first
			p.b = b
			if e.ref.Valid() {
				m.settleIn(e)
			}
		}
		parts = append(parts, p)
	}
	m.putBack(c.Key, parts, after).parked = after > 0
	if m.pressed {
		m.nudge() // these may leave memory now
	}
	c.Blocks, c.Wire = nil, nil
}
