package buffer

import "sluice/event"

// Flush makes everything due now and from now on.
func (m *Buffer) Flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flushing = true
	m.wake()
}

// Push makes what is there now due; keys that are parked stay so.
func (m *Buffer) Push() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, q := range m.queues {
		q.push = len(q.parts) + len(q.old)
	}
	m.wake()
}

// Close refuses what comes from now on. Leases go on until nothing is left but
// keys that are parked.
func (m *Buffer) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.flushing = true, true
	m.wake()
}

// Parked reports whether a key was given back with a delay that is not over,
// and how many encoded bytes wait there.
func (m *Buffer) Parked(key string) (bytes int, parked bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[key]
	if q == nil || !q.parked {
		return 0, false
	}
	if m.wal != nil && int64(q.bytes) < m.wal.Limit()/4 {
		return 0, true // there is room for it, and not in memory
	}
	return q.bytes, true
}

// Stats implements forwarder.Buffer.
func (m *Buffer) Stats() event.BufferStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.stats
	s.Records, s.DiskRecords, s.Bytes = m.records, m.evicted, m.share.Used()
	if m.wal != nil {
		s.DiskBytes = m.wal.Used()
		s.Written, s.Commits = m.wal.Written()
	}
	for _, u := range m.unread {
		s.Unread += u.Bytes()
	}
	s.Degraded = m.failed != nil || m.full
	return s
}
