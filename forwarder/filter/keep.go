package filter

import (
	"encoding/binary"
	"errors"
	"time"

	"sluice/event"
	tree "sluice/wire/metadata"
)

// Keeper keeps, over a restart, records that a stage holds open though a
// client waits for their acknowledgement: the next part may come only after
// this one's.
type Keeper interface {
	// Keep takes records, as ReadKept reads them, and one share of their
	// receipt, which it gives back when they are safe. It returns their receipt
	// from now on: when that settles they are let go.
	Keep(tag string, id event.ID, weight uint16, data []byte, ack *event.Ack) *event.Ack
}

// keptVersion is the first byte of what is kept.
const keptVersion = 1

// maxKeptKeys is how many keys a batch can number.
const maxKeptKeys = 1<<16 - 2

// keptCost is what a record's id costs in memory while it is open, in bytes.
const keptCost = 96

var errKept = errors.New("not records that a stage held")

// note remembers record i as it came, for keep.
func (p *pass) note(i int) {
	p.raw = appendKept(p.raw[:0], p.b, i)
}

// noted makes what was noted of record i a part of what is open.
func (p *pass) noted(h *held, i int) {
	if !p.b.Kept && !p.keeps() {
		return
	}
	if id := p.b.Recs[i].ID; id != (event.ID{}) {
		if p.kept == nil {
			p.kept = map[event.ID]*held{}
		}
		p.kept[id] = h
		h.ids = append(h.ids, id)
		h.size, p.bytes = h.size+keptCost, p.bytes+keptCost
	}
	if p.keeps() {
		h.raw = append(h.raw, p.raw...)
	}
}

// keeps reports whether what the batch leaves open must be kept: what can be
// read again need not be, and what was kept is.
func (p *pass) keeps() bool {
	return p.keeper != nil && p.b.Urgent && !p.b.Kept && p.b.Ack != nil
}

// again takes record i if it is open already: its client did not get the
// acknowledgement, and sent it once more. It is kept once more, and not joined:
// the first one may not be safe yet.
func (p *pass) again(i int) bool {
	h := p.kept[p.b.Recs[i].ID]
	if h == nil || h.first.Tag != p.b.Tag {
		return false
	}
	p.share(h, int(p.b.Recs[i].Weight))
	if p.keeps() {
		h.raw = append(h.raw, p.raw...)
	}
	h.seen = p.now
	p.order.MoveToBack(p.open[h.key])
	p.b.Recs[i].State = event.Dropped
	return true
}

// keep has the keeper keep what the batch left open. It is what grew last.
func (p *pass) keep() {
	if !p.keeps() {
		return
	}
	var shared []byte
	if p.b.Shared != nil {
		var ok bool
		if shared, ok = tree.Append(nil, p.b.Shared); !ok {
			shared = nil
			p.forget() // too large to be read again: the client waits
		}
	}
	for el := p.order.Back(); el != nil; el = el.Prev() {
		h := el.Value.(*held)
		if len(h.raw) == 0 {
			return
		}
		data := binary.AppendUvarint([]byte{keptVersion}, uint64(len(shared)))
		data = append(append(data, shared...), h.raw...)
		part := &h.parts[len(h.parts)-1] // this batch's
		part.Ack = p.keeper.Keep(p.b.Tag, h.last.ID, uint16(min(part.Weight, joinLines)), data, part.Ack)
		h.raw = nil
	}
}

// forget drops what was noted.
func (p *pass) forget() {
	for el := p.order.Back(); el != nil && len(el.Value.(*held).raw) > 0; el = el.Prev() {
		el.Value.(*held).raw = nil
	}
}

// appendKept appends a record with its fields.
func appendKept(dst []byte, b *event.Batch, i int) []byte {
	r := &b.Recs[i]
	dst = binary.AppendVarint(dst, r.Time.Sec)
	dst = binary.AppendUvarint(dst, uint64(r.Time.Nsec))
	dst = append(dst, r.ID[:]...)
	dst = binary.AppendVarint(dst, r.Pos)
	dst = binary.AppendUvarint(dst, uint64(r.Weight))
	dst = append(dst, byte(r.Flags))
	dst = binary.AppendUvarint(dst, uint64(r.NField))
	for _, f := range b.FieldsOf(i) {
		name, v := b.Keys[f.Key], b.Bytes(f.Val)
		dst = append(binary.AppendUvarint(dst, uint64(len(name))), name...)
		dst = append(dst, byte(f.Val.Kind))
		dst = append(binary.AppendUvarint(dst, uint64(len(v))), v...)
	}
	return dst
}

// ReadKept makes a batch of what a Keeper was given: the records as they came
// to the stage. It keeps nothing of data.
func ReadKept(data []byte) (*event.Batch, error) {
	c := &keptReader{rest: data}
	if c.byte() != keptVersion {
		return nil, errKept
	}
	b := &event.Batch{Kept: true, Read: time.Now().UnixNano()}
	if shared := c.take(c.uvarint()); len(shared) > 0 {
		f, err := tree.Read(shared)
		if err != nil {
			return nil, err
		}
		b.Shared = f
	}
	for len(c.rest) > 0 && !c.bad && len(b.Keys) < maxKeptKeys {
		c.record(b)
	}
	if c.bad || len(c.rest) > 0 {
		return nil, errKept
	}
	return b, nil
}

// keptReader reads what appendKept wrote.
type keptReader struct {
	rest []byte
	bad  bool
}

func (c *keptReader) record(b *event.Batch) {
	r := event.Record{Time: event.Time{Sec: c.varint(), Nsec: uint32(c.uvarint())}}
	copy(r.ID[:], c.take(uint64(len(r.ID))))
	r.Pos, r.Weight, r.Flags = c.varint(), uint16(c.uvarint()), event.Flags(c.byte())
	b.Begin(r)
	for n := c.uvarint(); n > 0 && !c.bad && len(b.Keys) < maxKeptKeys; n-- {
		key := b.Key(c.take(c.uvarint()))
		kind := event.Kind(c.byte())
		b.Add(key, b.Put(c.take(c.uvarint()), kind))
		c.bad = c.bad || kind > event.Msgp
	}
}

func (c *keptReader) take(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.bad, n = true, uint64(len(c.rest))
	}
	p := c.rest[:n]
	c.rest = c.rest[n:]
	return p
}

func (c *keptReader) byte() byte {
	if p := c.take(1); len(p) == 1 {
		return p[0]
	}
	return 0
}

func (c *keptReader) uvarint() uint64 {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.bad, n = true, 0
	}
	c.rest = c.rest[n:]
	return v
}

func (c *keptReader) varint() int64 {
	v, n := binary.Varint(c.rest)
	if n <= 0 {
		c.bad, n = true, 0
	}
	c.rest = c.rest[n:]
	return v
}
