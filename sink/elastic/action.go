package elastic

import (
	"bytes"
	"slices"

	"sluice/event"
	"sluice/sink/format"
	"sluice/wire/quote"
)

// Theirs is what the bulk action and the document of fluent-plugin-elasticsearch
// take from fields of the record.
type Theirs struct {
	IDKey      string   // the field with the document's id; a record without it has ours
	RoutingKey string   // the field with its routing
	IndexKey   string   // the field with its index, instead of the sink's
	Removed    []string // fields that are not in the document
	// Write is what becomes of a document of IDKey: create, which is refused where
	// there is one with its id; index, which takes its place; update, which changes
	// its fields, or upsert, which is both.
	Write string
}

// slotRemoved is a field that is not written.
const slotRemoved slot = 0xff

// asks reports whether records are asked for anything but their fields.
func (t *Theirs) asks() bool { return t.IDKey != "" || t.RoutingKey != "" || t.IndexKey != "" }

// action appends what stands in front of record i's document, where it is asked
// for its id, routing or index; what stands behind it is in e.behind.
func (e *encoder) action(dst []byte, i int, r *event.Record) []byte {
	l := &e.sink.like.Theirs
	op, before, from := `{"create":{`, "", len(dst)
	e.field, e.behind = e.fieldText(e.field[:0], i, l.IDKey), ""
	if len(e.field) > 0 {
		op, before, e.behind = l.operation()
	}
	dst = append(dst, op...)
	switch {
	case len(e.field) > 0:
		dst = quote.Append(append(dst, `"_id":`...), e.field)
	case e.sink.own:
		dst = append(r.ID.Append(append(dst, `"_id":"`...)), '"')
	}
	if e.field = e.fieldText(e.field[:0], i, l.RoutingKey); len(e.field) > 0 {
		if len(dst) > from+len(op) {
			dst = append(dst, ',')
		}
		dst = quote.Append(append(dst, `"routing":`...), e.field)
	}
	return append(append(dst, "}}\n"...), before...)
}

// operation is how an action begins, and what stands around its document.
func (t *Theirs) operation() (op, before, behind string) {
	switch t.Write {
	case "index":
		return `{"index":{`, "", ""
	case "update":
		return opUpdate, docBefore, docBehind
	case "upsert":
		return opUpdate, docBefore, docOrNew
	}
	return `{"create":{`, "", ""
}

// What stands around a document that is changed.
const (
	opUpdate  = `{"update":{`
	docBefore = `{"doc":`
	docBehind = "}\n"
	docOrNew  = `,"doc_as_upsert":true}` + "\n"
)

// document is where in an item its document is; to is 0 where there is none.
func document(item []byte) (from, to int) {
	from, to = bytes.IndexByte(item, '\n')+1, len(item)
	if from == 0 {
		return 0, 0
	}
	if bytes.HasPrefix(item, []byte(opUpdate)) {
		from += len(docBefore)
		if to -= len(docBehind); bytes.HasSuffix(item, []byte(docOrNew)) {
			to = len(item) - len(docOrNew)
		}
	}
	if from >= to {
		return 0, 0
	}
	return from, to
}

// fieldText appends the text of record i's field, nothing where it has none.
func (e *encoder) fieldText(dst []byte, i int, name string) []byte {
	if name == "" {
		return dst
	}
	return format.AppendField(dst, e.batch, i, name)
}

// ownIndex is the name of the index that record i names itself; empty: it does
// not.
func (e *encoder) ownIndex(i int) string {
	if e.sink.like.Theirs.IndexKey == "" {
		return ""
	}
	if e.target = e.fieldText(e.target[:0], i, e.sink.like.Theirs.IndexKey); len(e.target) == 0 {
		return ""
	}
	e.target = cleanName(e.target)
	return e.interned()
}

// removed reports whether a field is not to be in the document.
func (s *Sink) removed(name string) bool {
	return !s.ecs && len(s.like.Theirs.Removed) > 0 && slices.Contains(s.like.Theirs.Removed, name)
}

// updates reports whether item i changes a document.
func (s *Sink) updates(c *event.Chunk, i uint32) bool {
	if s.like.Theirs.Write != "update" && s.like.Theirs.Write != "upsert" {
		return false
	}
	b, n := c.At(i)
	return bytes.HasPrefix(b.Item(n), []byte(opUpdate))
}

// ours reports whether item i has an id of ours, so that 409 says that it is
// there already.
func (s *Sink) ours(c *event.Chunk, i uint32) bool {
	if !s.own || s.like.Theirs.IDKey == "" {
		return s.own
	}
	b, n := c.At(i)
	id := b.IDs[n].Append(make([]byte, 0, 32))
	return bytes.HasPrefix(b.Item(n), append([]byte(`{"create":{"_id":"`), append(id, '"')...))
}
