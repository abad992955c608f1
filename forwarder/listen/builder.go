package listen

import (
	"encoding/hex"
	"strconv"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/wire"
	"sluice/wire/metadata"
)

const (
	maxFields   = 5000      // of one record: its keys fit a batch that is not full, and filters' do
	maxKeyBytes = 64 << 10  // of interned keys kept from batch to batch
	maxRecords  = 4000      // of one batch
	maxBytes    = 128 << 10 // of one batch, when it holds more than one record
)

// builder makes records of msgpack bytes that stay where they are: they are
// the batch's arena. Nothing is allocated for a record.
type builder struct {
	b        event.Batch
	seen     []uint32 // by key: where in b.Fields it was last added, to find one that comes twice
	keyBytes int
	text     []byte // a key that is not a string, as text
}

// reset begins a batch.
func (d *builder) reset() {
	d.b.Reset(nil)
	if d.keyBytes > maxKeyBytes {
		fields, recs := d.b.Fields, d.b.Recs
		d.b = event.Batch{} // on its own: it needs no room on the stack
		d.b.Fields, d.b.Recs = fields, recs
	}
	if len(d.b.Keys) == 0 {
		d.keyBytes = 0
	}
}

// full reports whether the batch has room for a further record.
func (d *builder) full(bytes int) bool {
	return len(d.b.Recs) >= maxRecords || bytes >= maxBytes || d.b.Full()
}

// stamp is what a record's time and id are made of besides the bytes.
type stamp struct {
	key   event.SourceKey
	n     uint64 // position in the id
	index int64  // in the chunk
	ids   []byte // of all entries of the frame, made by another Sluice; nil: none
	now   event.Time
	told  bool            // another Sluice tells of each record what follows
	about metadata.Record //
}

// entry adds the [time, record] at p[at:], also in the form [[time, metadata],
// record], and returns its end. shift is what to add to an offset in p to get
// one in the arena. A bad entry adds nothing, and its end is not known.
func (d *builder) entry(p []byte, at, shift int, s *stamp) (end int, bad reason) {
	v, err := wire.Head(p[at:])
	switch {
	case err != nil:
		return at, reasonOf(err)
	case v.Type != wire.Array || v.Count < 2:
		return at, badEntry
	}
	at += v.Head
	when, n, marker, bad := entryTime(p[at:])
	if bad != good {
		return at, bad
	}
	if s.told {
		s.about = metadata.ReadRecord(p[at : at+n])
	}
	at += n
	rest := v.Count - 1 // a marker's body, and what else an entry may hold
	if !marker {
		if at, bad = d.record(p, at, shift, when, s); bad != good {
			return at, bad
		}
		rest--
	}
	for range rest {
		n, err := wire.Skip(p[at:])
		if err != nil {
			if !marker {
				d.undo()
			}
			return at, reasonOf(err)
		}
		at += n
	}
	return at, good
}

// entryTime reads an entry's time. marker: it opens or closes a group of
// Fluent Bit's, which is no event: seconds 2^32-1 or 2^32-2, with metadata.
func entryTime(p []byte) (t wire.Time, n int, marker bool, bad reason) {
	v, err := wire.Head(p)
	if err != nil {
		return t, 0, false, reasonOf(err)
	}
	if v.Type != wire.Array {
		t, n, ok := wire.ReadTime(p)
		if !ok {
			return t, n, false, badTime
		}
		return t, n, false, good
	}
	if v.Count < 1 {
		return t, 0, false, badTime
	}
	t, _, ok := wire.ReadTime(p[v.Head:])
	if !ok {
		return t, 0, false, badTime
	}
	n, err = wire.Skip(p)
	if err != nil {
		return t, 0, false, reasonOf(err)
	}
	return t, n, t.Nsec == 0 && (t.Sec == 1<<32-1 || t.Sec == 1<<32-2), good
}

