package buffer

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"sluice/event"
)

// Config says when a chunk is due. Zero values are replaced by defaults.
type Config struct {
	FlushBytes    int           // a key with this much waiting is due
	FlushInterval time.Duration // so is one whose oldest block has waited this long
}

// linger is how long an urgent block waits for company: long enough that the
// clients that were just answered can send again, so that their next messages
// travel in one request.
const linger = 10 * time.Millisecond

// ErrClosed is Append's answer after Close.
var ErrClosed = errors.New("buffer is closed")

// Memory keeps blocks in memory, a queue for each key: safe is delivered.
type Memory struct {
	cfg   Config
	share *Share
	free  func(*event.Block) // takes back a block that is answered for

	mu       sync.Mutex
	queues   map[string]*queue
	records  int           // source records queued or leased
	changed  chan struct{} // closed and replaced when a lease may have become due
	flushing bool
	closed   bool
}

// queue is one key's blocks, oldest first.
type queue struct {
	blocks    []*event.Block
	bytes     int       // encoded bytes in blocks
	since     time.Time // when the queue last became non-empty, or was last leased from
	urgent    time.Time // when the first urgent block came; zero: none did
	notBefore time.Time
	parked    bool // given back with a delay; only such a queue is left behind by Close
}

// NewMemory makes an empty buffer. free may be nil.
func NewMemory(cfg Config, share *Share, free func(*event.Block)) *Memory {
	if free == nil {
		free = func(*event.Block) {}
	}
	return &Memory{cfg: cfg, share: share, free: free, queues: map[string]*queue{}, changed: make(chan struct{})}
}

// wake tells waiting leases to look again. Called with mu held.
func (m *Memory) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// Append implements forwarder.Buffer.
func (m *Memory) Append(b *event.Block) error {
	b.Charge = b.Size()
	m.share.Take(b.Charge)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		m.share.Take(-b.Charge)
		return ErrClosed
	}
	q := m.queues[b.Key]
	if q == nil {
		q = &queue{}
		m.queues[b.Key] = q
	}
	first := len(q.blocks) == 0
	if first {
		q.since = time.Now()
	}
	hurry := b.Urgent && q.urgent.IsZero()
	if hurry {
		q.urgent = time.Now()
	}
	was := q.bytes
	q.blocks = append(q.blocks, b)
	q.bytes += len(b.Body)
	m.records += b.Weight()
	if first || hurry || was < m.cfg.FlushBytes && q.bytes >= m.cfg.FlushBytes {
		m.wake()
	}
	return nil
}

// Lease implements forwarder.Buffer.
func (m *Memory) Lease(ctx context.Context, maxBytes int) (*event.Chunk, error) {
	for {
		m.mu.Lock()
		key, q, wait := m.due(time.Now())
		if q != nil {
			c := m.take(key, q, maxBytes)
			m.mu.Unlock()
			return c, nil
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

// due finds the due key that has waited longest; else how long to wait at
// most. Called with mu held.
func (m *Memory) due(now time.Time) (key string, found *queue, wait time.Duration) {
	wait = time.Hour
	for k, q := range m.queues {
		if len(q.blocks) == 0 {
			continue
		}
		in := max(m.ripeIn(q, now), q.notBefore.Sub(now))
		if in > 0 {
			wait = min(wait, in)
			continue
		}
		if found == nil || q.since.Before(found.since) {
			key, found = k, q
		}
	}
	return key, found, wait
}

func (m *Memory) ripeIn(q *queue, now time.Time) time.Duration {
	if m.flushing || q.bytes >= m.cfg.FlushBytes {
		return 0
	}
	in := q.since.Add(m.cfg.FlushInterval).Sub(now)
	if !q.urgent.IsZero() {
		in = min(in, q.urgent.Add(linger).Sub(now))
	}
	return in
}

func (m *Memory) drained() bool {
	for _, q := range m.queues {
		if len(q.blocks) > 0 && !q.parked {
			return false
		}
	}
	return true
}

// take leases from the front of q. Called with mu held.
func (m *Memory) take(key string, q *queue, maxBytes int) *event.Chunk {
	n, bytes := 0, 0
	for n < len(q.blocks) && (n == 0 || bytes+len(q.blocks[n].Body) <= maxBytes) {
		bytes += len(q.blocks[n].Body)
		n++
	}
	c := &event.Chunk{Key: key, Blocks: append([]*event.Block(nil), q.blocks[:n]...)}
	rest := copy(q.blocks, q.blocks[n:])
	clear(q.blocks[rest:])
	q.blocks = q.blocks[:rest]
	q.bytes -= bytes
	q.since = time.Now()
	q.notBefore, q.parked = time.Time{}, false
	if rest == 0 {
		delete(m.queues, key) // ever new keys (daily indices) leave nothing behind
	} // else, if some were urgent: the rest goes out at once, too
	return c
}

// Settle implements forwarder.Buffer.
func (m *Memory) Settle(c *event.Chunk, keep []uint32) {
	before := c.Weight()
	freed := 0
	c.Keep(keep, func(b *event.Block) {
		freed += b.Charge
		b.Ack.Done()
		m.free(b)
	})
	m.share.Take(-freed)
	m.mu.Lock()
	m.records -= before - c.Weight()
	m.mu.Unlock()
}

// Return implements forwarder.Buffer.
func (m *Memory) Return(c *event.Chunk, after time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[c.Key]
	if q == nil {
		q = &queue{}
		m.queues[c.Key] = q
	}
	q.blocks = append(append([]*event.Block(nil), c.Blocks...), q.blocks...)
	q.bytes += c.Bytes()
	q.notBefore = time.Now().Add(after)
	q.parked = after > 0
	c.Blocks, c.Wire = nil, nil
	m.wake()
}

// Flush makes everything due now and from now on.
func (m *Memory) Flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flushing = true
	m.wake()
}

// Close refuses what comes from now on. Leases go on until nothing is left but
// keys that are parked.
func (m *Memory) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.flushing = true, true
	m.wake()
}

// Parked reports whether a key was given back with a delay that is not over,
// and how many encoded bytes wait there.
func (m *Memory) Parked(key string) (bytes int, parked bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[key]
	if q == nil || !q.parked {
		return 0, false
	}
	return q.bytes, true
}

// Stats are the source records and budget bytes it holds, leased ones included.
func (m *Memory) Stats() (records, bytes int) {
	m.mu.Lock()
	records = m.records
	m.mu.Unlock()
	return records, m.share.Used()
}

// Admit implements forwarder.Buffer.
func (m *Memory) Admit() <-chan struct{} { return m.share.Admit() }
