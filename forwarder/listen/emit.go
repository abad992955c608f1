package listen

import (
	"bytes"
	"fmt"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/wire"
)

// admit waits until there is room for a batch of the tag. Meanwhile the
// connection is not read, so that TCP holds the client back.
func (c *conn) admit() error {
	wait := c.out.Admit(c.tag)
	if wait == nil {
		return nil
	}
	c.l.metrics.in.Stalled.Inc()
	defer c.l.metrics.in.Stalled.Dec()
	for ; wait != nil; wait = c.out.Admit(c.tag) {
		select {
		case <-wait:
		case <-c.ctx.Done():
			return c.cause()
		}
	}
	return nil
}

// emit hands the builder's batch on, if there is a record in it, and gives it
// the connection's next position in any case. pend is the chunk it is a part
// of, or nil.
func (c *conn) emit(arena []byte, pend *pending) error {
	c.flushCounts()
	b := &c.build.b
	c.pos++
	ticket := c.ledgerStream().Open(c.pos, len(b.Recs))
	if len(b.Recs) == 0 {
		ticket.Settled(event.Drops{})
		return nil
	}
	c.l.metrics.in.Records.Add(float64(len(b.Recs)))
	var to event.Receipt = ticket
	if pend != nil {
		to = pend.part(ticket)
	}
	ack := event.NewAck(to)
	b.Stream, b.Tag, b.Arena = event.StreamID(c.stream.ID()), c.tag, arena
	b.Shared, b.Ack, b.Read = c.shared, ack, c.readAt
	// A client that asked for acks waits for each: for the first one, too.
	b.Urgent = c.acks != nil || pend != nil || len(c.dueEnds) > 0
	// Not the context that a stop ends: what is begun is handed on whole.
	if err := c.out.Emit(c.hard, b); err != nil {
		return fmt.Errorf("cannot hand on a batch (it is not acknowledged): %w", err)
	}
	ack.Done()
	return nil
}

func (c *conn) ledgerStream() *ledger.Stream {
	if c.stream == nil {
		c.stream = c.l.ledger.Stream(source, 0, c.progress.moved).Name(func() string { return c.peer })
	}
	return c.stream
}

// owe notes that an ack is due for a frame of the batch being made.
func (c *conn) owe(chunk []byte) {
	if chunk != nil {
		if c.frames.JSON() {
			c.due = wire.AppendJSONAck(c.due, chunk)
		} else {
			c.due = wire.AppendAck(c.due, chunk)
		}
		c.dueEnds = append(c.dueEnds, len(c.due))
	}
}

// answer passes what is owed to the ack writer, at the position reached. While
// the writer's queue is full the connection is not read.
func (c *conn) answer() error {
	if len(c.dueEnds) == 0 {
		return nil
	}
	if c.acks == nil {
		c.acks = newAcks(c)
	}
	if !c.acks.push(c.pos, bytes.Clone(c.due), c.dueEnds) {
		return c.cause()
	}
	c.due, c.dueEnds = c.due[:0], c.dueEnds[:0]
	return nil
}
