// Package held keeps records that a join still holds open though their sender
// waits for an acknowledgement: the next part may come only after this one's.
//
// Promise: the receipt that comes with a record is given back when the record
// is fsynced, or released, and not before. What was given back and is not
// released is there again after a restart. Records that come together are
// written with one fsync. A disk that fails or is full withholds receipts, so
// that senders wait; it loses nothing.
//
// For a source whose bytes can be read again (a file) nothing of this is
// needed: a join behind it keeps the receipt itself.
package held

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"time"

	"sluice/event"
	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/wal"
)

// Dir is the store's directory in the data directory.
const Dir = "held"

const (
	sweepEach = time.Second / 10 // how long a release may be missing on the disk
	retryMin  = time.Second      // after a write that failed
	retryMax  = 10 * time.Second // doubled up to
)

// Frame is a record that is held.
type Frame struct {
	Stage  string // whose it is: the stage's name
	Key    string // where the stage stands; the stage's own
	Tag    string
	ID     event.ID // of the last record in it
	Weight uint16   // source records in it
	Data   []byte   // the records, in the stage's own encoding
}

// Options say where a store is. FS and Dir must be set.
type Options struct {
	FS    vfs.FS
	Dir   string
	Limit int64        // bytes of its files; 0: 64 MiB
	Log   *slog.Logger // nil: none
}

// Store holds frames. Put, Release and Recovered are called from any
// goroutine.
type Store struct {
	wal  *wal.Log
	log  *slog.Logger
	kick chan struct{} // one token: Run has something to do

	mu      sync.Mutex
	found   []*Part
	waiting []*Part // not written yet, in order
	unswept bool
	failing bool
}

// Part is a frame in the store until it is released.
type Part struct {
	s *Store

	// Guarded by Store.mu:
	block    *event.Block // nil: it is on the disk
	ack      *event.Ack
	ref      wal.Ref
	released bool
}

// Open opens a store, or makes one when the first frame is put. The report
// says what was found and what could not be used.
func Open(o Options) (*Store, wal.Report) {
	if o.Limit == 0 {
		o.Limit = 64 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	log, found, report := wal.Open(wal.Options{FS: o.FS, Dir: o.Dir, Lane: "held", Limit: o.Limit, Log: o.Log})
	s := &Store{wal: log, log: o.Log, kick: make(chan struct{}, 1)}
	for _, f := range found {
		s.found = append(s.found, &Part{s: s, ref: f.Ref})
	}
	return s, report
}

// Recovered returns, once, the parts that an earlier process held, in the
// order they were put. Whoever takes them must release them.
func (s *Store) Recovered() []*Part {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.found
	s.found = nil
	return list
}

// Frame reads a part's frame. An error: what is there is not what was written.
func (p *Part) Frame() (Frame, error) {
	p.s.mu.Lock()
	b, ref := p.block, p.ref
	p.s.mu.Unlock()
	if b == nil {
		b = &event.Block{}
		if err := p.s.wal.Read(ref, b); err != nil {
			return Frame{}, err
		}
	}
	if b.Len() != 1 || len(b.Body) < 4 || uint64(binary.LittleEndian.Uint32(b.Body)) > uint64(len(b.Body)-4) {
		return Frame{}, errors.New("not a held frame")
	}
	n := binary.LittleEndian.Uint32(b.Body)
	return Frame{
		Stage: b.Key, Tag: b.Tag, ID: b.IDs[0], Weight: b.Weights[0],
		Key: string(b.Body[4 : 4+n]), Data: append([]byte(nil), b.Body[4+n:]...),
	}, nil
}

// Put takes a frame, whose Data it copies, and one share of its receipt, which
// may be nil. It does not wait.
func (s *Store) Put(f Frame, ack *event.Ack) *Part {
	b := &event.Block{Key: f.Stage, Tag: f.Tag}
	b.Body = binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(f.Key)+len(f.Data)), uint32(len(f.Key)))
	b.Body = append(append(b.Body, f.Key...), f.Data...)
	b.Close(f.ID, f.Weight)
	p := &Part{s: s, block: b, ack: ack}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, p)
	s.nudge()
	return p
}

// Release says that the part is safe elsewhere, or was dropped and counted.
func (p *Part) Release() {
	p.s.mu.Lock()
	if p.released {
		p.s.mu.Unlock()
		panic("BUG: held frame released twice")
	}
	p.released = true
	ack := p.ack
	p.ack = nil
	if p.ref.Valid() {
		p.s.release(p)
	}
	p.s.mu.Unlock()
	ack.Done()
}

// Ack returns a receipt with one share for the record that was made of parts:
// when it is safe they are released.
func Ack(parts []*Part) *event.Ack { return event.NewAck(joined(parts)) }

type joined []*Part

// Settled implements event.Receipt.
func (j joined) Settled(event.Drops) {
	for _, p := range j {
		p.Release()
	}
}

// release gives a part's place on the disk back. Called with mu held.
func (s *Store) release(p *Part) {
	s.wal.Release(p.ref)
	if !s.unswept {
		s.unswept = true
		s.nudge()
	}
}

func (s *Store) nudge() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Run writes until ctx ends, then writes what waits and closes the files. It
// is called once; Put and Release must not be called after it returned.
func (s *Store) Run(ctx context.Context) {
	backoff, retry, swept := retryMin, time.Time{}, time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		wait := time.Hour
		switch left := time.Until(retry); {
		case left > 0:
			wait = left
		default:
			n, err := s.commit()
			if err != nil {
				retry, wait = time.Now().Add(backoff), backoff
				backoff = min(2*backoff, retryMax)
			} else if n > 0 {
				backoff = retryMin
				continue
			}
		}
		if s.sweepDue() {
			if left := sweepEach - time.Since(swept); left > 0 {
				wait = min(wait, left)
			} else {
				swept = time.Now()
				s.sweep()
				continue
			}
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-s.kick:
		case <-timer.C:
		}
	}
	for range 2 { // a second time to a new file
		if _, err := s.commit(); err == nil {
			break
		}
	}
	s.wal.Close()
}

// Close closes a store that was never run.
func (s *Store) Close() { s.wal.Close() }

func (s *Store) sweepDue() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unswept
}

func (s *Store) sweep() {
	s.mu.Lock()
	s.unswept = false
	s.mu.Unlock()
	s.wal.Sweep()
}
