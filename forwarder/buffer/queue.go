package buffer

import (
	"slices"
	"time"
)

// queue is one key's parts, oldest first.
type queue struct {
	parts     []*part
	old       []*part   // found on the disk, in order
	bytes     int       // encoded bytes in both
	since     time.Time // when the queue last became non-empty, or was last leased from
	urgent    time.Time // when the first urgent block came; zero: none did
	push      int       // so many parts are due whatever their age
	notBefore time.Time
	parked    bool // given back with a delay; only such a queue is left behind by Close
	loading   bool // entries are made of the span whose turn it is
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
		if list, _ := m.turn(q); list == nil || q.loading {
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

// turn is where the next part of q to be leased is: at the front of a list, or
// at its end; nil: nothing's turn comes before all that is on the disk was read
// in. Called with mu held.
func (m *Buffer) turn(q *queue) (list *[]*part, atEnd bool) {
	first, then := &q.old, &q.parts
	if m.cfg.NewestFirst {
		first, then, atEnd = then, first, true
	}
	switch {
	case len(*first) > 0:
		return first, false
	case len(*then) > 0 && len(m.unread) == 0:
		return then, atEnd
	}
	return nil, false
}

// next is the part whose turn it is in q, which is due. Called with mu held.
func (m *Buffer) next(q *queue) *part {
	list, atEnd := m.turn(q)
	if atEnd {
		return (*list)[len(*list)-1]
	}
	return (*list)[0]
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

// take removes up to maxBytes, and at least one part, from where the turn is.
// Called with mu held.
func (m *Buffer) take(key string, q *queue, maxBytes int) []*part {
	from, atEnd := m.turn(q)
	list := *from
	n, bytes := 0, 0
	for n < len(list) {
		p := list[n]
		if atEnd {
			p = list[len(list)-1-n]
		}
		if n > 0 && (bytes+p.bytes() > maxBytes || p.span != nil) {
			break
		}
		bytes += p.bytes()
		n++
	}
	at, end := 0, n
	if atEnd {
		at, end = len(list)-n, len(list)
	}
	taken := slices.Clone(list[at:end])
	*from = slices.Delete(list, at, end)
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
	if !m.cfg.NewestFirst && (len(q.old) > 0 || len(m.unread) > 0) {
		q.old = slices.Insert(q.old, 0, parts...) // older than all that is there
	} else {
		q.parts = slices.Insert(q.parts, 0, parts...)
	}
	for _, p := range parts {
		p.queued = true
		q.bytes += p.bytes()
	}
	q.notBefore = time.Now().Add(after)
	m.wake()
	return q
}
