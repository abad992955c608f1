package event

import "context"

// Kind says in which encoding a value's bytes arrived. Nothing is decoded
// before somebody needs it decoded.
type Kind uint8

const (
	Text Kind = iota // the bytes of a string, not necessarily UTF-8
	JSON             // one valid JSON value
	Msgp             // one valid msgpack value
)

// Value is a span of the batch's arena.
type Value struct {
	Off, Len uint32
	Kind     Kind
}

// Field is one top-level member of a record. Key indexes Batch.Keys.
type Field struct {
	Key uint16
	Val Value
}

// State says what filters decided about a record.
type State uint8

const (
	Live    State = iota
	Dropped       // a filter dropped it; counted with its reason
	Failed        // a filter could not do its work on it: goes to @ERROR
)

// Flags are facts about a record that a reader of the log should know.
type Flags uint8

const (
	Truncated Flags = 1 << iota // cut at max_line
	Multiline                   // several lines joined
	Partial                     // a joined line whose end never came
)

// Record is one log event. It holds no pointer: its fields are
// Batch.Fields[Field0 : Field0+NField].
type Record struct {
	Time   Time   // when it happened; zero: unknown
	ID     ID     //
	Pos    int64  // where it starts in its source: byte offset, or index in a chunk; -1: nowhere
	Field0 uint32 //
	NField uint16 //
	Weight uint16 // source records in it: 5 joined lines weigh 5, what was split off another record 0
	State  State
	Flags  Flags
}

// StreamID numbers the streams of one process; records of one stream keep
// their order as well as the sink allows.
type StreamID uint64

// MaxKeys ends a batch early: keys are numbered by 16 bits.
const MaxKeys = 60000

// Batch is records of one stream under one tag.
//
// After the source made it the Arena is append-only: filters point elsewhere,
// never overwrite, so that a copy may share it. A batch belongs to its source:
// when Emit returns nobody else holds it or its arena.
type Batch struct {
	Stream StreamID
	Tag    string
	Arena  []byte
	Keys   []string
	Fields []Field
	Recs   []Record
	Shared *Fragment // what is true of every record in it; may be nil
	Ack    *Ack      // the receipt; nil: nobody waits for one
	Read   int64     // when its first byte was read, Unix nanoseconds
	Urgent bool      // a client waits for the receipt before it sends more
	Kept   bool      // its records were held when an earlier process ended, and are safe

	index map[string]uint16 // of Keys
	after []uint16          // of each key: the one that Key was asked for after it
	last  uint16            // what Key was last asked for
}

// Emit hands a batch on. On return the batch is the caller's again.
type Emit func(ctx context.Context, b *Batch) error

// Reset empties the batch for the next round. Keys stay, so that a source
// whose records have the same keys interns nothing; arena is the new arena.
func (b *Batch) Reset(arena []byte) {
	b.Arena = arena
	b.Fields, b.Recs, b.Ack = b.Fields[:0], b.Recs[:0], nil
	if len(b.Keys) > 1024 { // a stream with ever new keys must not keep them all
		b.Keys, b.index = nil, nil
		b.after, b.last = nil, 0
	}
}

// Full reports whether no further key fits.
func (b *Batch) Full() bool { return len(b.Keys) >= MaxKeys }

// Key interns a key. It does not keep name. Keys come in the same order record
// after record, so the one that came after the last one before is tried first.
func (b *Batch) Key(name []byte) uint16 {
	if int(b.last) < len(b.after) {
		if k := b.after[b.last]; b.Keys[k] == string(name) {
			b.last = k
			return k
		}
	}
	k, ok := b.index[string(name)]
	if !ok {
		k = b.addKey(string(name))
	}
	b.after[b.last], b.last = k, k
	return k
}

// KeyString is Key for a string.
func (b *Batch) KeyString(name string) uint16 {
	if k, ok := b.index[name]; ok {
		return k
	}
	return b.addKey(name)
}

func (b *Batch) addKey(name string) uint16 {
	if len(b.Keys) >= 1<<16-1 {
		panic("BUG: more than 65,535 keys in a batch; the source must end it at MaxKeys")
	}
	if b.index == nil {
		b.index = make(map[string]uint16)
	}
	k := uint16(len(b.Keys))
	b.Keys = append(b.Keys, name)
	b.after = append(b.after, 0)
	b.index[name] = k
	return k
}

// Begin adds a record without fields; Add gives it some.
func (b *Batch) Begin(r Record) {
	r.Field0, r.NField = uint32(len(b.Fields)), 0
	b.Recs = append(b.Recs, r)
}

