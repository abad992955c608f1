package buffer

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"sluice/event"
	"sluice/forwarder/buffer/wal"
)

// Policy says which blocks are written to the disk.
type Policy uint8

const (
	Never Policy = iota
	Always
	Needed
)

// Overflow says what happens when neither memory nor disk takes a block.
type Overflow uint8

const (
	Block      Overflow = iota // sources wait
	DropOldest                 // what has waited longest goes, and is counted
	DropNewest                 // what comes goes, and is counted
)

// Config says when a chunk is due, and what a full buffer does.
type Config struct {
	FlushBytes    int           // a key with this much waiting is due
	FlushInterval time.Duration // so is one whose oldest block has waited this long
	Overflow      Overflow
	// NewestFirst: what was found on the disk at the start waits until nothing
	// newer does.
	NewestFirst bool
	Log         *slog.Logger // nil: none
}

// Store is the log behind a buffer, with what was found in it.
type Store struct {
	When  Policy
	Log   *wal.Log
	Found []wal.Unread
}

// Pool gives and takes blocks.
type Pool interface {
	// Sized returns an empty block whose body may hold so many bytes.
	Sized(bytes int) *event.Block
	// Free takes back a block that nobody uses any more.
	Free(*event.Block)
}

// linger is how long an urgent block waits for company: long enough that the
// clients that were just answered can send again, so that their next messages
// travel in one request.
const linger = 10 * time.Millisecond

// patience is added to FlushInterval: what waits longer than both is written
// down by the policy Needed.
const patience = 5 * time.Second

// ErrClosed is Append's answer after Close.
var ErrClosed = errors.New("buffer is closed")

// Buffer keeps blocks, a queue for each key.
type Buffer struct {
	cfg   Config
	share *Share
	pool  Pool
	wal   *wal.Log // nil: memory only
	when  Policy
	begun time.Time     // entries' ages count from it
	kick  chan struct{} // one token: the committer has something to do

	mu       sync.Mutex
	queues   map[string]*queue
	unread   []wal.Unread  // files that readIn has not looked through yet
	records  int           // source records queued or leased
	evicted  int           // of them in no memory
	changed  chan struct{} // closed and replaced when a lease may have become due
	flushing bool
	closed   bool
	stats    event.BufferStats // the counters

	hurry    []*entry // to be written as soon as the committer is free
	calm     []*entry // to be written when they have waited too long; oldest first
	resident []*entry // on the disk and in memory, to leave memory: the last one first
	trim     int      // length of resident at which what is done with leaves it
	batch    int      // how many entries load makes at a time, at most
	loose    int      // entries that came to be bare since the last fold, about
	answered time.Time
	unswept  bool      // something on the disk was answered for since the last sweep
	pressed  bool      // a source waits for memory
	pressing string    // whose
	stuck    bool      // and neither memory nor disk has any
	full     bool      // a block does not fit into the log's limit
	failed   error     // of the last commit
	retryAt  time.Time // no commit before
}

// New makes a buffer that holds what was found in its store; a nil store:
// memory only. A nil pool makes blocks and leaves them to the collector.
func New(cfg Config, share *Share, pool Pool, store *Store) *Buffer {
	if pool == nil {
		pool = noPool{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m := &Buffer{
		cfg: cfg, share: share, pool: pool, begun: time.Now(), answered: time.Now(),
		queues: map[string]*queue{}, changed: make(chan struct{}), kick: make(chan struct{}, 1),
		batch: max(share.budget.limit/16/entryCharge, 16),
	}
	if store != nil && store.Log != nil {
		m.wal, m.when = store.Log, store.When
		m.Adopt(store.Found)
	}
	return m
}

type noPool struct{}

func (noPool) Sized(n int) *event.Block { return &event.Block{Body: make([]byte, 0, n)} }

func (noPool) Free(*event.Block) {}

// Adopt takes files that were found in the buffer's log; Run reads them in. It
// is called before Run.
func (m *Buffer) Adopt(found []wal.Unread) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unread = append(m.unread, found...)
}

// wake tells waiting leases to look again. Called with mu held.
func (m *Buffer) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// nudge tells the committer that there is something to do.
func (m *Buffer) nudge() {
	select {
	case m.kick <- struct{}{}:
	default:
	}
}

// Append implements forwarder.Buffer.
func (m *Buffer) Append(b *event.Block) error {
	e := newEntry(b)
	m.share.Take(e.owner, e.charge)
	m.share.Take("", entryCharge)
	over := m.cfg.Overflow != Block && m.share.Admit("") != nil
	var drop receipts
	m.mu.Lock()
	if over && !m.closed && m.cfg.Overflow == DropOldest && m.mayDrop() {
		m.dropOldest(e.charge, &drop)
	}
	switch {
	case m.closed:
		m.mu.Unlock()
		m.share.Take(e.owner, -e.charge)
		m.share.Take("", -entryCharge)
		return ErrClosed
	case over && m.mayDrop() && m.cfg.Overflow == DropNewest:
		m.records += int(e.weight)
		m.drop(&e.first, &drop)
	default:
		e.born = time.Since(m.begun)
		m.plan(e, b.Urgent)
		m.enqueue(b, e)
	}
	m.mu.Unlock()
	drop.done()
	return nil
}

// enqueue puts a new entry at the end of its key's queue. Called with mu held.
func (m *Buffer) enqueue(b *event.Block, e *entry) {
	q := m.queue(b.Key)
	first := len(q.parts)+len(q.old) == 0
	if first {
		q.since = time.Now()
	}
	hurry := b.Urgent && q.urgent.IsZero()
	if hurry {
		q.urgent = time.Now()
	}
	was := q.bytes
	q.parts = append(q.parts, &e.first)
	e.first.queued = true
	q.bytes += e.bytes
	m.records += int(e.weight)
	if first || hurry || was < m.cfg.FlushBytes && q.bytes >= m.cfg.FlushBytes {
		m.wake()
	}
}

// Admit implements forwarder.Buffer.
func (m *Buffer) Admit(tag string) <-chan struct{} {
	owner := ownerOf(tag)
	wait := m.share.Admit(owner)
	if wait == nil || m.wal == nil && m.cfg.Overflow == Block {
		return wait
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cfg.Overflow != Block && m.mayDrop() {
		return nil
	}
	m.pressed, m.pressing = true, owner
	m.nudge()
	return wait
}
