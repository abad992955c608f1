package elastictest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// document reads src as the source of the document id in a place with the given
// flattened fields. It returns the error of the item, or nil; what the rules
// found of @timestamp is in s.rules.
func (s *scanner) document(src, id []byte, flat map[string]bool) *apiError {
	s.src, s.id, s.pos, s.tok = src, id, 0, 0
	s.fields, s.open, s.text = s.fields[:0], s.open[:0], s.text[:0]
	s.rules.reset(flat)
	if len(src) == 0 {
		return &apiError{status: 400, typ: "document_parsing_exception", reason: "[0:0] failed to parse, document is empty"}
	}
	s.bom()
	err := s.space()
	if err == nil && s.pos < len(src) && src[s.pos] == '{' {
		if err = s.tree(); err == nil {
			err = s.space()
		}
	} else if err == nil {
		return s.notObject()
	}
	if err != nil {
		if s.rules.broken != nil { // the mapping saw its error first, but the text cannot be kept
			s.rules.broken.unreadable, s.rules.broken.suppressed = true, err.request()
			return s.rules.broken
		}
		return err.item()
	}
	if s.rules.broken != nil {
		return s.rules.broken
	}
	s.rules.end = s.pos
	if s.pos < len(src) {
		return s.extra()
	}
	return nil
}

// notObject is the error for a text that does not begin with an object.
func (s *scanner) notObject() *apiError {
	if s.pos < len(s.src) {
		if _, err := s.peek(); err != nil {
			return err.item()
		}
	}
	return &apiError{status: 400, typ: "document_parsing_exception", reason: "Malformed content, must start with an object"}
}

// extra is the error for something behind the object.
func (s *scanner) extra() *apiError {
	k, err := s.peek()
	if err != nil {
		e := err.item()
		e.unreadable = false // a failure store reads the object alone
		return e
	}
	return &apiError{status: 400, typ: "illegal_argument_exception", reason: "Malformed content, found extra data after parsing: " + k.token()}
}

// peek says what value begins at pos, and reads it if it is no object or array.
func (s *scanner) peek() (kind, *syntaxError) {
	switch c := s.src[s.pos]; {
	case c == '{':
		return object, nil
	case c == '[':
		return array, nil
	case c == '"':
		_, _, _, err := s.str()
		return text, err
	case c == '-' || c-'0' <= 9:
		_, _, _, err := s.number()
		return number, err
	case c == '}' || c == ']':
		return 0, s.bad(s.pos, "Unexpected close marker '%c'", c)
	}
	return s.word()
}

// tree reads the object at pos and all within it.
func (s *scanner) tree() *syntaxError {
	const (
		first = iota // behind an opening: an entry or the end
		entry        // behind a comma: an entry
		after        // behind an entry: a comma or the end
	)
	if err := s.push(false); err != nil {
		return err
	}
	for state := first; len(s.open) > 0; {
		if err := s.space(); err != nil {
			return err
		}
		if s.pos >= len(s.src) {
			if state == entry && !s.open[len(s.open)-1].array {
				return s.noName()
			}
			return s.eof(": expected close marker for " + s.inner())
		}
		inArray, c := s.open[len(s.open)-1].array, s.src[s.pos]
		switch {
		case state != entry && (inArray && c == ']' || !inArray && c == '}'):
			s.pop()
			state = after
		case state == after && c == ',':
			s.pos++
			state = entry
		case state == after:
			return s.bad(s.pos, "Unexpected character (%s): was expecting comma to separate %s entries", char(s.src[s.pos:]), s.inner())
		default:
			if !inArray {
				if err := s.name(); err != nil {
					return err
				}
			}
			opened, err := s.value()
			if err != nil {
				return err
			}
			state = after
			if opened {
				state = first
			}
		}
	}
	return nil
}

func (s *scanner) inner() string {
	if s.open[len(s.open)-1].array {
		return "Array"
	}
	return "Object"
}

// value reads the value at pos; opened: it is an object or array, whose
// entries come next.
func (s *scanner) value() (opened bool, err *syntaxError) {
	if s.pos >= len(s.src) {
		return false, s.eof("within/between entries")
	}
	at := s.pos
	switch c := s.src[at]; {
	case c == '"':
		s.tok = at
		start, end, _, err := s.str()
		if err == nil {
			s.rules.leaf(s, text, at, s.src[start:end], true)
		}
		return false, err
	case c == '{' || c == '[':
		return true, s.push(c == '[')
	case c == '-' || c-'0' <= 9:
		start, end, whole, err := s.number()
		if err == nil {
			s.tok = at
			s.rules.leaf(s, number, at, s.src[start:end], whole)
		}
		return false, err
	}
	k, err := s.word()
	if err == nil {
		s.tok = at
		s.rules.leaf(s, k, at, s.src[at:s.pos], true)
	}
	return false, err
}

