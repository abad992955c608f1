package forward

import (
	"math"
	"slices"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/wire"
)

// maxDepth is how deep a field's value may nest: a receiver takes
// wire.MaxDepth, the record being the first.
const maxDepth = wire.MaxDepth - 1

// encoder is what one Encode works with. It is pooled; between batches it keeps
// only capacity.
type encoder struct {
	batch *event.Batch
	frag  *fragment
	names []byte   // keys as msgpack
	plans []plan   // of the batch's keys
	round uint32   // of plans
	moved []string // names that keys of the batch were given instead
}

// plan is where a key stands in names. It holds in the round it was made.
type plan struct{ round, from, to uint32 }

// Encode writes each live record of b as one entry into the block of its tag.
// The time of a record that has none is when it was read.
func (s *Sink) Encode(dst *event.Blocks, b *event.Batch) {
	e := s.encoders.Get().(*encoder)
	e.begin(s, b)
	var blk *event.Block
	for i := range b.Recs {
		r := &b.Recs[i]
		if r.State != event.Live {
			continue
		}
		if blk == nil {
			blk = dst.For(e.frag.key(b.Tag))
		}
		t := r.Time
		if t.IsZero() {
			t = event.Time{Sec: b.Read / 1e9, Nsec: uint32(b.Read % 1e9)}
		}
		body := append(blk.Body, 0x92)
		if e.frag.told == nil {
			body = s.appendTime(body, t)
		} else {
			body = s.appendPlace(body, t, r, e.frag.lines)
		}
		body = msgp.AppendMapHeader(body, uint32(r.NField)+e.frag.n)
		for _, f := range b.FieldsOf(i) {
			p := e.plan(f.Key)
			body = append(body, e.names[p.from:p.to]...)
			body = appendValue(body, b.Bytes(f.Val), f.Val.Kind)
		}
		blk.Body = append(body, e.frag.pairs...)
		blk.Close(r.ID, r.Weight)
	}
	e.batch, e.frag = nil, nil
	s.encoders.Put(e)
}

func (s *Sink) appendTime(dst []byte, t event.Time) []byte {
	if s.wholeSeconds || t.Sec < 0 || t.Sec > math.MaxUint32 { // EventTime holds 32 bits
		return msgp.AppendInt64(dst, t.Sec)
	}
	return wire.AppendEventTime(dst, wire.Time(t))
}

func (e *encoder) begin(s *Sink, b *event.Batch) {
	e.batch, e.frag = b, &s.bare
	if b.Shared != nil {
		e.frag = b.Shared.Cached(s, s.fragmentOf).(*fragment)
	}
	if e.round++; e.round == 0 { // went round: old plans would look new
		clear(e.plans)
		e.round = 1
	}
	if n := len(b.Keys); n > len(e.plans) {
		e.plans = append(e.plans, make([]plan, n-len(e.plans))...)
	}
	e.names, e.moved = e.names[:0], e.moved[:0]
}

// plan returns where a key's name stands, made when it is first met.
func (e *encoder) plan(k uint16) *plan {
	p := &e.plans[k]
	if p.round == e.round {
		return p
	}
	name := e.batch.Keys[k]
	if slices.Contains(e.frag.names, name) {
		for slices.Contains(e.frag.names, name) || slices.Contains(e.batch.Keys, name) || slices.Contains(e.moved, name) {
			name += "_"
		}
		e.moved = append(e.moved, name)
	}
	*p = plan{round: e.round, from: uint32(len(e.names))}
	e.names = msgp.AppendString(e.names, name)
	p.to = uint32(len(e.names))
	return p
}

// appendValue appends a value as msgpack. One that is not what its kind says,
// or nests too deep, becomes a string of its bytes.
func appendValue(dst, p []byte, kind event.Kind) []byte {
	switch kind {
	case event.Msgp:
		if _, n, err := wire.Measure(p, maxDepth); err == nil && n == len(p) {
			return append(dst, p...)
		}
	case event.JSON:
		out, ok := wire.AppendJSON(dst, p)
		if ok {
			if _, _, err := wire.Measure(out[len(dst):], maxDepth); err == nil {
				return out
			}
		}
	}
	return msgp.AppendStringFromBytes(dst, p)
}
