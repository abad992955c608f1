package forwarder

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// LaneConfig sizes a lane. Zero values are replaced by defaults.
type LaneConfig struct {
	Name       string
	Senders    int           // requests in flight at most; default 2
	MaxBytes   int           // encoded bytes of one request at most; default 5 MiB
	RetryBase  time.Duration // first delay; doubled up to RetryMax; default 500 ms
	RetryMax   time.Duration // default 30 s
	PauseEvery time.Duration // how often a paused lane or a parked key is tried; default 30 s
	ParkBytes  int           // encoded bytes a parked key may hold before its tags must wait; default 4 MaxBytes
	RetryLimit RetryLimit    // default: none
	Second     *Second       // takes what the limit ends; nil: the dead letters do
}

func (c *LaneConfig) defaults() {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if c.Senders == 0 {
		c.Senders = 2
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 5 << 20
	}
	if c.ParkBytes == 0 {
		c.ParkBytes = 4 * c.MaxBytes
	}
	set(&c.RetryBase, 500*time.Millisecond)
	set(&c.RetryMax, 30*time.Second)
	set(&c.PauseEvery, 30*time.Second)
}

// Lane is a buffer and its senders in front of one sink. Several sources offer
// to it at once; run owns its senders.
type Lane struct {
	cfg     LaneConfig
	sink    Sink
	buf     Buffer
	dead    DeadLetters
	pool    *Pool
	log     *slog.Logger
	metrics laneMetrics
	scratch sync.Pool // *event.Blocks

	limit    atomic.Int64 // bytes of a request: shrinks on 413, recovers slowly
	inflight atomic.Int32
	patience patience

	mu      sync.Mutex // guards account
	account ledger.Account
}

// NewLane puts a lane together. pool must be the one whose Free the buffer
// was given.
func NewLane(cfg LaneConfig, sink Sink, buf Buffer, dead DeadLetters, pool *Pool, log *slog.Logger, reg prometheus.Registerer) (*Lane, error) {
	cfg.defaults()
	l := &Lane{cfg: cfg, sink: sink, buf: buf, dead: dead, pool: pool, log: log.With("sink", cfg.Name)}
	l.limit.Store(int64(cfg.MaxBytes))
	l.patience.limit = cfg.RetryLimit
	l.scratch.New = func() any { return &event.Blocks{New: func() *event.Block { return pool.Get(pool.max) }} }
	if err := l.metrics.register(l, reg); err != nil {
		return nil, fmt.Errorf("cannot register metrics of lane %s: %w", cfg.Name, err)
	}
	return l, nil
}

// admit says whether a batch under the tag, whose records last went to key, may
// come.
func (l *Lane) admit(tag string, key *string) <-chan struct{} {
	if wait := l.buf.Admit(tag); wait != nil {
		return wait
	}
	if key == nil {
		return nil
	}
	// A parked key may hold a part of the memory, not all of it: the others go on.
	if bytes, parked := l.buf.Parked(*key); parked && bytes >= l.cfg.ParkBytes {
		wait := make(chan struct{})
		time.AfterFunc(time.Second, func() { close(wait) })
		return wait
	}
	return nil
}

// offer encodes the batch's live records and appends the blocks. key gets the
// last one's key; nil: nobody wants it.
func (l *Lane) offer(b *event.Batch, key *atomic.Pointer[string]) error {
	bs := l.scratch.Get().(*event.Blocks)
	defer func() {
		clear(bs.List)
		bs.List = bs.List[:0]
		l.scratch.Put(bs)
	}()
	l.sink.Encode(bs, b)
	b.Ack.Fork(len(bs.List))
	since := b.Oldest()
	for _, blk := range bs.List {
		blk.Ack, blk.Tag, blk.Stream, blk.Since, blk.Urgent = b.Ack, b.Tag, b.Stream, since, b.Urgent
		blk = l.pool.Fit(blk)
		if key != nil {
			if last := key.Load(); last == nil || *last != blk.Key {
				k := blk.Key
				key.Store(&k)
			}
		}
		weight := uint64(blk.Weight())
		l.count(func(a *ledger.Account) { a.Read += weight; a.Pending += weight })
		if err := l.buf.Append(blk); err != nil {
			l.count(func(a *ledger.Account) { a.Read -= weight; a.Pending -= weight }) // it has not come
			return fmt.Errorf("cannot append to lane %s: %w", l.cfg.Name, err)
		}
	}
	return nil
}

