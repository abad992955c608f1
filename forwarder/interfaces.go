package forwarder

import (
	"context"
	"time"

	"sluice/event"
)

// Source reads records from somewhere until ctx ends, then returns when
// nothing it emitted waits for an answer that it still has to give (a Forward
// acknowledgement), or its own drain time is over. A file's position needs no
// waiting: it is saved by the checkpoint after the lanes have drained.
type Source interface {
	Run(ctx context.Context, out Out) error
}

// Out is where a source puts its batches.
type Out interface {
	// Admit returns nil when every lane reachable from tag has credit for a
	// batch. Else the source must not read; it waits until the channel is
	// closed and asks again.
	Admit(tag string) (wait <-chan struct{})
	// Emit runs the batch through filters and router into the lanes. After
	// Admit it does not wait for a lane. On return b is the caller's again.
	Emit(ctx context.Context, b *event.Batch) error
}

// Filter changes a batch in place: sets fields, or a record's State. No I/O;
// never blocks; called from many goroutines at once.
type Filter interface {
	Apply(b *event.Batch)
}

// Sink is one kind of destination. Encode and Deliver are called from many
// goroutines at once.
type Sink interface {
	// Encode writes b's live records into dst. It cannot fail: one bad record
	// must not stop a source.
	Encode(dst *event.Blocks, b *event.Batch)
	// Deliver sends the chunk once. An error means that the fate of all items
	// is unknown.
	Deliver(ctx context.Context, c *event.Chunk) (event.Verdict, error)
}

// Runner is a sink with work of its own between deliveries: heartbeats, changed
// certificates. The lane runs it for as long as its senders.
type Runner interface {
	Run(ctx context.Context)
}

// Buffer keeps a lane's blocks until they are answered for.
type Buffer interface {
	// Admit returns nil when there is room for a batch under the tag, else a
	// channel that is closed when it is worth asking again.
	Admit(tag string) <-chan struct{}
	// Append takes the block over; it does not wait for room (Admit did) and
	// gives back the block's receipt when the block is safe.
	Append(b *event.Block) error
	// Lease waits for a chunk that is due: enough bytes, old enough, or the
	// buffer is flushing. io.EOF: it is closed and holds nothing more to lease.
	Lease(ctx context.Context, maxBytes int) (*event.Chunk, error)
	// Settle answers for every item of a leased chunk but those kept, which
	// stay leased in c.
	Settle(c *event.Chunk, keep []uint32)
	// Failed says that a leased chunk was sent and was not taken, or not all of
	// it: what is left of it may wait for long.
	Failed(c *event.Chunk)
	// Return gives a leased chunk back to the front of its key's queue, not to
	// be leased again before the delay is over: the key is parked.
	Return(c *event.Chunk, after time.Duration)
	// Parked reports whether a key is parked, and the encoded bytes waiting there.
	Parked(key string) (bytes int, parked bool)
	// Flush makes everything due at once, now and from now on.
	Flush()
	// Push makes due what is there now.
	Push()
	// Close refuses further blocks and lets Lease end.
	Close()
	// Stats are what it holds and what it has done.
	Stats() event.BufferStats
	// Run does the buffer's own work until ctx ends, then makes safe what is
	// left as well as it can. The lane calls it once and ends ctx when its
	// senders have ended.
	Run(ctx context.Context)
}

// DeadLetters keeps what a sink refused for good.
type DeadLetters interface {
	// Put returns nil when the rejected items of the chunk are fsynced.
	Put(lane string, c *event.Chunk, rejected []event.Rejection) error
}
