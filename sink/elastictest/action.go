package elastictest

import (
	"fmt"
	"strconv"
)

// op is what an action line asks for.
type op uint8

const (
	opCreate op = iota
	opIndex
	opDelete
	opUpdate
)

var opNames = [...]string{"create", "index", "delete", "update"}

// action is one action line.
type action struct {
	op          op
	overwrite   bool   // op index that may replace a document
	index       []byte // nil: none given
	id          []byte // nil: none given
	routing     bool
	pipeline    []byte
	noPipeline  bool // the pipeline is ""
	needAlias   bool // require_alias
	needStream  bool // require_data_stream
	list        bool // list_executed_pipelines
	version     bool
	warn        int // which leniency it made use of
	versionType []byte
}

// The server's warnings about actions that it takes for now.
const (
	warnKeys = 1 + iota
	warnTrailing
	warnOpen
)

var warnings = [...]string{
	"",
	"A bulk action object contained multiple keys. Additional keys are currently ignored but will be rejected in a future version.",
	"A bulk action contained trailing data after the closing brace. This is currently ignored but will be rejected in a future version.",
	"A bulk action wasn't closed properly with the closing brace. Malformed objects are currently accepted but will be rejected in a future version.",
}

func malformed(line int, format string, args ...any) *apiError {
	return illegal(fmt.Sprintf("Malformed action/metadata line [%d], ", line) + fmt.Sprintf(format, args...))
}

// action reads an action line, the line-th of the body. ok: there is one on it.
func (s *scanner) action(src []byte, line int, a *action) (ok bool, e *apiError) {
	s.src, s.pos, s.tok = src, 0, 0
	s.bom()
	if err := s.space(); err != nil {
		return false, err.request()
	}
	if s.pos == len(src) {
		return false, nil
	}
	k, err := s.peek()
	if err != nil {
		return false, err.request()
	}
	if k != object {
		return false, malformed(line, "expected START_OBJECT but found [%s]", k.token())
	}
	s.pos++
	name, more, err := s.member(true)
	if err != nil {
		return false, err.request()
	}
	if !more {
		return false, malformed(line, "expected FIELD_NAME but found [END_OBJECT]")
	}
	switch string(name) {
	case "create":
		a.op = opCreate
	case "index":
		a.op, a.overwrite = opIndex, true
	case "delete":
		a.op = opDelete
	case "update":
		a.op = opUpdate
	default:
		return false, malformed(line, "expected field [create], [delete], [index] or [update] but found [%s]", name)
	}
	if k, err = s.peekValue(); err != nil {
		return false, err.request()
	}
	if k != object {
		return false, malformed(line, "expected START_OBJECT or END_OBJECT but found [%s]", k.token())
	}
	s.pos++
	if e := s.metadata(line, a); e != nil {
		return false, e
	}
	return true, s.close(a)
}

// metadata reads the members of the object that says where a document goes.
func (s *scanner) metadata(line int, a *action) *apiError {
	var seen uint32
	for first := true; ; first = false {
		name, more, err := s.member(first)
		if err != nil {
			return err.request()
		}
		if !more {
			return nil
		}
		k, err := s.peekValue()
		if err != nil {
			return err.request()
		}
		if k == object || k == array {
			if string(name) == "dynamic_templates" && k == object || string(name) == "_source" && k == object {
				if err := s.skip(); err != nil {
					return err.request()
				}
				continue
			}
			return malformed(line, "expected a simple value for field [%s] but found [%s]", name, k.token())
		}
		bit := keyBit(name)
		if seen&bit != 0 {
			return s.bad(s.pos, "Duplicate field '%s'", name).request()
		}
		seen |= bit
		if k == null {
			continue
		}
		if bit == 0 {
			return illegal(fmt.Sprintf("Action/metadata line [%d] contains an unknown parameter [%s]", line, name))
		}
		if e := a.set(string(name), s.val); e != nil {
			return e
		}
	}
}

var keys = [...]string{
	"_index", "_id", "routing", "op_type", "version", "version_type", "if_seq_no", "if_primary_term",
	"retry_on_conflict", "pipeline", "_source", "require_alias", "require_data_stream", "list_executed_pipelines", "dynamic_templates",
}

// keyBit numbers the keys that an action may have; 0: not one of them.
func keyBit(name []byte) uint32 {
	for i := range keys {
		if keys[i] == string(name) {
			return 1 << i
		}
	}
	return 0
}