// record adds the map at p[at:]; see entry.
func (d *builder) record(p []byte, at, shift int, t wire.Time, s *stamp) (end int, bad reason) {
	v, err := wire.Head(p[at:])
	switch {
	case err != nil:
		return at, reasonOf(err)
	case v.Type != wire.Map:
		return at, badRecord
	case v.Count > maxFields:
		return at, tooManyFields
	}
	r := event.Record{Time: event.Time(t), Pos: s.index, Weight: 1}
	// An unset time gives 0, not the present, or a repeat would have another id.
	r.ID = event.MakeID(r.Time.Millis(), s.key, s.n)
	if s.ids != nil {
		copy(r.ID[:], s.ids[int(s.index)*len(r.ID):])
	}
	if s.told {
		r.Pos, r.Flags = s.about.Offset, s.about.Flags
	}
	if r.Time.IsZero() {
		r.Time = s.now
	}
	d.b.Begin(r)
	at += v.Head
	for range v.Count {
		if at, err = d.field(p, at, shift); err != nil {
			d.undo()
			return at, reasonOf(err)
		}
	}
	return at, good
}

// undo takes the newest record back.
func (d *builder) undo() {
	last := len(d.b.Recs) - 1
	d.b.Fields = d.b.Fields[:d.b.Recs[last].Field0]
	d.b.Recs = d.b.Recs[:last]
}

// field adds the pair at p[at:] to the newest record. Of a key that comes
// twice the last value counts.
func (d *builder) field(p []byte, at, shift int) (int, error) {
	name, n, err := wire.Measure(p[at:], wire.MaxDepth-1)
	if err != nil {
		return at, err
	}
	key := d.key(name, p[at:at+n])
	at += n
	v, n, err := wire.Measure(p[at:], wire.MaxDepth-1)
	if err != nil {
		return at, err
	}
	val := event.Value{Off: uint32(at + shift), Len: uint32(n), Kind: event.Msgp}
	if v.Type == wire.Str {
		val = event.Value{Off: uint32(at + shift + v.Head), Len: uint32(n - v.Head), Kind: event.Text}
	}
	at += n
	first := d.b.Recs[len(d.b.Recs)-1].Field0
	if i := d.seen[key]; i >= first && int(i) < len(d.b.Fields) && d.b.Fields[i].Key == key {
		d.b.Fields[i].Val = val
		return at, nil
	}
	d.seen[key] = uint32(len(d.b.Fields))
	d.b.Add(key, val)
	return at, nil
}

// key interns a key; one that is no string, by its text.
func (d *builder) key(v wire.Value, p []byte) uint16 {
	name := p[v.Head:]
	if v.Type != wire.Str && v.Type != wire.Bin {
		d.text = keyText(d.text[:0], v.Type, p)
		name = d.text
	}
	known := len(d.b.Keys)
	k := d.b.Key(name)
	if int(k) >= known {
		d.keyBytes += len(name)
	}
	for int(k) >= len(d.seen) {
		d.seen = append(d.seen, 0)
	}
	return k
}

// keyText appends what stands for a key that is no string: 1, 1.5, true, null;
// for an array, a map or an ext the hexadecimal of its bytes.
func keyText(dst []byte, t wire.Type, p []byte) []byte {
	switch t {
	case wire.Nil:
		return append(dst, "null"...)
	case wire.Bool:
		return strconv.AppendBool(dst, p[0] == 0xc3)
	case wire.Int:
		if i, _, err := msgp.ReadInt64Bytes(p); err == nil {
			return strconv.AppendInt(dst, i, 10)
		}
		u, _, _ := msgp.ReadUint64Bytes(p)
		return strconv.AppendUint(dst, u, 10)
	case wire.Float:
		if len(p) == 5 {
			f, _, _ := msgp.ReadFloat32Bytes(p)
			return strconv.AppendFloat(dst, float64(f), 'g', -1, 32)
		}
		f, _, _ := msgp.ReadFloat64Bytes(p)
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	}
	return hex.AppendEncode(dst, p)
}

func reasonOf(err error) reason {
	switch err {
	case nil:
		return good
	case wire.ErrShort:
		return cutShort
	case wire.ErrDepth:
		return tooDeep
	}
	return badSyntax
}
