package buffer

import "time"

// queue is one key's parts, oldest first.
type queue struct {
	parts     []*part
	old       []*part   // found on the disk, to be leased last and from the end
	bytes     int       // encoded bytes in both
	since     time.Time // when the queue last became non-empty, or was last leased from
	urgent    time.Time // when the first urgent block came; zero: none did
	push      int       // so many parts are due whatever their age
	notBefore time.Time
	parked    bool // given back with a delay; only such a queue is left behind by Close
}

func (q *queue) empty() bool { return len(q.parts)+len(q.old) == 0 }

// queue returns a key's queue, made on first use. Called with mu held.
func (m *Buffer) queue(key string) *queue {
	q := m.queues[key]
	if q == nil {
		q = &queue{}
		m.queues[key] = q
	}
	return q
}

// due finds the due key that has waited longest; else how long to wait at
// most. Called with mu held.
func (m *Buffer) due(now time.Time) (key string, found *queue, wait time.Duration) {
	wait = time.Hour
	for k, q := range m.queues {
		if q.empty() {
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

func (m *Buffer) ripeIn(q *queue, now time.Time) time.Duration {
	if m.flushing || q.push > 0 || q.bytes >= m.cfg.FlushBytes {
		return 0
	}
	in := q.since.Add(m.cfg.FlushInterval).Sub(now)
	if !q.urgent.IsZero() {
		in = min(in, q.urgent.Add(linger).Sub(now))
	}
	return in
}

func (m *Buffer) drained() bool {
	for _, q := range m.queues {
		if !q.empty() && !q.parked {
			return false
		}
	}
	return true
}

// take removes up to maxBytes, and at least one part, from the front of q; or,
// where only what was found on the disk is left and the newest goes first,
// from its end. Called with mu held.
func (m *Buffer) take(key string, q *queue, maxBytes int) []*part {
	from := &q.parts
	last := len(q.parts) == 0
	if last {
		from = &q.old
	}
	n, bytes := 0, 0
	at := func(i int) *part {
		if last {
			return (*from)[len(*from)-1-i]
		}
		return (*from)[i]
	}
	for n < len(*from) && (n == 0 || bytes+at(n).bytes() <= maxBytes) {
		bytes += at(n).bytes()
		n++
	}
	var taken []*part
	if last {
		rest := len(*from) - n
		taken = append(taken, (*from)[rest:]...)
		clear((*from)[rest:])
		*from = (*from)[:rest]
	} else {
		taken = append(taken, (*from)[:n]...)
		rest := copy(*from, (*from)[n:])
		clear((*from)[rest:])
		*from = (*from)[:rest]
	}
	q.bytes -= bytes
	q.push = max(0, q.push-len(taken))
	q.since = time.Now()
	q.notBefore, q.parked = time.Time{}, false
	for _, p := range taken {
		p.queued = false
	}
	if q.empty() {
		delete(m.queues, key) // ever new keys (daily indices) leave nothing behind
	} // else, if some were urgent: the rest goes out at once, too
	return taken
}

// putBack returns parts to the front of a key's queue, not to be leased before
// the delay is over. Called with mu held.
func (m *Buffer) putBack(key string, parts []*part, after time.Duration) *queue {
	q := m.queue(key)
	q.parts = append(append(make([]*part, 0, len(parts)+len(q.parts)), parts...), q.parts...)
	for _, p := range parts {
		p.queued = true
		q.bytes += p.bytes()
	}
	q.notBefore = time.Now().Add(after)
	m.wake()
	return q
}