// name reads a member's name and the colon behind it, and leaves pos at the
// value.
func (s *scanner) name() *syntaxError {
	at := s.pos
	if s.src[at] != '"' {
		return s.noName()
	}
	start, end, escaped, err := s.str()
	if err != nil {
		return err
	}
	f := field{off: uint32(start), n: uint32(end - start)}
	if escaped {
		off := len(s.text)
		s.text = unescape(s.text, s.src[start:end])
		f = field{off: uint32(off), n: uint32(len(s.text) - off), decoded: true}
	}
	name := s.nameOf(f)
	var dots bool
	f.print, dots = fingerprint(name)
	top := &s.open[len(s.open)-1]
	if seen := s.fields[top.first:]; len(seen) < manyNames {
		for i := range seen {
			if seen[i].print == f.print && bytes.Equal(s.nameOf(seen[i]), name) {
				return s.bad(s.pos, "Duplicate field '%s'", name)
			}
		}
	}
	s.fields = append(s.fields, f)
	if err := s.space(); err != nil {
		return err
	}
	if s.pos >= len(s.src) || s.src[s.pos] != ':' {
		if s.pos >= len(s.src) {
			return s.eof("in field name")
		}
		return s.bad(s.pos, "Unexpected character (%s): was expecting a colon to separate field name and value", char(s.src[s.pos:]))
	}
	s.tok = at
	s.pos++
	s.rules.name(s, name, at, dots)
	return s.space()
}

func (s *scanner) nameOf(f field) []byte {
	if f.decoded {
		return s.text[f.off : f.off+f.n]
	}
	return s.src[f.off : f.off+f.n]
}

// push opens the object or array at pos.
func (s *scanner) push(isArray bool) *syntaxError {
	if len(s.open) >= maxNesting {
		return s.constraint(s.pos, "Document nesting depth (%d) exceeds the maximum allowed (%d, from `StreamReadConstraints.getMaxNestingDepth()`)", len(s.open)+1, maxNesting)
	}
	l := level{first: int32(len(s.fields)), array: isArray}
	s.rules.opens(s, &l)
	s.open = append(s.open, l)
	s.tok = s.pos
	s.pos++
	return nil
}

// pop closes the innermost object or array, whose closing mark is at pos.
func (s *scanner) pop() {
	top := s.open[len(s.open)-1]
	if len(s.fields)-int(top.first) > manyNames {
		s.uniqueNames(s.fields[top.first:])
	}
	s.fields = s.fields[:top.first]
	s.open = s.open[:len(s.open)-1]
	s.tok = s.pos
	s.pos++
}

// manyNames is from where on names are compared when the object ends, all at
// once, and not each with all before it.
const manyNames = 48

type print struct {
	print uint64
	at    int32
}

// uniqueNames looks for names that come twice in a large object.
func (s *scanner) uniqueNames(fields []field) {
	s.prints = s.prints[:0]
	for i := range fields {
		s.prints = append(s.prints, print{fields[i].print, int32(i)})
	}
	slices.SortFunc(s.prints, func(a, b print) int {
		if a.print < b.print {
			return -1
		} else if a.print > b.print {
			return 1
		}
		return 0
	})
	for i := 1; i < len(s.prints); i++ {
		for k := i - 1; k >= 0 && s.prints[k].print == s.prints[i].print; k-- {
			if a, b := fields[s.prints[k].at], fields[s.prints[i].at]; bytes.Equal(s.nameOf(a), s.nameOf(b)) {
				s.rules.duplicate(s, s.nameOf(b))
				return
			}
		}
	}
}

// fingerprint of a name: its length, first and last bytes; dots: there may be a
// dot in it.
func fingerprint(b []byte) (h uint64, dots bool) {
	n := len(b)
	if n < 8 {
		for _, c := range b {
			h = h<<8 | uint64(c)
		}
		return h ^ uint64(n)<<56, hasDot(h)
	}
	head, tail := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	return head*0x9e3779b97f4a7c15 ^ tail ^ uint64(n)<<56, n > 16 || hasDot(head) || hasDot(tail)
}

func hasDot(x uint64) bool {
	x ^= ones * '.'
	return (x-ones)&^x&highs != 0
}

// path is the dotted path of the present value's field.
func (s *scanner) path(dst []byte) []byte {
	for i := range s.open {
		last := len(s.fields)
		if i+1 < len(s.open) {
			last = int(s.open[i+1].first)
		}
		if s.open[i].array || last == int(s.open[i].first) {
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, '.')
		}
		dst = append(dst, s.nameOf(s.fields[last-1])...)
	}
	return dst
}
