package filter

import (
	"sluice/event"
	"sluice/parser"
)

// array makes of a text that is a JSON array a record for each object in it, as
// Fluentd does: record i is the first, the others stand at the batch's end, with
// ids of their own and no weight, for one record of the source is in them all.
// false: it is no array, or holds something else than objects, and nothing was
// changed.
func (p *Parser) array(b *event.Batch, i int, v event.Value, run *parserRun) bool {
	text := b.Bytes(v) // stays as it is when the arena grows and moves
	run.parts = run.parts[:0]
	objects := true
	if !parser.Elements(text, func(lo, hi int) bool {
		run.parts = append(run.parts, event.Value{Off: v.Off + uint32(lo), Len: uint32(hi - lo), Kind: event.Text})
		objects = text[lo] == '{'
		return objects && len(run.parts) <= maxParts
	}) || !objects || len(run.parts) == 0 {
		return false
	}
	recs, fields := len(b.Recs), len(b.Fields)
	for turn := range run.parts {
		n, at := (turn+1)%len(run.parts), i // the first one last: the others begin with the record as it came
		if n > 0 {
			part := b.Recs[i]
			part.ID, part.Weight = part.ID.Part(uint32(n)), 0
			at = len(b.Recs)
			b.Recs = append(b.Recs, part)
		}
		if !p.into(b, at, run.parts[n], run) {
			b.Recs, b.Fields = b.Recs[:recs], b.Fields[:fields]
			return false
		}
	}
	return true
}

// maxParts bounds how many records one may become.
const maxParts = 10_000
