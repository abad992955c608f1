package parser

import (
	"slices"

	"sluice/event"
)

// maxDepth bounds how deep objects and arrays may nest: deeper input is not
// taken for JSON, so that no line of a log can exhaust the stack.
const maxDepth = 100

// ParseObject reads v, which must be one JSON object (RFC 8259) and nothing
// else but white space around it, and sets its members as fields of record i,
// each name behind prefix. A member replaces the record's field of the same
// name, and an earlier member of the same name.
//
// A string becomes Text: a span of v, or of the arena's end where it had
// escapes. Everything else stays JSON, as it was written: a number keeps its
// digits. Bytes that are not UTF-8 are accepted within strings.
//
// It returns false, and b's records are as before, if v is no such object or
// if b is Full.
func ParseObject(b *event.Batch, i int, v event.Value, prefix string) bool {
	r := &b.Recs[i]
	end, from := len(b.Fields), int(r.Field0)
	if from+int(r.NField) != end { // others follow: move
		from = end
		b.Fields = append(b.Fields, b.FieldsOf(i)...)
	}
	if !AppendMembers(b, v, prefix) {
		b.Fields = b.Fields[:end]
		return false
	}
	n := LastWins(b.Fields[from:])
	b.Fields = b.Fields[:from+n]
	r.Field0, r.NField = uint32(from), uint16(n)
	return true
}

// AppendMembers is ParseObject without the record: the members are appended to
// b.Fields and belong to no record yet; names may repeat, see LastWins.
func AppendMembers(b *event.Batch, v event.Value, prefix string) bool {
	p := b.Bytes(v) // stays as it is when the arena grows and moves
	at := skipSpace(p, 0)
	if at == len(p) || p[at] != '{' {
		return false
	}
	fields, arena := len(b.Fields), len(b.Arena)
	m := openJSON(p, at, 1)
	for m.next() {
		if b.Full() {
			m.bad = true
			break
		}
		key := m.internKey(b, prefix)
		b.Fields = append(b.Fields, event.Field{Key: key, Val: m.value(b, v.Off)})
	}
	if m.bad || skipSpace(p, m.i) != len(p) {
		b.Fields, b.Arena = b.Fields[:fields], b.Arena[:arena]
		return false
	}
	return true
}

// ObjectSpan checks that p is one JSON object with nothing but white space
// around it and returns the object's bytes.
func ObjectSpan(p []byte) (lo, hi int, ok bool) {
	lo = skipSpace(p, 0)
	if lo == len(p) || p[lo] != '{' {
		return 0, 0, false
	}
	hi, _ = skipValue(p, lo, 1)
	return lo, hi, hi >= 0 && skipSpace(p, hi) == len(p)
}

// LastWins keeps, of fields with the same key, the last, and returns how many
// are left at the front of fs. The time it takes is linear: a hostile line
// must not cost more than its length.
func LastWins(fs []event.Field) int {
	rising, highest := true, -1
	for _, f := range fs {
		rising = rising && int(f.Key) > highest
		highest = max(highest, int(f.Key))
	}
	switch {
	case rising: // the usual case: names come in the order they first came in
		return len(fs)
	case highest < 1024:
		var seen [1024 / 64]uint64
		return lastWins(fs, seen[:])
	}
	return lastWinsOfMany(fs)
}

// Not inlined: only who needs 8 KiB of stack shall pay for clearing it.
//
//go:noinline
func lastWinsOfMany(fs []event.Field) int {
	var seen [(1 << 16) / 64]uint64
	return lastWins(fs, seen[:])
}

func lastWins(fs []event.Field, seen []uint64) int {
	w := len(fs)
	for j, f := range slices.Backward(fs) {
		if word, bit := &seen[f.Key/64], uint64(1)<<(f.Key%64); *word&bit == 0 {
			*word |= bit
			w--
			fs[w] = fs[j]
		}
	}
	return copy(fs, fs[w:])
}

// internKey returns the member's name, unescaped and behind prefix. The
// arena's end serves as scratch.
func (m *members) internKey(b *event.Batch, prefix string) uint16 {
	name := m.p[m.key.lo:m.key.hi]
	if prefix == "" && !m.key.escaped {
		return b.Key(name)
	}
	end := len(b.Arena)
	b.Arena = appendUnescaped(append(b.Arena, prefix...), name)
	key := b.Key(b.Arena[end:])
	b.Arena = b.Arena[:end]
	return key
}

// value returns the member's value; off is where p begins in the arena.
func (m *members) value(b *event.Batch, off uint32) event.Value {
	if m.val.escaped {
		end := len(b.Arena)
		b.Arena = appendUnescaped(b.Arena, m.p[m.val.lo+1:m.val.hi-1])
		return b.Since(end, event.Text)
	}
	return m.val.value(m.p, off)
}

// value is the span as an event.Value: the content of a string without
// escapes is Text, everything else JSON.
func (s span) value(p []byte, off uint32) event.Value {
	if p[s.lo] == '"' && !s.escaped {
		return event.Value{Off: off + uint32(s.lo) + 1, Len: uint32(s.hi - s.lo - 2), Kind: event.Text}
	}
	return event.Value{Off: off + uint32(s.lo), Len: uint32(s.hi - s.lo), Kind: event.JSON}
}
