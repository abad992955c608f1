package buffer

// relieveBy is how much memory is freed at a time, in bytes.
const relieveBy = 1 << 20

// settleIn notes that an entry is on the disk and in memory. Called with mu held.
func (m *Buffer) settleIn(e *entry) {
	if len(m.resident) >= m.trim {
		kept := m.resident[:0]
		for _, r := range m.resident {
			if r.left > 0 && r.whole != nil {
				kept = append(kept, r)
			}
		}
		clear(m.resident[len(kept):])
		m.resident = kept
		m.trim = 2*len(kept) + 64
	}
	m.resident = append(m.resident, e)
}

// relieve frees memory while a source waits for it: what is on the disk leaves
// memory, that which is needed last first.
func (m *Buffer) relieve() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.pressed {
		return
	}
	freed := 0
	for len(m.resident) > 0 && freed < relieveBy {
		e := m.resident[len(m.resident)-1]
		m.resident[len(m.resident)-1] = nil
		m.resident = m.resident[:len(m.resident)-1]
		freed += m.evict(e)
	}
	if m.share.Admit(m.pressing) == nil {
		m.pressed, m.stuck = false, false
		return
	}
	m.stuck = freed == 0 && m.share.Admit("") != nil && (m.when == Never || m.full || m.failed != nil)
	if m.stuck && m.cfg.Overflow != Block {
		m.share.Wake() // those who wait may bring what will be dropped
	}
}

// evict takes an entry's block out of memory if nobody uses it. Called with mu held.
func (m *Buffer) evict(e *entry) (freed int) {
	if e.whole == nil || !e.ref.Valid() || !e.first.queued || !e.first.untouched() {
		return 0
	}
	m.pool.Free(e.whole)
	e.whole, e.first.b = nil, nil
	freed = e.charge
	e.charge = 0
	m.evicted += int(e.weight)
	m.share.Take(e.owner, -freed)
	return freed
}

// mayDrop reports whether the only way to take a block is to drop one. Called
// with mu held.
func (m *Buffer) mayDrop() bool { return m.wal == nil || m.stuck }

// dropOldest drops what has waited longest until so many bytes are free, in
// memory or on the disk. Called with mu held.
func (m *Buffer) dropOldest(bytes int, r *receipts) {
	for freed := 0; freed < bytes; {
		var key string
		var oldest *part
		for k, q := range m.queues {
			p := q.oldest()
			if p != nil && !p.e.writing && (oldest == nil || p.e.born < oldest.e.born) {
				key, oldest = k, p
			}
		}
		if oldest == nil {
			return
		}
		freed += oldest.e.charge + entryCharge
		if oldest.e.ref.Valid() {
			freed += oldest.bytes()
		}
		q := m.queues[key]
		q.bytes -= oldest.bytes()
		if len(q.old) > 0 {
			q.old = q.old[1:]
		} else {
			q.parts = q.parts[1:]
		}
		if q.empty() {
			delete(m.queues, key)
		}
		oldest.queued = false
		m.drop(oldest, r)
	}
}

// oldest is the part that has waited longest; nil: there is none.
func (q *queue) oldest() *part {
	switch {
	case len(q.old) > 0:
		return q.old[0]
	case len(q.parts) > 0:
		return q.parts[0]
	}
	return nil
}