func (l *Lane) count(f func(*ledger.Account)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.account)
}

// Account is the lane's present account: what was offered to it, and what its
// buffer found on the disk at the start, is Read.
func (l *Lane) Account() ledger.Account { return whole(l.own(), l.buf.Stats()) }

// own is the part of the account that the lane counts itself.
func (l *Lane) own() ledger.Account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.account
}

// whole adds what the buffer counts to the lane's own part of its account.
func whole(a ledger.Account, s event.BufferStats) ledger.Account {
	a.Read += s.Recovered
	a.Drop(event.Drops{event.Overflow: s.Dropped, event.Unreadable: s.Lost})
	a.Pending += s.Recovered - s.Dropped - s.Lost
	return a
}

// Restore adds what earlier lives of the process answered for. It is called
// before the lane runs.
func (l *Lane) Restore(a ledger.Account) {
	l.count(func(sum *ledger.Account) {
		sum.Read += a.Delivered + a.Dropped
		sum.Delivered += a.Delivered
		sum.Drop(a.DroppedBy)
	})
}

// LaneState is a lane as it stands.
type LaneState struct {
	Name         string         `json:"name"`
	Account      ledger.Account `json:"account"`
	Records      int            `json:"buffer_records"`
	Bytes        int            `json:"buffer_bytes"`
	DiskBytes    int64          `json:"buffer_disk_bytes"`
	Unread       int64          `json:"buffer_unread_bytes"` // of DiskBytes: found at the start, and not looked through yet
	RequestLimit int64          `json:"request_limit_bytes"`
	InFlight     int32          `json:"requests_in_flight"`
}

// State is the lane as it stands.
func (l *Lane) State() LaneState {
	s := l.buf.Stats()
	return LaneState{l.cfg.Name, whole(l.own(), s), s.Records, s.Bytes, s.DiskBytes, s.Unread, l.limit.Load(), l.inflight.Load()}
}

// Sink is what the lane stands in front of.
func (l *Lane) Sink() Sink { return l.sink }

// Name is the lane's name in metrics and logs.
func (l *Lane) Name() string { return l.cfg.Name }

// check compares the account with the buffer's own count. Both change while
// it looks, so a difference must stand on three looks to count.
func (l *Lane) check() error {
	var a ledger.Account
	var held int
	for range 3 {
		a, held = l.look()
		if a.Pending == uint64(held) && a.Read == a.Delivered+a.Dropped+a.Pending {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("lane %s does not add up: read %d, delivered %d, dropped %d, pending %d, in its buffer %d",
		l.cfg.Name, a.Read, a.Delivered, a.Dropped, a.Pending, held)
}

// look returns the account and what the buffer holds, of one moment if one can
// be found. It holds no lock while it asks the buffer: a buffer may hold its own
// while it gives receipts back, and a receipt may wait for a reader of accounts.
func (l *Lane) look() (a ledger.Account, held int) {
	for range 100 {
		own := l.own()
		s := l.buf.Stats()
		a, held = whole(own, s), s.Records
		if l.own() == own {
			break
		}
	}
	return a, held
}

// run starts the buffer and the senders and returns when all have ended: when
// the buffer is closed and empty, or ctx is done; then the buffer keeps what is
// left, if it can.
func (l *Lane) run(ctx context.Context) {
	beside, stop := context.WithCancel(context.WithoutCancel(ctx)) // what the senders need to the end
	var senders, side sync.WaitGroup
	side.Go(func() { l.buf.Run(beside) })
	if r, ok := l.sink.(Runner); ok {
		side.Go(func() { r.Run(beside) })
	}
	for range l.cfg.Senders {
		senders.Go(func() { l.send(ctx) })
	}
	senders.Wait()
	stop()
	side.Wait()
}
