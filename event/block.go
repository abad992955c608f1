package event

import "slices"

// Block is a batch encoded for one sink and one key (target index, path,
// partition). Item i is Body[Ends[i-1]:Ends[i]].
type Block struct {
	Key     string
	Tag     string
	Stream  StreamID
	Since   int64 // when its oldest record happened, or was read where that is unknown, Unix nanoseconds
	Urgent  bool  // a client waits for the receipt
	Body    []byte
	Ends    []uint32
	IDs     []ID
	Weights []uint16
	Ack     *Ack // one share of the batch's receipt
	Slot    any  // the buffer's: what it knows about the block; both halves of one that is cut share it
	Shared  bool // somebody else reads the slices too: they are copied before they are changed
}

// Close ends the item whose bytes were appended to Body since the last Close.
func (b *Block) Close(id ID, weight uint16) {
	b.Ends = append(b.Ends, uint32(len(b.Body)))
	b.IDs = append(b.IDs, id)
	b.Weights = append(b.Weights, weight)
}

// Len is the number of items.
func (b *Block) Len() int { return len(b.Ends) }

// Item is item i's bytes.
func (b *Block) Item(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = b.Ends[i-1]
	}
	return b.Body[start:b.Ends[i]]
}

// Weight is the number of source records in it.
func (b *Block) Weight() (n int) {
	for _, w := range b.Weights {
		n += int(w)
	}
	return n
}

// Size is what it costs in memory, in bytes.
func (b *Block) Size() int {
	return cap(b.Body) + 4*cap(b.Ends) + 18*cap(b.IDs) + 2*cap(b.Weights) + 160
}

// Reset empties it, keeping its capacity.
func (b *Block) Reset() {
	*b = Block{Body: b.Body[:0], Ends: b.Ends[:0], IDs: b.IDs[:0], Weights: b.Weights[:0]}
}

// keep removes the items not listed; idx ascends and counts from base.
func (b *Block) keep(idx []uint32, base uint32) {
	if b.Shared {
		b.Body, b.Ends, b.IDs, b.Weights = slices.Clone(b.Body), slices.Clone(b.Ends), slices.Clone(b.IDs), slices.Clone(b.Weights)
		b.Shared = false
	}
	body := b.Body[:0]
	for n, i := range idx {
		i -= base
		// Item i's start, Ends[i-1], is intact: what was overwritten so far is
		// below it, or equal because nothing before i was removed.
		id, weight := b.IDs[i], b.Weights[i]
		body = append(body, b.Item(int(i))...) // moves towards the front only
		b.Ends[n], b.IDs[n], b.Weights[n] = uint32(len(body)), id, weight
	}
	n := len(idx)
	b.Body, b.Ends, b.IDs, b.Weights = body, b.Ends[:n], b.IDs[:n], b.Weights[:n]
}

// cut moves the items from n on to r, with a share of the receipt.
func (b *Block) cut(n int, r *Block) *Block {
	at := b.Ends[n-1]
	r.Key, r.Tag, r.Stream, r.Since, r.Urgent, r.Ack, r.Slot = b.Key, b.Tag, b.Stream, b.Since, b.Urgent, b.Ack, b.Slot
	r.Ack.Fork(1)
	r.Body = append(r.Body, b.Body[at:]...)
	for i := n; i < b.Len(); i++ {
		r.Ends = append(r.Ends, b.Ends[i]-at)
	}
	r.IDs = append(r.IDs, b.IDs[n:]...)
	r.Weights = append(r.Weights, b.Weights[n:]...)
	b.Body, b.Ends, b.IDs, b.Weights = b.Body[:at], b.Ends[:n], b.IDs[:n], b.Weights[:n]
	return r
}

// Blocks collects what a sink encodes from one batch, one block a key.
// The lane makes it and takes the blocks; an encoder only calls For.
type Blocks struct {
	List []*Block
	New  func() *Block // returns an empty block; must be set
}

// For returns the block of a key, made on first use.
func (bs *Blocks) For(key string) *Block {
	for i := len(bs.List) - 1; i >= 0; i-- {
		if bs.List[i].Key == key {
			return bs.List[i]
		}
	}
	b := bs.New()
	b.Key = key
	bs.List = append(bs.List, b)
	return b
}

// BufferStats is what a lane's buffer holds and has done. The counters count
// from the start of the process.
type BufferStats struct {
	Records     int // source records not answered for, leased ones included
	Bytes       int // of the memory budget
	DiskRecords int // of Records: on the disk alone, not in memory
	DiskBytes   int64
	Unread      int64 // bytes of files found at the start that nobody has looked into yet

	Recovered uint64 // source records found on the disk at the start
	Dropped   uint64 // source records dropped because the buffer was full
	Lost      uint64 // source records whose bytes could not be read back
	Written   uint64 // bytes
	Commits   uint64 // fsyncs that made blocks safe
	Degraded  bool   // blocks that should be on the disk cannot be written
}
