package metadata

import (
	"math"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/wire"
)

// Record is what is told of one record: where it starts in its source, -1 where
// that is nowhere, and its flags.
type Record struct {
	Offset int64
	Flags  event.Flags
}

const known = event.Truncated | event.Multiline | event.Partial

// Told reports whether there is anything to tell of a record of that time. Of
// two times, 2^32-1 and 2^32-2 seconds, nothing can be told: in Fluent Bit's form
// they would mark groups.
func (r Record) Told(t event.Time) bool {
	return (r.Offset >= 0 || r.Flags != 0) && t.Sec != math.MaxUint32 && t.Sec != math.MaxUint32-1
}

// Append appends a map {"offset": n, "flags": n}. It stands as [time, map] in the
// place of an entry's time: the form of Fluent Bit's metadata of a record.
func (r Record) Append(dst []byte) []byte {
	n := uint32(0)
	if r.Offset >= 0 {
		n++
	}
	if r.Flags != 0 {
		n++
	}
	dst = msgp.AppendMapHeader(dst, n)
	if r.Offset >= 0 {
		dst = msgp.AppendInt64(msgp.AppendString(dst, "offset"), r.Offset)
	}
	if r.Flags != 0 {
		dst = msgp.AppendUint8(msgp.AppendString(dst, "flags"), uint8(r.Flags))
	}
	return dst
}

// ReadRecord reads what stands in an entry in the place of its time. What is not
// in that form tells nothing.
func ReadRecord(p []byte) Record {
	r := Record{Offset: -1}
	v, err := wire.Head(p)
	if err != nil || v.Type != wire.Array || v.Count < 2 {
		return r
	}
	at := v.Head
	n, err := wire.Skip(p[at:]) // the time
	if err != nil {
		return r
	}
	at += n
	if v, err = wire.Head(p[at:]); err != nil || v.Type != wire.Map {
		return r
	}
	at += v.Head
	for range v.Count {
		key, n, err := wire.Measure(p[at:], 0)
		if err != nil {
			return r
		}
		name := p[at+key.Head : at+n]
		at += n
		if n, err = wire.Skip(p[at:]); err != nil {
			return r
		}
		r.set(name, p[at:at+n])
		at += n
	}
	return r
}

func (r *Record) set(name, value []byte) {
	n, _, err := msgp.ReadInt64Bytes(value)
	switch {
	case err != nil || n < 0:
	case string(name) == "offset":
		r.Offset = n
	case string(name) == "flags":
		r.Flags = event.Flags(n) & known
	}
}