// Add appends a field to the newest record. The key must not be there yet:
// see Set.
func (b *Batch) Add(key uint16, v Value) {
	b.Fields = append(b.Fields, Field{key, v})
	b.Recs[len(b.Recs)-1].NField++
}

// FieldsOf returns record i's fields; valid until the batch is next changed.
func (b *Batch) FieldsOf(i int) []Field {
	r := &b.Recs[i]
	return b.Fields[r.Field0 : r.Field0+uint32(r.NField)]
}

// Get finds record i's field.
func (b *Batch) Get(i int, key uint16) (Value, bool) {
	for _, f := range b.FieldsOf(i) {
		if f.Key == key {
			return f.Val, true
		}
	}
	return Value{}, false
}

// Set writes record i's field: in place where the key is there, else at the
// end of its fields, which move to the end of the batch's when others follow.
func (b *Batch) Set(i int, key uint16, v Value) {
	fs := b.FieldsOf(i)
	for j := range fs {
		if fs[j].Key == key {
			fs[j].Val = v
			return
		}
	}
	r := &b.Recs[i]
	if int(r.Field0)+int(r.NField) != len(b.Fields) {
		at := uint32(len(b.Fields))
		b.Fields = append(b.Fields, fs...)
		r.Field0 = at
	}
	b.Fields = append(b.Fields, Field{key, v})
	r.NField++
}

// Unset removes record i's field and reports whether it was there.
func (b *Batch) Unset(i int, key uint16) bool {
	fs := b.FieldsOf(i)
	for j := range fs {
		if fs[j].Key == key {
			copy(fs[j:], fs[j+1:])
			b.Recs[i].NField--
			return true
		}
	}
	return false
}

// Bytes are a value's bytes, valid as long as the arena.
func (b *Batch) Bytes(v Value) []byte { return b.Arena[v.Off : v.Off+v.Len : v.Off+v.Len] }

// Put appends bytes to the arena and returns their span.
func (b *Batch) Put(p []byte, k Kind) Value {
	off := uint32(len(b.Arena))
	b.Arena = append(b.Arena, p...)
	return Value{Off: off, Len: uint32(len(p)), Kind: k}
}

// PutString is Put for a string.
func (b *Batch) PutString(s string, k Kind) Value {
	off := uint32(len(b.Arena))
	b.Arena = append(b.Arena, s...)
	return Value{Off: off, Len: uint32(len(s)), Kind: k}
}

// Since is the span from off to the arena's present end, for code that
// appends to Arena itself.
func (b *Batch) Since(off int, k Kind) Value {
	return Value{Off: uint32(off), Len: uint32(len(b.Arena) - off), Kind: k}
}

// Has reports whether any record is in the given state. Its weight may be 0.
func (b *Batch) Has(s State) bool {
	for i := range b.Recs {
		if b.Recs[i].State == s {
			return true
		}
	}
	return false
}

// Weight is the number of source records in the given state.
func (b *Batch) Weight(s State) (n int) {
	for i := range b.Recs {
		if b.Recs[i].State == s {
			n += int(b.Recs[i].Weight)
		}
	}
	return n
}

// Oldest is when the oldest live record happened, as far as that is known and
// not after it was read, in Unix nanoseconds.
func (b *Batch) Oldest() int64 {
	since := b.Read
	for i := range b.Recs {
		r := &b.Recs[i]
		const limit = 1 << 33 // seconds: beyond the year 2242 nanoseconds soon do not fit
		if r.State != Live || r.Time.IsZero() || r.Time.Sec < 0 || r.Time.Sec > limit {
			continue
		}
		since = min(since, r.Time.Sec*1e9+int64(r.Time.Nsec))
	}
	return since
}

// Branch copies what filters may change, for a second path through the
// pipeline. The arena is shared; appending to the copy's makes it its own.
func (b *Batch) Branch() *Batch {
	c := *b
	c.Arena = b.Arena[:len(b.Arena):len(b.Arena)]
	c.Keys = append([]string(nil), b.Keys...)
	c.Fields = append([]Field(nil), b.Fields...)
	c.Recs = append([]Record(nil), b.Recs...)
	c.after = append([]uint16(nil), b.after...)
	c.index = nil
	for k, name := range c.Keys {
		if c.index == nil {
			c.index = make(map[string]uint16, len(c.Keys))
		}
		c.index[name] = uint16(k)
	}
	return &c
}
