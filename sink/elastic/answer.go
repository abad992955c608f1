package elastic

import (
	"errors"
	"io"
	"strings"
)

var (
	errNoJSON  = errors.New("it is not a bulk answer in JSON")
	errNoItems = errors.New("it has no items")
	errLong    = errors.New("it is longer than any answer should be")
)

// maxReason is how much of an error's reason is kept, in bytes.
const maxReason = 512

// item is what one element of an answer's items says, valid until next.
type item struct {
	status int
	typ    []byte // of the error
	reason []byte
	cause  []byte // the reason of the error's cause
	store  []byte // failure_store
}

// elsewhere reports whether the document went to the failure store.
func (it *item) elsewhere() bool { return string(it.store) == "used" }

// words are the server's words on a refusal, which may quote the document.
func (it *item) words() string {
	s := string(it.reason)
	if len(it.cause) > 0 {
		s += ": " + string(it.cause)
	}
	return strings.ToValidUTF8(s[:min(len(s), maxReason)], "")
}

// answer reads the answer to a bulk request as a stream: no tree, nothing
// allocated for an item, a window of fixed size. It is strict about structure
// and lenient about the scalars that it skips.
type answer struct {
	stream
	item  item
	state state
	first bool // nothing was read yet of the object or array that state is in
	items bool // the key items was there
}

type state uint8

const (
	atStart  state = iota
	inObject       // the outermost
	inItems
	atEnd
)

// reset begins a new answer of at most limit bytes.
func (a *answer) reset(r io.Reader, limit int64) {
	a.stream.reset(r, limit)
	a.state, a.first, a.items = atStart, true, false
	a.item.clear()
}

func (it *item) clear() {
	it.status, it.typ, it.reason, it.cause, it.store = 0, it.typ[:0], it.reason[:0], it.cause[:0], it.store[:0]
}

// next reads up to the next item and reports whether there is one. At the end
// err is nil if the answer was complete and had items.
func (a *answer) next() bool {
	for a.err == nil {
		switch a.state {
		case atStart:
			a.expect('{')
			a.state = inObject
		case inObject:
			a.member()
		case inItems:
			if a.element() {
				return a.err == nil
			}
			a.state = inObject
		case atEnd:
			return false
		}
	}
	return false
}

// member reads a member of the outermost object, or its end.
func (a *answer) member() {
	if !a.field(a.first) {
		a.finish()
		a.state = atEnd
		if !a.items {
			a.fail(errNoItems)
		}
		return
	}
	a.first = false
	switch string(a.key) {
	case "items":
		if a.items {
			a.fail(errNoJSON)
		}
		a.expect('[')
		a.state, a.first, a.items = inItems, true, true
	case "error":
		a.failure()
	default:
		a.skip()
	}
}

// stored is the element for a document that was stored, as the servers write
// it under bulkQuery. It is looked for first; nothing depends on it.
const stored = `{"create":{"status":201}}`

// element reads one element of items, {"create":{...}}; false: they end.
func (a *answer) element() bool {
	c := a.token()
	if c == ']' {
		a.first = false
		return false
	}
	if !a.first {
		if c != ',' {
			a.fail(errNoJSON)
		}
		c = a.token()
	}
	a.first = false
	if c == '{' && a.follows(stored[1:]) {
		a.item.clear()
		a.item.status = 201
		return true
	}
	if c != '{' || !a.field(true) {
		a.fail(errNoJSON)
	}
	a.result()
	a.expect('}')
	return true
}

// result reads what became of one document.
func (a *answer) result() {
	it := &a.item
	it.clear()
	a.expect('{')
	for first := true; a.field(first); first = false {
		switch string(a.key) {
		case "status":
			it.status = a.number()
		case "failure_store":
			it.store = a.string(it.store, maxType)
		case "error":
			a.failure()
		default:
			a.skip()
		}
	}
	if it.status < 200 || it.status > 599 {
		a.fail(errNoJSON)
	}
}

// failure reads an error: an object, or in old or short answers a string.
func (a *answer) failure() {
	it := &a.item
	c := a.token()
	if c != '{' {
		a.back()
		it.reason = a.string(it.reason[:0], maxReason)
		return
	}
	for first := true; a.field(first); first = false {
		switch string(a.key) {
		case "type":
			it.typ = a.string(it.typ[:0], 2*maxType)
		case "reason":
			it.reason = a.string(it.reason[:0], maxReason)
		case "caused_by":
			a.cause()
		default:
			a.skip()
		}
	}
}

func (a *answer) cause() {
	if c := a.token(); c != '{' {
		a.back()
		a.skip()
		return
	}
	for first := true; a.field(first); first = false {
		if string(a.key) == "reason" {
			a.item.cause = a.string(a.item.cause[:0], maxReason)
		} else {
			a.skip()
		}
	}
}
