package elastictest

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// maxDepth is index.mapping.depth.limit: the root is the first level. A
// flattened field may hold as many levels of objects again.
const maxDepth = 20

// rules are what dynamic mapping refuses in a document that is good JSON. The
// first breach is kept and reading goes on, for whether the text can be kept
// in a failure store depends on its being JSON to the end.
type rules struct {
	flat   map[string]bool // paths of flattened fields
	broken *apiError
	stamp  stamp
	end    int // of the object
	parts  int32
	meta   bool // the present root field is one of the server's own
	buf    []byte
}

// stamp is what the document has at @timestamp.
type stamp struct {
	here   bool // the present root field is it
	values int
	kind   kind
	at     int // of the last value
	val    []byte
}

func (r *rules) reset(flat map[string]bool) { *r = rules{flat: flat, buf: r.buf} }

func (r *rules) breach(column int, typ, format string, args ...any) {
	if r.broken == nil {
		r.broken = &apiError{status: 400, typ: typ, reason: fmt.Sprintf("[1:%d] ", column) + fmt.Sprintf(format, args...)}
	}
}

// caused is a breach whose words stand again in the cause, as for most.
func (r *rules) caused(column int, format string, args ...any) {
	if r.broken == nil {
		words := fmt.Sprintf(format, args...)
		r.breach(column, docError, "failed to parse: %s", words)
		r.broken.cause = &apiError{typ: "illegal_argument_exception", reason: words}
	}
}

const docError = "document_parsing_exception"

// name judges a member's name, which begins at at; dots: there may be one in it.
func (r *rules) name(s *scanner, name []byte, at int, dots bool) {
	top := &s.open[len(s.open)-1]
	if len(s.open) == 1 {
		r.stamp.here = string(name) == "@timestamp"
		r.meta = len(name) > 0 && name[0] == '_' && metadata(name)
	}
	r.parts = top.parts + 1
	if top.flat > 0 {
		return
	}
	if len(name) == 0 {
		r.caused(at+1, "field name cannot be an empty string")
	} else if dots && bytes.IndexByte(name, '.') >= 0 {
		r.dotted(name, at)
	} else if (name[0] <= ' ' || name[0] >= 0x80) && blank(name) {
		r.buf = s.path(r.buf[:0])
		r.breach(at+1, docError, "Field name cannot contain only whitespace: [%s]", r.buf)
	}
}

// dotted judges a name that is a path.
func (r *rules) dotted(name []byte, at int) {
	// Java's split leaves out empty parts at the end: "a." is "a".
	path := bytes.TrimRight(name, ".")
	if len(path) == 0 {
		r.caused(at+1, "field name cannot contain only dots")
		return
	}
	r.parts--
	for rest, more := path, true; more; r.parts++ {
		var part []byte
		part, rest, more = bytes.Cut(rest, []byte{'.'})
		if len(part) == 0 {
			r.caused(at+1, "field name cannot contain only whitespace: ['%s']", name)
		} else if blank(part) {
			r.caused(at+1, "field name starting or ending with a [.] makes object resolution ambiguous: [%s]", name)
		}
	}
	if r.parts-1 > maxDepth-1 { // the objects that the path makes
		r.tooDeep(name, at)
	}
}

func (r *rules) tooDeep(path []byte, at int) {
	r.caused(at+1, "Limit of mapping depth [%d] has been exceeded due to object field [%s]", maxDepth, path)
}

// opens judges an object or array that begins at s.pos as the present field's
// value, and counts its levels.
func (r *rules) opens(s *scanner, l *level) {
	if len(s.open) == 0 {
		return
	}
	top := s.open[len(s.open)-1]
	l.parts, l.flat = top.parts, top.flat
	if !top.array {
		l.parts = r.parts
	}
	if l.array {
		return
	}
	if r.stamp.here {
		r.stamp.values, r.stamp.kind, r.stamp.at = r.stamp.values+1, object, s.pos
	}
	if l.flat == 0 && r.meta && len(s.open) == 1 {
		r.metaField(s, s.pos)
	}
	switch {
	case l.flat > 0:
		if l.flat++; l.flat == maxDepth+1 {
			r.buf = s.path(r.buf[:0])
			if r.broken == nil {
				r.breach(s.pos+1, docError, "failed to parse field [%s] of type [flattened] in document with id '%s'", r.buf, s.id)
				r.broken.cause = &apiError{typ: "illegal_argument_exception", reason: fmt.Sprintf("The provided [flattened] field [%s] exceeds the maximum depth limit of [%d].", r.buf, maxDepth)}
			}
		}
	case len(r.flat) > 0 && r.flattened(s):
		l.flat = 1
	case l.parts == maxDepth:
		r.buf = s.path(r.buf[:0])
		r.tooDeep(r.buf, s.pos)
	}
}