// set takes over a value, of which the server knows the text alone.
func (a *action) set(key string, val []byte) *apiError {
	var err *apiError
	switch key {
	case "_index":
		a.index = val
	case "_id":
		a.id = val
	case "routing":
		a.routing = true
	case "op_type":
		if a.op == opIndex && string(val) == "create" {
			a.op, a.overwrite = opCreate, false
		}
	case "pipeline":
		a.pipeline, a.noPipeline = val, len(val) == 0
	case "version", "if_seq_no", "if_primary_term", "retry_on_conflict":
		if _, perr := strconv.ParseInt(string(val), 10, 64); perr != nil {
			return illegal(`For input string: "` + string(val) + `"`)
		}
		a.version = a.version || key == "version"
	case "version_type":
		a.versionType = val
	case "require_alias":
		a.needAlias, err = truth(val)
	case "require_data_stream":
		a.needStream, err = truth(val)
	case "list_executed_pipelines":
		a.list, err = truth(val)
	}
	return err
}

func truth(val []byte) (bool, *apiError) {
	if s := string(val); s != "true" && s != "false" {
		return false, illegal("Failed to parse value [" + s + "] as only [true] or [false] are allowed.")
	}
	return string(val) == "true", nil
}

// close reads what stands behind the metadata, of which the server takes more
// than it should.
func (s *scanner) close(a *action) *apiError {
	if err := s.space(); err != nil {
		return err.request()
	}
	if s.pos == len(s.src) {
		a.warn = warnOpen
		return nil
	}
	if s.src[s.pos] == ',' {
		if _, _, err := s.member(false); err != nil {
			return err.request()
		}
		a.warn = warnKeys
		return nil
	}
	if s.src[s.pos] != '}' {
		return s.bad(s.pos, "Unexpected character (%s): was expecting comma to separate Object entries", char(s.src[s.pos:])).request()
	}
	s.pos++
	if err := s.space(); err != nil {
		return err.request()
	}
	if s.pos == len(s.src) {
		return nil
	}
	a.warn = warnTrailing
	if _, err := s.peek(); err != nil {
		return err.request()
	}
	return nil
}

// member reads the next member's name and colon in the object that pos is in.
// more is false at the object's end, which is read.
func (s *scanner) member(first bool) (name []byte, more bool, err *syntaxError) {
	if err = s.space(); err != nil {
		return nil, false, err
	}
	if s.pos < len(s.src) && s.src[s.pos] == '}' {
		s.pos++
		return nil, false, nil
	}
	if !first {
		if s.pos < len(s.src) && s.src[s.pos] != ',' {
			return nil, false, s.bad(s.pos, "Unexpected character (%s): was expecting comma to separate Object entries", char(s.src[s.pos:]))
		}
		if s.pos == len(s.src) {
			return nil, false, s.eof(": expected close marker for Object")
		}
		s.pos++
		if err = s.space(); err != nil {
			return nil, false, err
		}
	} else if s.pos == len(s.src) {
		return nil, false, s.eof(": expected close marker for Object")
	}
	if s.pos == len(s.src) || s.src[s.pos] != '"' {
		return nil, false, s.noName()
	}
	start, end, escaped, err := s.str()
	if err != nil {
		return nil, false, err
	}
	if name = s.src[start:end]; escaped {
		name = unescape(nil, name)
	}
	if err = s.space(); err != nil {
		return nil, false, err
	}
	if s.pos >= len(s.src) {
		return nil, false, s.eof("in field name")
	}
	if s.src[s.pos] != ':' {
		return nil, false, s.bad(s.pos, "Unexpected character (%s): was expecting a colon to separate field name and value", char(s.src[s.pos:]))
	}
	s.pos++
	return name, true, s.space()
}

// peekValue reads the value at pos if it is no object or array, and leaves its
// text in s.val.
func (s *scanner) peekValue() (kind, *syntaxError) {
	if s.pos >= len(s.src) {
		return 0, s.eof("within/between Object entries")
	}
	at := s.pos
	if s.src[at] == '"' {
		start, end, escaped, err := s.str()
		if err != nil {
			return 0, err
		}
		if s.val = s.src[start:end:end]; escaped {
			s.val = unescape(make([]byte, 0, end-start), s.val)
		}
		return text, nil
	}
	k, err := s.peek()
	s.val = s.src[at:s.pos:s.pos]
	return k, err
}

// skip reads the object at pos and forgets it.
func (s *scanner) skip() *syntaxError {
	s.fields, s.open, s.text = s.fields[:0], s.open[:0], s.text[:0]
	s.rules.reset(nil)
	return s.tree()
}
