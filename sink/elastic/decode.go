package elastic

import (
	"time"

	"sluice/event"
	"sluice/parser"
)

// Decode implements forwarder.Decoder: the document is the record, under the
// names and with the metadata that it has there. Its time is that of
// @timestamp, where Encode wrote it.
func (s *Sink) Decode(b *event.Batch, blk *event.Block, i int) bool {
	lo := uint32(0)
	if i > 0 {
		lo = blk.Ends[i-1]
	}
	from, to := document(b.Arena[lo:blk.Ends[i]])
	if to == 0 {
		return false
	}
	doc := event.Value{Off: lo + uint32(from), Len: uint32(to - from), Kind: event.JSON}
	b.Begin(event.Record{Pos: -1})
	n := len(b.Recs) - 1
	if !parser.ParseObject(b, n, doc, "") {
		b.Recs = b.Recs[:n]
		return false
	}
	if v, ok := b.Get(n, b.KeyString("@timestamp")); ok && v.Kind == event.Text {
		if t, err := time.Parse("2006-01-02T15:04:05.000000000+00:00", string(b.Bytes(v))); err == nil {
			b.Recs[n].Time = event.Time{Sec: t.Unix(), Nsec: uint32(t.Nanosecond())}
		}
	}
	if s.like.TagKey != "" { // it is the batch's
		key := b.KeyString(s.like.TagKey)
		if v, ok := b.Get(n, key); ok && string(b.Bytes(v)) == b.Tag {
			b.Unset(n, key)
		}
	}
	return true
}
