package parser

import "sluice/event"

// Step is one step down into a value: into an object by a member's name or,
// where Index is not negative, into an array by its index.
type Step struct {
	Name  string
	Index int
}

// Lookup follows path from v, a JSON value, without changing b. What it finds
// is Text if it is a string without escapes, else JSON. Of members with the
// same name the last counts.
func Lookup(b *event.Batch, v event.Value, path []Step) (event.Value, bool) {
	if len(path) == 0 {
		return v, true
	}
	p := b.Bytes(v)
	found := span{lo: skipSpace(p, 0)}
	for _, step := range path {
		var ok bool
		if found, ok = descend(p, found.lo, step); !ok {
			return event.Value{}, false
		}
	}
	return found.value(p, v.Off), true
}

// descend takes one step from the value at p[at].
func descend(p []byte, at int, step Step) (found span, ok bool) {
	opening := byte('{')
	if step.Index >= 0 {
		opening = '['
	}
	if at == len(p) || p[at] != opening {
		return found, false
	}
	m := openJSON(p, at, 1)
	for n := 0; m.next(); n++ {
		if step.Index >= 0 {
			if n == step.Index {
				return m.val, true
			}
		} else if m.named(step.Name) {
			found, ok = m.val, true
		}
	}
	return found, ok && !m.bad
}

// named reports whether the member has this name.
func (m *members) named(name string) bool {
	key := m.p[m.key.lo:m.key.hi]
	if !m.key.escaped {
		return string(key) == name
	}
	if len(key) > 6*len(name) { // an escape is at most six bytes long
		return false
	}
	var room [64]byte
	return string(appendUnescaped(room[:0], key)) == name
}

// Unquote returns the content of v as Text if v is a JSON string; with escapes
// in it, it is written to the arena's end.
func Unquote(b *event.Batch, v event.Value) (event.Value, bool) {
	p := b.Bytes(v)
	if len(p) < 2 || p[0] != '"' {
		return event.Value{}, false
	}
	end, escaped := skipString(p, 1)
	if end != len(p) {
		return event.Value{}, false
	}
	m := members{p: p, val: span{0, end, escaped}}
	return m.value(b, v.Off), true
}

// AppendUnquoted appends the content of the JSON string p; false if it is none.
func AppendUnquoted(dst, p []byte) ([]byte, bool) {
	if len(p) < 2 || p[0] != '"' {
		return dst, false
	}
	if end, _ := skipString(p, 1); end != len(p) {
		return dst, false
	}
	return appendUnescaped(dst, p[1:len(p)-1]), true
}
