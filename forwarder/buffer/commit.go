package buffer

import (
	"context"
	"sync"
	"time"

	"sluice/event"
)

const (
	maxCommit = 8 << 20          // bytes of one commit: beyond it acknowledgements wait too long
	sweepEach = time.Second      // how long what is answered for may be missing on the disk
	retryMin  = time.Second      // after a commit that failed
	retryMax  = 10 * time.Second // doubled up to
)

// plan decides when a new entry is written. Called with mu held.
func (m *Buffer) plan(e *entry, urgent bool) {
	if m.wal == nil || m.when == Never || !m.wal.Fits(e.whole) {
		return
	}
	if m.when == Always || urgent {
		m.urge(e)
		return
	}
	for len(m.calm) > 0 && m.calm[0].settled() {
		m.calm[0] = nil
		m.calm = m.calm[1:]
	}
	if len(m.calm) == 0 {
		m.nudge() // the committer waits for its age from now on
	}
	m.calm = append(m.calm, e)
}

// settled reports whether an entry needs no commit any more.
func (e *entry) settled() bool { return e.left == 0 || e.planned || e.ref.Valid() }

// urge has an entry written as soon as the committer is free. Called with mu held.
func (m *Buffer) urge(e *entry) {
	if e.settled() || !m.wal.Fits(e.whole) {
		return
	}
	e.planned = true
	m.hurry = append(m.hurry, e)
	m.nudge()
}

// Run commits until ctx ends; then it writes what is left, and closes the log.
// The lane calls it once, and ends ctx when nobody leases any more.
func (m *Buffer) Run(ctx context.Context) {
	if m.wal == nil {
		return
	}
	var reading sync.WaitGroup
	reading.Go(func() { m.readIn(func() bool { return ctx.Err() != nil }) })
	swept, backoff := time.Now(), retryMin
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		m.relieve()
		switch n, err := m.commit(m.pick(false)); {
		case err != nil:
			m.hold(backoff)
			backoff = min(2*backoff, retryMax)
		case n > 0:
			backoff = retryMin
			continue // there may be more already
		}
		wait := m.wait()
		if m.sweepDue() {
			if left := sweepEach - time.Since(swept); left <= 0 || m.wal.Spent() {
				swept = time.Now()
				m.sweep()
				continue
			} else {
				wait = min(wait, left)
			}
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-m.kick:
		case <-timer.C:
		}
	}
	reading.Wait()
	m.spill()
}

// wait is when the committer has to look again though nobody told it.
func (m *Buffer) wait() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	wait := time.Hour
	if len(m.calm) > 0 {
		wait = m.calm[0].born + m.cfg.FlushInterval + patience - time.Since(m.begun)
	}
	if m.pressed && len(m.calm) > 0 {
		wait = min(wait, time.Until(m.answered.Add(m.cfg.FlushInterval)))
	}
	if m.failed != nil && len(m.hurry) > 0 {
		wait = max(time.Until(m.retryAt), 0)
	}
	return max(wait, time.Millisecond)
}

func (m *Buffer) sweepDue() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.unswept
}

func (m *Buffer) sweep() {
	m.mu.Lock()
	m.unswept = false
	m.trimResident()
	m.mu.Unlock()
	m.wal.Sweep()
}

// pick takes what is to be written now; all: what has not waited long, too.
func (m *Buffer) pick(all bool) (batch []*entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ripen(all)
	if !all && m.failed != nil && time.Now().Before(m.retryAt) {
		return nil
	}
	room, total, n := m.wal.Room(), int64(0), 0
	m.full = false
	for _, e := range m.hurry {
		if e.left > 0 {
			size := m.wal.Size(e.whole)
			m.full = total+size > room
			if m.full || total >= maxCommit {
				break
			}
			total += size
			e.writing = true
			batch = append(batch, e)
		}
		n++
	}
	rest := copy(m.hurry, m.hurry[n:])
	clear(m.hurry[rest:])
	m.hurry = m.hurry[:rest]
	return batch
}

// ripen moves what has waited long enough from calm to hurry. Called with mu held.
func (m *Buffer) ripen(all bool) {
	limit := m.cfg.FlushInterval + patience
	if m.pressed && time.Since(m.answered) >= m.cfg.FlushInterval {
		limit = 0 // memory is short, and the sink takes nothing
	}
	n := 0
	for _, e := range m.calm {
		if !e.settled() {
			if !all && time.Since(m.begun)-e.born < limit {
				break
			}
			e.planned = true
			m.hurry = append(m.hurry, e)
		}
		n++
	}
	clear(m.calm[:n])
	m.calm = m.calm[n:]
}

// commit writes a batch and gives the receipts back.
func (m *Buffer) commit(batch []*entry) (n int, err error) {
	if len(batch) == 0 {
		return 0, nil
	}
	blocks := make([]*event.Block, 0, len(batch))
	for _, e := range batch {
		blocks = append(blocks, e.whole)
	}
	refs, err := m.wal.Write(blocks)
	var r receipts
	m.mu.Lock()
	if err != nil {
		m.undo(batch)
	} else {
		for i, e := range batch {
			e.writing, e.ref = false, refs[i]
			if e.left == 0 { // delivered meanwhile
				m.release(e)
				m.forget(e)
				continue
			}
			if e.ack != nil {
				r.add(e.ack)
				e.ack = nil
			}
			m.settleIn(e)
		}
	}
	m.alarm(err)
	m.mu.Unlock()
	r.done()
	return len(batch), err
}

// undo puts a batch that was not written back. Called with mu held.
func (m *Buffer) undo(batch []*entry) {
	again := make([]*entry, 0, len(batch)+len(m.hurry))
	for _, e := range batch {
		e.writing = false
		if e.left == 0 {
			m.forget(e)
			continue
		}
		again = append(again, e)
	}
	m.hurry = append(again, m.hurry...)
}

// alarm tells, once, that the disk fails or works again. Called with mu held.
func (m *Buffer) alarm(err error) {
	switch {
	case err != nil && m.failed == nil:
		m.cfg.Log.Error("the disk buffer cannot be written: records are in memory alone, and sources wait when that is full", "error", err)
	case err == nil && m.failed != nil:
		m.cfg.Log.Info("the disk buffer can be written again")
	}
	m.failed = err
}

func (m *Buffer) hold(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.retryAt = time.Now().Add(d)
}

// spill writes what is left at the end.
func (m *Buffer) spill() {
	for tries := 0; m.when != Never && tries < 2; {
		switch n, err := m.commit(m.pick(true)); {
		case err != nil:
			tries++
		case n == 0:
			tries = 2
		}
	}
	m.mu.Lock()
	unsafe := 0
	for _, e := range append(m.hurry, m.calm...) {
		if !e.ref.Valid() && e.left > 0 {
			unsafe += int(e.weight)
		}
	}
	m.mu.Unlock()
	if unsafe > 0 {
		m.cfg.Log.Error("records could not be written to the disk buffer at the end: what was not acknowledged will be read or sent again", "records", unsafe)
	}
	m.wal.Close()
}
