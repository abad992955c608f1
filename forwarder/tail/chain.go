package tail

import (
	"slices"
	"sync/atomic"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// link is a file in which a line began that ended in a younger one. Both
// files' positions must pass the line together: were only the older one past
// its part, a restart would lose the beginning; were only the younger one past
// the end, the beginning would be read again and find the wrong rest. So the
// younger file's ticket waits until the older file waits for nothing else (the
// chain sees to it), and the older one's until the younger position is past
// its end (the younger identity sees to that).
type link struct {
	older  *ledger.Stream
	ticket *ledger.Ticket // the older file's
	awaits bool           // the younger position
}

// link opens the older file's ticket. No join is open any more; the position
// in the younger file i will be at end or behind it. With nothing of the record
// in the younger file the two need not move together: the older one's ticket
// waits for the receipt alone.
func (r *reader) link(g *group, p part, i *identity, end int64, together bool) {
	older := p.f.ident.Load().stream
	l := link{older, older.Open(g.hold(p.f), 0), together}
	if together {
		i.await(end, l.ticket)
	}
	r.links = append(r.links, l)
}

// chain is the receipt of a batch with such lines. Settled is called from
// anywhere; the step is the reader's.
type chain struct {
	r       *reader
	ticket  *ledger.Ticket
	links   []link
	dropped event.Drops
	acked   atomic.Bool
}

// Settled implements event.Receipt.
func (c *chain) Settled(dropped event.Drops) {
	c.dropped = dropped
	c.acked.Store(true)
	c.r.nudge()
}

// step settles the ticket if it may be, and reports whether it did.
func (c *chain) step() bool {
	if !c.acked.Load() {
		return false
	}
	for _, l := range c.links {
		if l.older.Account().Pending > 0 { // such tickets themselves weigh nothing
			return false
		}
	}
	c.r.t.ledger.Together(func() {
		c.ticket.SettledWith(c.dropped)
		for _, l := range slices.Backward(c.links) { // the youngest first
			if !l.awaits {
				l.ticket.SettledWith(event.Drops{})
			}
		}
	})
	return true
}
