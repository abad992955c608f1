package buffer

import (
	"slices"
	"time"

	"sluice/forwarder/buffer/wal"
)

// fewBlocks is how many bare entries are worth a fold, and a read.
const fewBlocks = 4096

// spanMost is how many blocks a span has at most.
const spanMost = 1 << 16

// begin makes a span of one block.
func (m *Buffer) begin(r wal.Ref, bytes int, weight uint32, born time.Duration) *part {
	s := &span{born: born}
	s.Join(r, bytes, weight)
	return &part{span: s, queued: true}
}

// join adds a block to the part, if that is a span and goes on with it.
func (m *Buffer) join(p *part, r wal.Ref, bytes int, weight uint32) bool {
	most := spanMost
	if m.cfg.NewestFirst {
		most = m.batch // load takes all of it, for the last is needed first
	}
	return p.span != nil && p.span.Blocks < most && p.span.Join(r, bytes, weight)
}

// fold makes spans of bare entries, but for those that are soon needed, and
// returns how much memory that frees. Called with mu held.
func (m *Buffer) fold() (freed int) {
	m.loose = 0
	ahead := max(m.batch/max(len(m.queues), 1), 1)
	for _, q := range m.queues {
		if q.loading {
			continue
		}
		_, atEnd := m.turn(q)
		n := ahead
		if q.parked {
			n = 0
		}
		for _, list := range []*[]*part{&q.parts, &q.old} {
			if atEnd && list == &q.old {
				freed += m.foldList(list, 0, len(*list)-n)
			} else {
				freed += m.foldList(list, n, len(*list))
			}
		}
	}
	m.share.Take("", -freed)
	return freed
}

// foldList folds the list from one index to another.
func (m *Buffer) foldList(list *[]*part, from, to int) (freed int) {
	kept := (*list)[:0]
	for i, p := range *list {
		switch {
		case i < from || i >= to || !p.bare():
			kept = append(kept, p)
		case len(kept) > 0 && m.join(kept[len(kept)-1], p.e.ref, p.e.bytes, p.e.weight):
			freed += entryCharge
		default:
			kept = append(kept, m.begin(p.e.ref, p.e.bytes, p.e.weight, p.e.born))
			freed += entryCharge - spanCharge
		}
	}
	clear((*list)[len(kept):])
	*list = kept
	return freed
}

// load makes entries of the blocks of the span whose turn it is in q, or of the
// first of them; and, as it meets them, of those of other keys whose turn is
// next there. Called with mu held, which it gives up while it reads.
func (m *Buffer) load(key string, q *queue, p *part) {
	q.loading = true
	stop := wal.Stop{Blocks: min(m.batch, fewBlocks), Bytes: m.cfg.FlushBytes, Most: m.batch}
	_, atEnd := m.turn(q)
	if atEnd {
		stop = wal.Stop{} // its last blocks are needed first
	}
	read := p.span.Span
	m.mu.Unlock()
	found, end, err := m.wal.Heads(read, key, stop)
	m.mu.Lock()
	q.loading = false
	defer m.wake()
	if err != nil {
		if p.span.unread++; p.span.unread < readTries {
			m.cfg.Log.Error("cannot read records back from the disk, trying again", "records", p.span.Weight, "error", err)
			q.notBefore = time.Now().Add(readAgain)
			return
		}
	}
	p.span.unread = 0
	m.unfold(key, q, p, found[key], end)
	delete(found, key)
	if atEnd {
		return
	}
	for key, list := range found {
		q := m.queues[key]
		if q == nil || q.loading || q.parked {
			continue
		}
		if turn, _ := m.turn(q); turn != nil && (*turn)[0].span != nil && (*turn)[0].span.Met(read) {
			m.unfold(key, q, (*turn)[0], list, end)
		}
	}
}

// unfold puts entries of those found that are in the span before end in front
// of what is left of it. Called with mu held.
func (m *Buffer) unfold(key string, q *queue, p *part, found []wal.Found, end int64) {
	parts := []*part{}
	for _, f := range p.span.Cut(found, end) {
		e := &entry{
			owner: ownerOf(f.Tag), ref: f.Ref, born: p.span.born, bytes: int(f.Body),
			items: f.Items, left: f.Items, weight: f.Weight,
		}
		e.first.e, e.first.queued = e, true
		parts = append(parts, &e.first)
	}
	m.loose += len(parts)
	charge := len(parts) * entryCharge
	if p.span.Over() {
		charge -= spanCharge
		m.loseRest(q, p.span)
	} else {
		parts = append(parts, p)
	}
	m.share.Take("", charge)
	if q.push > 0 {
		q.push += len(parts) - 1
	}
	list := &q.parts
	i := slices.Index(*list, p)
	if i < 0 {
		list = &q.old
		i = slices.Index(*list, p)
	}
	*list = slices.Replace(*list, i, i+1, parts...)
	if q.empty() {
		delete(m.queues, key)
	}
}

// loseRest counts what a span holds and was not found in its file as lost.
// Called with mu held.
func (m *Buffer) loseRest(q *queue, s *span) {
	if s.Blocks == 0 {
		return
	}
	m.cfg.Log.Error("records are lost: they cannot be read back from the disk", "records", s.Weight, "file", s.Segment())
	m.wal.Forget(s.Span, s.Blocks)
	q.bytes -= s.Bytes
	m.records -= int(s.Weight)
	m.evicted -= int(s.Weight)
	m.stats.Lost += s.Weight
	m.unswept = true
	m.nudge()
}
