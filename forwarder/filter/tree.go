package filter

import (
	"sluice/event"
	"sluice/parser"
	"sluice/wire"
)

// asJSON returns v as Text or JSON; a msgpack value is written anew to the
// arena's end.
func asJSON(b *event.Batch, v event.Value) event.Value {
	if v.Kind != event.Msgp {
		return v
	}
	if v = plain(b.Bytes(v), v.Off); v.Kind == event.Text {
		return v
	}
	from := len(b.Arena)
	var n int
	if b.Arena, n = wire.ToJSON(b.Arena, b.Bytes(v)); n == 0 {
		b.Arena = append(b.Arena[:from], "null"...)
	}
	return b.Since(from, event.JSON)
}

// nested reports whether v is an object or an array.
func nested(b *event.Batch, v event.Value) bool {
	p := b.Bytes(v)
	switch v.Kind {
	case event.JSON:
		return len(p) > 0 && (p[0] == '{' || p[0] == '[')
	case event.Msgp:
		h, err := wire.Head(p)
		return err == nil && (h.Type == wire.Map || h.Type == wire.Array)
	}
	return false
}

// remover removes what accessors name, from whatever depth.
type remover struct{ paths []accessor }

func newRemover(field string, names []string) (r remover, err error) {
	for _, name := range names {
		a, err := parseAccessor(name)
		if err != nil {
			return r, refuse(field, "%w", err)
		}
		r.paths = append(r.paths, a)
	}
	return r, nil
}

// on makes keys for b; the slice is kept for the next batch.
func (r *remover) on(b *event.Batch, keys []uint16) []uint16 {
	for i := range r.paths {
		keys = append(keys, b.KeyString(r.paths[i].top))
	}
	return keys
}

func (r *remover) remove(b *event.Batch, i int, keys []uint16) {
	for j, key := range keys {
		below := r.paths[j].below
		if len(below) == 0 {
			b.Unset(i, key)
			continue
		}
		v, ok := b.Get(i, key)
		if !ok {
			continue
		}
		if v, ok = pruned(b, v, below); ok {
			b.Set(i, key, v)
		}
	}
}

// pruned is v without what lies in it at path, as JSON; false: nothing does.
func pruned(b *event.Batch, v event.Value, path []parser.Step) (event.Value, bool) {
	if !nested(b, v) {
		return v, false
	}
	ok := false
	if v.Kind == event.JSON {
		_, ok = parser.Lookup(b, v, path)
	} else {
		_, ok = lookupMsgp(b, v, path)
	}
	if !ok {
		return v, false
	}
	v = asJSON(b, v)
	from := len(b.Arena)
	b.Arena = appendWithout(b.Arena, b.Bytes(v), path)
	return b.Since(from, event.JSON), true
}

// appendWithout appends the JSON value p without what path names.
func appendWithout(dst, p []byte, path []parser.Step) []byte {
	return appendEdited(dst, p, path, nil)
}

// appendEdited appends the JSON value p with what edit appends in place of what
// path names; nil leaves it out.
func appendEdited(dst, p []byte, path []parser.Step, edit func(dst, old []byte) []byte) []byte {
	m, ok := parser.OpenMembers(p)
	if !ok || m.Object() != (path[0].Index < 0) {
		return append(dst, p...)
	}
	c := newContainer(&m)
	dst = c.open(dst)
	for n := 0; m.Next(); n++ {
		hit := n == path[0].Index
		if m.Object() {
			hit = m.Named(path[0].Name)
		}
		if hit && len(path) == 1 && edit == nil {
			continue
		}
		if dst = c.next(dst); m.Object() {
			dst = append(append(append(dst, '"'), m.Name()...), '"', ':')
		}
		switch {
		case !hit:
			dst = append(dst, m.Value()...)
		case len(path) > 1:
			dst = appendEdited(dst, m.Value(), path[1:], edit)
		default:
			dst = edit(dst, m.Value())
		}
	}
	return c.close(dst)
}

// container writes the brackets and commas of an object or an array.
type container struct {
	brackets string
	n        int
}

func newContainer(m *parser.Members) container {
	if m.Object() {
		return container{brackets: "{}"}
	}
	return container{brackets: "[]"}
}

func (c *container) open(dst []byte) []byte { return append(dst, c.brackets[0]) }

func (c *container) next(dst []byte) []byte {
	if c.n++; c.n > 1 {
		dst = append(dst, ',')
	}
	return dst
}

func (c *container) close(dst []byte) []byte { return append(dst, c.brackets[1]) }
