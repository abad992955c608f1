package socket

import (
	"context"
	"log/slog"
	"time"

	"sluice/event"
	"sluice/forwarder/netin"
)

// maxRecords and maxBytes bound a batch.
const maxRecords, maxBytes = 1000, 128 << 10

// maker turns messages into batches and hands them on. It belongs to one
// goroutine.
type maker struct {
	s    *Server
	peer string
	feed *netin.Feed
	tag  string // of the newest record

	b        event.Batch
	tags     []string // by record, where they differ
	others   []event.Record
	rejected []byte // messages that are not in the format, for the dead letters
	bad      int    // how many
}

// begin begins a batch whose messages stand in arena.
func (m *maker) begin(arena []byte) {
	m.b.Reset(arena)
	m.b.Read = time.Now().UnixNano()
	m.tags = m.tags[:0]
}

// add makes a record of the message at arena[lo:hi].
func (m *maker) add(lo, hi int, flags event.Flags, from string) {
	m.s.metrics.in.Bytes.Add(float64(hi - lo))
	if lo == hi {
		return
	}
	v := event.Value{Off: uint32(lo), Len: uint32(hi - lo), Kind: event.Text}
	i := len(m.b.Recs)
	m.b.Begin(event.Record{Pos: -1, Weight: 1, Flags: flags})
	tag := m.s.cfg.Tag
	switch {
	case m.s.cfg.Parser.Into(&m.b, i, v):
		if m.s.cfg.Route != nil {
			tag = m.s.cfg.Route(&m.b, i)
		}
	case m.s.cfg.Unmatched != "":
		m.s.metrics.unparsed.Inc()
		tag = m.s.cfg.Unmatched
		m.b.Set(i, m.b.KeyString("unmatched_line"), v)
	default:
		m.b.Recs = m.b.Recs[:i]
		m.reject(m.b.Bytes(v))
		return
	}
	r := &m.b.Recs[i]
	if r.Time.IsZero() {
		r.Time = event.TimeOf(time.Unix(0, m.b.Read))
	}
	for _, key := range [...]string{m.s.cfg.AddressKey, m.s.cfg.HostnameKey} {
		if key != "" {
			m.b.Set(i, m.b.KeyString(key), m.b.PutString(from, event.Text))
		}
	}
	m.tags = append(m.tags, tag)
	m.tag = tag
}

func (m *maker) reject(message []byte) {
	m.s.metrics.unparsed.Inc()
	m.bad++
	if m.s.cfg.Dead != nil {
		m.rejected = append(append(m.rejected, message...), '\n')
	}
}

// full reports whether the batch should be handed on.
func (m *maker) full() bool {
	return len(m.b.Recs) >= maxRecords || len(m.rejected) >= maxBytes || m.b.Full()
}

// flush hands the batch on, in a batch of its own for each tag, and returns the
// arena for the next one.
func (m *maker) flush(ctx context.Context) (arena []byte, err error) {
	m.bury()
	for len(m.b.Recs) > 0 && err == nil {
		m.b.Tag = m.tags[0]
		m.split()
		// Not the context that a stop ends: what was read is handed on whole.
		if err = m.feed.Emit(context.WithoutCancel(ctx), &m.b, nil); err != nil {
			break
		}
		m.b.Recs, m.others = m.others, m.b.Recs[:0]
	}
	m.b.Recs = m.b.Recs[:0]
	if cap(m.b.Arena) > 4*maxBytes {
		return nil, err
	}
	return m.b.Arena[:0], err
}

// split leaves the records of the first one's tag in the batch, and the others,
// with their tags, aside.
func (m *maker) split() {
	m.others = m.others[:0]
	same, other := 0, 0
	for i, tag := range m.tags {
		if tag == m.b.Tag {
			if i != same {
				m.b.Recs[same] = m.b.Recs[i]
			}
			same++
			continue
		}
		m.others = append(m.others, m.b.Recs[i])
		m.tags[other] = tag
		other++
	}
	m.b.Recs, m.tags = m.b.Recs[:same], m.tags[:other]
}

// bury keeps what is not in the format.
func (m *maker) bury() {
	if m.bad == 0 {
		return
	}
	n := m.bad
	m.bad = 0
	attrs := []slog.Attr{slog.String("peer", m.peer), slog.Int("messages", n)}
	if m.s.cfg.Dead == nil {
		m.s.bad.Warn("messages are not in the format, and dropped", attrs...)
		return
	}
	raw := m.rejected
	m.rejected = m.rejected[:0]
	if err := m.s.cfg.Dead.PutRaw(m.s.cfg.Name, m.peer, m.s.cfg.Tag, "format", "messages are not in the format", raw); err != nil {
		m.s.bad.Warn("messages are not in the format, and lost: they could not be kept", append(attrs, slog.Any("error", err))...)
		return
	}
	m.s.bad.Warn("messages are not in the format, kept as a dead letter", attrs...)
}