func (r *rules) flattened(s *scanner) bool {
	r.buf = s.path(r.buf[:0])
	return r.flat[string(r.buf)]
}

// leaf judges a value that is no object or array and begins at at.
func (r *rules) leaf(s *scanner, k kind, at int, val []byte, whole bool) {
	if r.stamp.here && k != null {
		r.stamp.values, r.stamp.kind, r.stamp.at, r.stamp.val = r.stamp.values+1, k, at, val
	}
	top := &s.open[len(s.open)-1]
	if k == null || top.flat > 0 {
		return
	}
	if r.meta && (len(s.open) == 1 || top.parts == 1) {
		r.metaField(s, at)
	}
	if k == number {
		r.number(s, at, val, whole)
	}
}

// number judges a number as dynamic mapping does: a whole one becomes a long,
// any other a float of 32 bits, which must be finite.
func (r *rules) number(s *scanner, at int, val []byte, whole bool) {
	if whole && len(val) <= 18 || !whole && len(val) <= 38 && bytes.IndexByte(val, 'e') < 0 && bytes.IndexByte(val, 'E') < 0 {
		return
	}
	typ, shown, words := "long", string(val), ""
	if whole {
		if _, err := strconv.ParseInt(string(val), 10, 64); err == nil {
			return
		}
		words = fmt.Sprintf("Numeric value (%s) out of range of long (-9223372036854775808 - 9223372036854775807)%s", val, s.excerpt(s.pos+1))
	} else {
		if f, _ := strconv.ParseFloat(string(val), 32); !math.IsInf(f, 0) {
			return
		}
		typ, shown = "float", "Infinity"
		if val[0] == '-' {
			shown = "-Infinity"
		}
	}
	if r.broken != nil {
		return
	}
	r.buf = s.path(r.buf[:0])
	r.breach(at+1, docError, "failed to parse field [%s] of type [%s] in document with id '%s'. Preview of field's value: '%s'", r.buf, typ, s.id, shown)
	if whole {
		r.broken.cause = &apiError{
			typ: "x_content_parse_exception", reason: fmt.Sprintf("[1:%d] %s", s.pos+1, words),
			cause: &apiError{typ: "input_coercion_exception", reason: words},
		}
		return
	}
	r.broken.cause = &apiError{typ: "illegal_argument_exception", reason: fmt.Sprintf("[float] supports only finite values, but got [%s]", shown)}
}

// metaField refuses one of the server's own fields, whose value begins at at.
func (r *rules) metaField(s *scanner, at int) {
	if r.broken != nil {
		return
	}
	last := len(s.fields)
	if len(s.open) > 1 {
		last = int(s.open[1].first)
	}
	name := s.nameOf(s.fields[last-1])
	name, _, _ = bytes.Cut(name, []byte{'.'})
	r.breach(at+1, docError, "failed to parse field [%s] of type [%s] in document with id '%s'. Preview of field's value: '%s'", name, name, s.id, preview(s.src[at:]))
	r.broken.cause = &apiError{typ: docError, reason: fmt.Sprintf("[1:%d] Field [%s] is a metadata field and cannot be added inside a document. Use the index API request parameters.", at+1, name)}
}

func preview(b []byte) []byte {
	if n := bytes.IndexAny(b, ",}"); n >= 0 {
		b = b[:n]
	}
	return bytes.Trim(b, `" `)
}

// metadata: the fields that a document must not have at its root.
func metadata(name []byte) bool {
	name, _, _ = bytes.Cut(name, []byte{'.'})
	switch string(name) {
	case "_id", "_index", "_source", "_routing", "_field_names", "_seq_no", "_version", "_ignored",
		"_nested_path", "_tier", "_ignored_source", "_data_stream_timestamp":
		return true
	}
	return false
}

// duplicate reports a name that came twice in a large object.
func (r *rules) duplicate(s *scanner, name []byte) {
	r.broken = s.bad(s.pos, "Duplicate field '%s'", name).item()
}

// blank: Java's String.isBlank.
func blank(b []byte) bool {
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		switch {
		case c >= '\t' && c <= '\r' || c >= 0x1c && c <= ' ':
		case c == 0xa0 || c == 0x2007 || c == 0x202f || !unicode.In(c, unicode.Z):
			return false
		}
		b = b[n:]
	}
	return true
}
