package parser

// Members walks through the members of one JSON object, or the elements of one
// array, without decoding them.
type Members struct{ m members }

// OpenMembers begins at the object or array p; false if p is neither. White
// space before it is passed.
func OpenMembers(p []byte) (Members, bool) {
	at := skipSpace(p, 0)
	if at == len(p) || p[at] != '{' && p[at] != '[' {
		return Members{}, false
	}
	return Members{openJSON(p, at, 1)}, true
}

// Next goes to the next member; false after the last, and where the bytes are
// no JSON.
func (m *Members) Next() bool { return m.m.next() }

// Object reports whether the members have names.
func (m *Members) Object() bool { return m.m.closing == '}' }

// Name is the member's name as it is written, without its quotes.
func (m *Members) Name() []byte { return m.m.p[m.m.key.lo:m.m.key.hi] }

// AppendName appends the member's name without its escapes.
func (m *Members) AppendName(dst []byte) []byte { return appendUnescaped(dst, m.Name()) }

// Named reports whether the member has this name.
func (m *Members) Named(name string) bool { return m.m.named(name) }

// Value is the member's value as it is written.
func (m *Members) Value() []byte { return m.m.p[m.m.val.lo:m.m.val.hi] }

// Span says where in p the value lies.
func (m *Members) Span() (lo, hi int) { return m.m.val.lo, m.m.val.hi }

// ScanString finds the end of the JSON string whose opening quote is p[i], and
// whether it has escapes; -1: it is none.
func ScanString(p []byte, i int) (end int, escaped bool) {
	if i >= len(p) || p[i] != '"' {
		return -1, false
	}
	return skipString(p, i+1)
}
