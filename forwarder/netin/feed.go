package netin

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/meter"
)

// Out is where batches go; see forwarder.Out.
type Out interface {
	Admit(tag string) (wait <-chan struct{})
	Emit(ctx context.Context, b *event.Batch) error
}

// Feed hands on the batches of one stream, each with its ticket. It may be
// used from many goroutines at once.
type Feed struct {
	out    Out
	meters *meter.Input
	base   *event.Fragment
	key    event.SourceKey // of ids: a nonce, for nobody can read a socket again
	stream *ledger.Stream

	mu  sync.Mutex
	pos int64  // batches handed on
	n   uint64 // records numbered
}

// NewFeed makes the feed of a stream; base, which may be nil, is what is true
// of all its records.
func NewFeed(out Out, stream *ledger.Stream, m *meter.Input, base *event.Fragment) *Feed {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails
	key := event.SourceKey{Hi: binary.BigEndian.Uint64(nonce[:]), Lo: binary.BigEndian.Uint64(nonce[8:])}
	return &Feed{out: out, meters: m, base: base, key: key, stream: stream}
}

// Wait returns nil when there is room for a batch of the tag; until then who
// calls must not read.
func (f *Feed) Wait(ctx context.Context, tag string) error {
	wait := f.out.Admit(tag)
	if wait == nil {
		return ctx.Err()
	}
	f.meters.Stalled.Inc()
	defer f.meters.Stalled.Dec()
	for ; wait != nil; wait = f.out.Admit(tag) {
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Emit numbers the batch's records and hands it on. done, which may be nil, is
// called once they are safe, from any goroutine, and must not block. An error
// means that nobody answers for them. On return b is the caller's again.
func (f *Feed) Emit(ctx context.Context, b *event.Batch, done func()) error {
	if len(b.Recs) == 0 {
		if done != nil {
			done()
		}
		return nil
	}
	ticket, first := f.open(len(b.Recs))
	now := time.Unix(0, b.Read).UnixMilli()
	for i := range b.Recs {
		b.Recs[i].ID = event.MakeID(now, f.key, first+uint64(i))
	}
	f.meters.Records.Add(float64(len(b.Recs)))
	var to event.Receipt = ticket
	if done != nil {
		to = &answered{ticket, done}
	}
	ack := event.NewAck(to)
	b.Stream, b.Shared, b.Ack, b.Urgent = event.StreamID(f.stream.ID()), f.base, ack, done != nil
	if err := f.out.Emit(ctx, b); err != nil {
		return fmt.Errorf("cannot hand on a batch: %w", err)
	}
	ack.Done()
	return nil
}

func (f *Feed) open(records int) (t *ledger.Ticket, first uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pos++
	first = f.n
	f.n += uint64(records)
	return f.stream.Open(f.pos, records), first
}

// Close says that nothing more comes.
func (f *Feed) Close() { f.stream.Close() }

// answered is the receipt of a ticket that somebody waits for.
type answered struct {
	ticket *ledger.Ticket
	done   func()
}

// Settled implements event.Receipt.
func (a *answered) Settled(dropped event.Drops) {
	a.ticket.Settled(dropped)
	a.done()
}
