package elastic

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"sluice/event"
	"sluice/wire/quote"
)

const (
	// maxDepth is how deep objects and arrays may nest in a document, itself
	// counted: index.mapping.depth.limit's default, 20.
	maxDepth = 20
	// maxMembers is how many members a nested object may have; more would be an
	// explosion of the mapping, and their names are compared with each other.
	maxMembers = 1024
	// maxText bounds the nesting of what is written into a string.
	maxText = 100
)

// member is one member of an object being written: where it starts in dst, and
// where its name, quotes included, ends.
type member struct {
	start, name int
	sum         uint32 // of the name: most different names differ in it
	renamed     bool
}

// writer writes values as JSON. Between calls it keeps only capacity.
type writer struct {
	dst     []byte
	src     []byte
	pos     int
	members []member // of all objects open, outermost first
	name    []byte   // a key decoded
	text    []byte   // a value on its way into a string
	moved   int      // bytes moved to take out repeated members
	loose   bool     // inside a string: no rule of Elasticsearch applies
}

// value appends a value that stands at the given depth (of its container).
func (w *writer) value(dst, src []byte, k event.Kind, depth int) []byte {
	if k == event.Text {
		return quote.Append(dst, src)
	}
	w.dst, w.src, w.pos, w.moved, w.loose = dst, src, 0, 0, false
	start, ok := len(dst), false
	if k == event.JSON {
		w.space()
		if ok = w.json(depth); ok {
			w.space()
		}
	} else {
		ok = w.msgpack(depth)
	}
	w.members = w.members[:0]
	if dst, w.dst, w.src = w.dst, nil, nil; ok && w.pos == len(src) {
		return dst
	}
	if k == event.JSON {
		return quote.Append(dst[:start], src)
	}
	return appendBinary(dst[:start], src)
}

// appendBinary appends bytes as a string: as they are if they are UTF-8, else
// in base64.
func appendBinary(dst, p []byte) []byte {
	if utf8.Valid(p) {
		return quote.Append(dst, p)
	}
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, p)
	return append(dst, '"')
}

// key writes a member's name and colon into the object whose members are
// w.members[base:]. It reports false when repeated names cost too much.
func (w *writer) key(base int, name []byte) bool {
	start := len(w.dst)
	if w.loose {
		w.dst = append(quote.Append(w.dst, name), ':')
		return true
	}
	clean := cleanKey(name)
	if clean {
		w.dst = quote.Append(w.dst, name)
	} else {
		w.text = appendClean(w.text[:0], name)
		w.dst = quote.Append(w.dst, w.text)
	}
	m := member{start: start, name: len(w.dst), renamed: !clean}
	m.sum = sumOf(w.dst[start:m.name])
	for i := base; i < len(w.members); i++ {
		o := &w.members[i]
		if o.sum != m.sum || !bytes.Equal(w.dst[o.start:o.name], w.dst[start:m.name]) {
			continue
		}
		if !o.renamed && !m.renamed { // a true repeat: the last one stays
			n := w.remove(i, start)
			m.start, m.name = m.start-n, m.name-n
			break
		}
		w.dst = append(w.dst[:m.name-1], '_', '"') // two names that became one
		m.name, m.renamed = len(w.dst), true
		m.sum = sumOf(w.dst[start:m.name])
		i = base - 1
		if w.moved += 16; w.moved > w.budget() {
			return false
		}
	}
	w.members = append(w.members, m)
	w.dst = append(w.dst, ':')
	return w.moved <= w.budget()
}

// budget bounds the work that repeated names may cause: beyond it the whole
// value becomes a string.
func (w *writer) budget() int { return 64<<10 + 16*len(w.src) }

// remove takes member i out of the object being written, whose newest member
// starts at newest and is not in w.members yet, and returns the bytes removed.
// Each member ends with a comma while its object is open, so that what follows
// only has to move down.
func (w *writer) remove(i, newest int) int {
	from, to := w.members[i].start, newest
	if i+1 < len(w.members) {
		to = w.members[i+1].start
	}
	n := to - from
	w.moved += len(w.dst) - to
	w.dst = append(w.dst[:from], w.dst[to:]...)
	w.members = append(w.members[:i], w.members[i+1:]...)
	for j := i; j < len(w.members); j++ {
		w.members[j].start -= n
		w.members[j].name -= n
	}
	return n
}

// open begins an object or array and returns the base of its members.
func (w *writer) open(c byte) int {
	w.dst = append(w.dst, c)
	return len(w.members)
}

// close ends it: the last member's comma becomes the bracket.
func (w *writer) close(base int, c byte) {
	if last := len(w.dst) - 1; w.dst[last] == ',' {
		w.dst[last] = c
	} else {
		w.dst = append(w.dst, c)
	}
	w.members = w.members[:base]
}
