package forward

import (
	"sluice/event"
	"sluice/wire"
	"sluice/wire/metadata"
)

// Decode implements forwarder.Decoder: the entry is the record.
func (s *Sink) Decode(b *event.Batch, blk *event.Block, i int) bool {
	at := 0
	if i > 0 {
		at = int(blk.Ends[i-1])
	}
	p := b.Arena[:blk.Ends[i]]
	if b.Shared == nil {
		if _, tree := splitKey(nil, blk.Key); len(tree) > 0 {
			b.Shared, _ = metadata.Read(tree) // it is ours
		}
	}
	if b.Full() {
		return false
	}
	entry, err := wire.Head(p[at:])
	if err != nil || entry.Type != wire.Array || entry.Count != 2 {
		return false
	}
	at += entry.Head
	n, err := wire.Skip(p[at:])
	if err != nil {
		return false
	}
	when := p[at : at+n]
	about := metadata.ReadRecord(when)
	if h, err := wire.Head(when); err == nil && h.Type == wire.Array { // beside metadata
		when = when[h.Head:]
	}
	t, _, ok := wire.ReadTime(when)
	record, end, err := wire.Measure(p[at+n:], wire.MaxDepth)
	if !ok || err != nil || record.Type != wire.Map || at+n+end != len(p) {
		return false
	}
	b.Begin(event.Record{Time: event.Time(t), Pos: about.Offset, Flags: about.Flags})
	at += n + record.Head
	for range record.Count {
		name, n, err := wire.Measure(p[at:], wire.MaxDepth)
		if err != nil {
			break // cannot be: it was measured
		}
		key := b.Key(p[at+name.Head : at+n])
		at += n
		v, n, err := wire.Measure(p[at:], wire.MaxDepth)
		if err != nil {
			break
		}
		val := event.Value{Off: uint32(at), Len: uint32(n), Kind: event.Msgp}
		if v.Type == wire.Str {
			val = event.Value{Off: uint32(at + v.Head), Len: uint32(n - v.Head), Kind: event.Text}
		}
		b.Add(key, val)
		at += n
	}
	return true
}
