package event

import "sync/atomic"

// Receipt is told, once, that a batch is safe: fsynced, or answered for by
// every sink that should have it. dropped is what filters or buffers dropped of
// it on the way.
// Settled is called from any goroutine and must not block.
type Receipt interface{ Settled(dropped Drops) }

// Ack is a counted receipt. It starts with one share, held by whoever made
// it; Fork adds shares, Done gives one back, and the last one settles the
// receipt. There is no negative answer: what is not safe is simply not done,
// and the source's position stays where it is. A nil *Ack is valid and counts
// nothing.
type Ack struct {
	shares  atomic.Int32
	dropped atomic.Pointer[drops] // nil: nothing
	to      Receipt
}

// drops is Drops that several goroutines add to.
type drops [reasons]atomic.Uint64

// NewAck makes a receipt with one share.
func NewAck(to Receipt) *Ack {
	a := &Ack{to: to}
	a.shares.Store(1)
	return a
}

// Fork adds n shares. Only a holder of a share may call it.
func (a *Ack) Fork(n int) {
	if a == nil || n == 0 {
		return
	}
	if a.shares.Add(int32(n)) <= int32(n) {
		panic("BUG: Ack.Fork after the last Done")
	}
}

// Drop notes weight that is answered for by having been dropped.
func (a *Ack) Drop(r Reason, weight int) {
	if a == nil || weight == 0 {
		return
	}
	d := a.dropped.Load()
	if d == nil {
		a.dropped.CompareAndSwap(nil, new(drops))
		d = a.dropped.Load()
	}
	d[r].Add(uint64(weight))
}

func (a *Ack) drop(r Reason, n uint64) { a.Drop(r, int(n)) }

// Dropped is what was dropped so far.
func (a *Ack) Dropped() (sum Drops) {
	if d := a.dropped.Load(); d != nil {
		for i := range d {
			sum[i] = d[i].Load()
		}
	}
	return sum
}

// Done gives one share back. It never blocks.
func (a *Ack) Done() {
	if a == nil {
		return
	}
	switch n := a.shares.Add(-1); {
	case n == 0:
		a.to.Settled(a.Dropped())
	case n < 0:
		panic("BUG: Ack.Done more often than shares")
	}
}
