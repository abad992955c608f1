package buffer

import (
	"time"

	"sluice/event"
	"sluice/forwarder/buffer/wal"
)

// entryCharge is what an entry alone costs of the budget, in bytes. It is part
// of a block's Size.
const entryCharge = 160

// spanCharge is what a span costs of it.
const spanCharge = 128

// entry is one block from Append, or found on the disk, until all its items
// are answered for. Guarded by Buffer.mu.
type entry struct {
	first part
	// whole holds the block's memory; nil: it is on the disk alone. While the
	// block is not on the disk, leases get a copy of whole that shares its
	// slices, so that the committer can read them at any time.
	whole   *event.Block
	owner   string
	ack     *event.Ack // its share of the receipt; nil: given back
	ref     wal.Ref    // where it is on the disk
	born    time.Duration
	bytes   int // of the body
	charge  int // of the budget
	items   uint32
	left    uint32 // items not answered for
	weight  uint32
	writing bool // the committer has it
	planned bool // it is in hurry or calm for good
	unread  uint8
}

// part is what a queue holds: an entry's block, or what is left of it; or a
// span.
type part struct {
	e      *entry
	b      *event.Block // nil: e's whole block, to be read from the disk
	span   *span        // not nil: that instead
	queued bool
}

// span is blocks that are on the disk alone, and of which no entry is in
// memory either: load makes entries of them when their turn comes.
type span struct {
	wal.Span
	born   time.Duration // of the first
	unread uint8
}

func newEntry(b *event.Block) *entry {
	e := &entry{
		whole: b, owner: ownerOf(b.Tag), ack: b.Ack, bytes: len(b.Body), charge: b.Size() - entryCharge,
		items: uint32(b.Len()), left: uint32(b.Len()), weight: uint32(b.Weight()),
	}
	b.Ack, b.Slot = nil, e
	e.first.e, e.first.b = e, b
	return e
}

func (p *part) bytes() int {
	if p.span != nil {
		return p.span.Bytes
	}
	if p.b == nil {
		return p.e.bytes
	}
	return len(p.b.Body)
}

func (p *part) items() uint32 {
	if p.b == nil {
		return p.e.items
	}
	return uint32(p.b.Len())
}

func (p *part) weight() int {
	if p.b == nil {
		return int(p.e.weight)
	}
	return p.b.Weight()
}

// born is when the part's oldest block came.
func (p *part) born() time.Duration {
	if p.span != nil {
		return p.span.born
	}
	return p.e.born
}

// bare reports whether all that there is of the part in memory is its entry.
func (p *part) bare() bool {
	return p.span == nil && p.b == nil && p.untouched() && p.e.whole == nil && p.e.left == p.e.items && !p.e.writing && p.e.ref.Valid()
}

// untouched reports whether the part is the entry's whole block, which can be
// read again from the disk.
func (p *part) untouched() bool { return p == &p.e.first && p.items() == p.e.items }

// receipts are those to be given back when the lock is released.
type receipts struct {
	list []*event.Ack
	few  [16]*event.Ack
}

func (r *receipts) add(a *event.Ack) {
	if r.list == nil {
		r.list = r.few[:0]
	}
	r.list = append(r.list, a)
}

func (r *receipts) done() {
	for _, a := range r.list {
		a.Done()
	}
}

// answer notes that n items of e are answered for. Called with mu held.
func (m *Buffer) answer(e *entry, n uint32, r *receipts) {
	if n > e.left {
		panic("BUG: more items answered for than there are")
	}
	e.left -= n
	if e.left > 0 {
		return
	}
	if e.ack != nil {
		r.add(e.ack)
		e.ack = nil
	}
	if e.ref.Valid() {
		m.release(e)
	}
	if !e.writing {
		m.forget(e)
	}
}

// release gives an entry's place on the disk back. Called with mu held.
func (m *Buffer) release(e *entry) {
	m.wal.Release(e.ref)
	if !m.unswept {
		m.unswept = true
		m.nudge()
	}
}

// forget gives an entry's memory back. Called with mu held.
func (m *Buffer) forget(e *entry) {
	if e.whole != nil {
		m.pool.Free(e.whole)
		e.whole = nil
	}
	e.first.b = nil // some list may hold the entry for a while
	m.share.Take(e.owner, -e.charge)
	m.share.Take("", -entryCharge)
	e.charge = 0
}

// drop answers for a part that goes nowhere. Called with mu held; the part is
// in no queue.
func (m *Buffer) drop(p *part, r *receipts) {
	weight := p.weight()
	m.records -= weight
	if p.b == nil {
		m.evicted -= weight
	}
	m.stats.Dropped += uint64(weight)
	p.e.ack.Drop(event.Overflow, weight)
	m.answer(p.e, p.items(), r)
}

// lose answers for an entry that cannot be read back. Called with mu held.
func (m *Buffer) lose(e *entry, r *receipts) {
	m.records -= int(e.weight)
	m.evicted -= int(e.weight)
	m.stats.Lost += uint64(e.weight)
	ref := e.ref
	e.ref = wal.Ref{}
	m.wal.Abandon(ref)
	m.unswept = true
	m.nudge()
	m.answer(e, e.left, r)
}
