package filter

import (
	"strconv"

	"sluice/event"
	"sluice/parser"
)

// FlattenConfig is fluent-plugin-flatten-hash: {"a":{"b":1}} becomes
// {"a.b":1}.
type FlattenConfig struct {
	Separator    string `conf:"separator"`
	FlattenArray bool   `conf:"flatten_array"` // ["x"] of a becomes a.0
}

// DefaultFlattenConfig is the plug-in's.
func DefaultFlattenConfig() FlattenConfig { return FlattenConfig{Separator: ".", FlattenArray: true} }

// Flatten makes fields of what lies within fields. Empty objects and arrays
// stay as they are; of two fields that get one name the last counts.
type Flatten struct{ cfg FlattenConfig }

// NewFlatten never fails.
func NewFlatten(cfg FlattenConfig) (*Flatten, error) { return &Flatten{cfg}, nil }

// Apply flattens every live record.
func (f *Flatten) Apply(b *event.Batch) {
	for i := range b.Recs {
		if b.Recs[i].State == event.Live && f.any(b, i) {
			f.flatten(b, i)
		}
	}
}

func (f *Flatten) any(b *event.Batch, i int) bool {
	for _, field := range b.FieldsOf(i) {
		if nested(b, field.Val) {
			return true
		}
	}
	return false
}

func (f *Flatten) flatten(b *event.Batch, i int) {
	from := len(b.Fields)
	r := &b.Recs[i]
	for j := range int(r.NField) {
		field := b.Fields[int(r.Field0)+j]
		if nested(b, field.Val) && !b.Full() {
			f.members(b, []byte(b.Keys[field.Key]), asJSON(b, field.Val))
		} else {
			b.Fields = append(b.Fields, field)
		}
	}
	n := parser.LastWins(b.Fields[from:])
	if n > 1<<16-1 { // no record may have so many
		b.Fields = b.Fields[:from]
		return
	}
	b.Fields = b.Fields[:from+n]
	r.Field0, r.NField = uint32(from), uint16(n)
}

// members appends the fields that v holds, which is JSON; their names begin
// with prefix.
func (f *Flatten) members(b *event.Batch, prefix []byte, v event.Value) {
	p := b.Bytes(v)
	m, ok := parser.OpenMembers(p)
	if ok && m.Object() || ok && f.cfg.FlattenArray {
		n := 0
		for name := append(prefix, f.cfg.Separator...); m.Next(); n++ {
			full := name[:len(name):len(name)]
			if m.Object() {
				full = m.AppendName(full)
			} else {
				full = strconv.AppendInt(full, int64(n), 10)
			}
			lo, hi := m.Span()
			f.members(b, full, event.Value{Off: v.Off + uint32(lo), Len: uint32(hi - lo), Kind: event.JSON})
		}
		if n > 0 {
			return
		}
	}
	if b.Full() {
		return
	}
	if text, ok := parser.Unquote(b, v); ok {
		v = text
	}
	b.Fields = append(b.Fields, event.Field{Key: b.Key(prefix), Val: v})
}
