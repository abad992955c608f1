package buffer

import (
	"slices"
	"time"
)

// relieveBy is how much memory is freed at a time, in bytes.
const relieveBy = 1 << 20

// settleIn notes that an entry is on the disk and in memory. Called with mu held.
func (m *Buffer) settleIn(e *entry) {
	if len(m.resident) >= m.trim {
		m.trimResident()
	}
	m.resident = append(m.resident, e)
}

// trimResident takes out of resident what is done with. Called with mu held.
func (m *Buffer) trimResident() {
	m.resident = slices.DeleteFunc(m.resident, func(e *entry) bool { return e.left == 0 || e.whole == nil })
	m.trim = 2*len(m.resident) + 64
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
	if m.loose >= min(m.batch, fewBlocks) {
		freed += m.fold()
	}
	if m.share.Admit(m.pressing) == nil {
		m.pressed, m.stuck = false, false
		return
	}
	m.stuck = freed == 0 && m.share.Admit("") != nil && (m.when == Never || m.full || m.failed != nil)
	if m.stuck && m.cfg.Overflow != Block {
		m.share.Wake() // a waiting source brings a block, and that or an older one is dropped
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
	m.loose++
	m.evicted += int(e.weight)
	m.share.Take(e.owner, -freed)
	return freed
}

// mayDrop reports whether the only way to take a block is to drop one. Called
// with mu held.
func (m *Buffer) mayDrop() bool { return m.wal == nil || m.stuck }

// dropOldest drops what has waited longest until so many bytes are free, in
// memory or on the disk. Called with mu held, which it gives up while it reads.
func (m *Buffer) dropOldest(bytes int, r *receipts) {
	for freed := 0; freed < bytes; {
		key, q, list, at := m.oldest()
		if q == nil {
			return
		}
		p := (*list)[at]
		if p.span != nil {
			if m.load(key, q, p); p.span.unread > 0 {
				return // it cannot be read now
			}
			continue
		}
		freed += p.e.charge + entryCharge
		if p.e.ref.Valid() {
			freed += p.bytes()
		}
		q.bytes -= p.bytes()
		if (*list)[at] = nil; at == 0 {
			*list = (*list)[1:]
		} else {
			*list = slices.Delete(*list, at, at+1)
		}
		if q.empty() {
			delete(m.queues, key)
		}
		p.queued = false
		m.drop(p, r)
	}
}

// oldest finds the part that has waited longest of those that can be dropped: a
// queue, one of its lists, and the index there; nil: there is none. Called with
// mu held.
func (m *Buffer) oldest() (key string, found *queue, in *[]*part, at int) {
	born := time.Duration(0)
	for k, q := range m.queues {
		list := &q.parts
		if len(q.old) > 0 {
			list = &q.old
		}
		i := slices.IndexFunc(*list, func(p *part) bool { return p.span != nil || !p.e.writing })
		if i < 0 || q.loading {
			continue
		}
		if b := (*list)[i].born(); found == nil || b < born {
			key, found, in, at, born = k, q, list, i, b
		}
	}
	return key, found, in, at
}
