package ruby

import (
	"fmt"
	"time"

	"sluice/event"
	"sluice/parser/timefmt"
)

// What one record's expression may cost.
const (
	maxSteps   = 1 << 18 // calls of methods and blocks
	maxScratch = 1 << 24 // bytes of what is built
	maxList    = 1 << 17 // elements
)

// Env is what running needs; it belongs to one goroutine at a time.
type Env struct {
	c       *Compiler
	batch   *event.Batch
	i       int
	keys    []uint16 // of the compiler's fields in the batch
	tag     string
	tags    [3]value // its arrays
	record  value    // as a hash, once it was asked for
	held    []held   // of the record, where it may be changed
	texts   []pair   // of the record, changed in place
	locals  []value
	stack   []value // arguments of calls under way
	scratch []byte  // strings that were built
	matched value   // $~
	steps   int
	err     *Raised
	room    Raised
	forms   map[form]*timefmt.Formatter
	set     []rune // of tr
	target  []rune
}

// Raised is what an expression raised.
type Raised struct{ Class, Message string }

func (r *Raised) Error() string { return r.Class + ": " + r.Message }

// Env returns an Env for a batch; Close gives it back.
func (c *Compiler) Env(b *event.Batch) *Env {
	e := c.pool.Get().(*Env)
	e.c, e.batch = c, b
	e.keys = e.keys[:0]
	for _, name := range c.fields {
		e.keys = append(e.keys, b.KeyString(name))
	}
	if b.Tag != e.tag {
		e.tag, e.tags = b.Tag, [3]value{}
	}
	e.Record(-1)
	return e
}

// Close ends the use of e.
func (e *Env) Close() {
	clear(e.stack[:cap(e.stack)])
	clear(e.locals[:cap(e.locals)])
	if cap(e.scratch) > 1<<20 {
		e.scratch = nil
	}
	clear(e.held[:cap(e.held)])
	clear(e.texts[:cap(e.texts)])
	e.batch, e.record, e.matched = nil, value{}, value{}
	e.c.pool.Put(e)
}

// Record goes to record i of the batch; values made for the one before are
// gone. -1: none, for what does not vary.
func (e *Env) Record(i int) {
	e.i, e.record, e.scratch, e.matched = i, value{}, e.scratch[:0], value{}
	e.held, e.texts = e.held[:0], e.texts[:0]
}

// Value runs p for the record and puts what comes out into the batch: text says
// as a text, whatever it is. The error is a *Raised.
func (e *Env) Value(p *Program, text bool) (event.Value, error) {
	v, err := e.run(p)
	switch {
	case err != nil:
		return event.Value{}, err
	case text:
		return storeText(e.batch, v), nil
	}
	return store(e.batch, v), nil
}

// Truthy runs p and reports whether what comes out is neither nil nor false.
func (e *Env) Truthy(p *Program) (bool, error) {
	v, err := e.run(p)
	return v.truthy(), err
}

func (e *Env) run(p *Program) (value, error) {
	for len(e.locals) < p.locals {
		e.locals = append(e.locals, value{})
	}
	clear(e.locals)
	e.stack, e.steps, e.err = e.stack[:0], 0, nil
	v := p.run(e)
	if e.err != nil {
		return value{}, e.err
	}
	return v, nil
}

// fail raises; the first error counts. What follows computes with nil.
func (e *Env) fail(class, message string) value {
	if e.err == nil {
		e.room = Raised{class, message}
		e.err = &e.room
	}
	return value{}
}

func (e *Env) failf(class, format string, args ...any) value {
	if e.err == nil {
		e.fail(class, fmt.Sprintf(format, args...))
	}
	return value{}
}

func (e *Env) raised() bool { return e.err != nil }

// spent reports whether a bound was passed.
func (e *Env) spent() bool { return e.steps > maxSteps || len(e.scratch) > maxScratch }

// step counts a call; false: it is one too many.
func (e *Env) step() bool {
	if e.steps++; e.spent() {
		e.fail("RangeError", "the expression takes too long or builds too much")
		return false
	}
	return e.err == nil
}

func (e *Env) push(v value) { e.stack = append(e.stack, v) }

// taken is what has been appended to scratch since from, as a string.
func (e *Env) taken(from int) value {
	if len(e.scratch) > maxScratch {
		return e.fail("RangeError", "the text is too large")
	}
	return str(view(e.scratch[from:len(e.scratch):len(e.scratch)]))
}

// field is the record's field of a slot, or what the batch says under its name.
func (e *Env) field(slot int) value {
	if e.i < 0 {
		return value{}
	}
	if e.c.changes {
		if e.record.kind == kHash { // it may have been set or deleted
			v, _ := e.record.o.get(str(e.c.fields[slot]))
			return v
		}
		return e.hold(e.c.fields[slot], e.keys[slot])
	}
	if v, ok := e.batch.Get(e.i, e.keys[slot]); ok {
		return load(e.batch, v)
	}
	v, _ := sharedValue(e.batch.Shared, e.c.fields[slot])
	return v
}

// wholeRecord is the record as a hash.
func (e *Env) wholeRecord() value {
	if e.record.kind == kHash || e.i < 0 {
		return e.record
	}
	h := hash()
	for _, f := range e.batch.FieldsOf(e.i) {
		v := load(e.batch, f.Val)
		if e.c.changes {
			v = e.hold(e.batch.Keys[f.Key], f.Key)
		}
		h.o.set(str(e.batch.Keys[f.Key]), v)
	}
	for _, name := range sharedNames {
		if v, ok := sharedValue(e.batch.Shared, name); ok {
			if _, has := h.o.get(str(name)); !has {
				if e.c.changes {
					v = e.hold(name, e.batch.KeyString(name))
				}
				h.o.set(str(name), v)
			}
		}
	}
	e.record = h
	return h
}

func (e *Env) time() value {
	if e.i < 0 {
		return value{}
	}
	t := e.batch.Recs[e.i].Time
	if t.IsZero() {
		return value{}
	}
	return value{kind: kTime, n: t.Sec, nsec: t.Nsec}
}

// stdTime is a kTime as the standard library's.
func stdTime(v value) time.Time {
	t := time.Unix(v.n, int64(v.nsec))
	if v.o != nil && v.o.loc != nil {
		return t.In(v.o.loc)
	}
	return t
}

// tagArray is tag_parts, tag_prefix or tag_suffix.
func (e *Env) tagArray(which int) value {
	if e.tags[which].kind == kArr {
		return e.tags[which]
	}
	tag := e.batch.Tag
	var list []value
	for from := 0; from <= len(tag) && tag != ""; {
		to := from
		for to < len(tag) && tag[to] != '.' {
			to++
		}
		list = append(list, str([3]string{tag[from:to], tag[:to], tag[from:]}[which]))
		from = to + 1
	}
	e.tags[which] = value{kind: kArr, o: &object{list: list, frozen: true}}
	return e.tags[which]
}
