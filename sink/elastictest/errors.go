package elastictest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// apiError is an error in the server's shape, of a request or of one item.
type apiError struct {
	status     int
	typ        string
	reason     string
	meta       []meta // further members, behind the reason
	cause      *apiError
	suppressed *apiError // what a failure store met with the same document
	unreadable bool      // the document is no JSON: a failure store cannot keep it
}

// meta is a member of an error; val is JSON.
type meta struct{ key, val string }

func illegal(reason string) *apiError {
	return &apiError{status: http.StatusBadRequest, typ: "illegal_argument_exception", reason: reason}
}

func invalid(problems string) *apiError {
	return &apiError{status: http.StatusBadRequest, typ: "action_request_validation_exception", reason: "Validation Failed: " + problems}
}

// noIndex is the error for a name that nothing has.
func noIndex(name string, stream bool) *apiError {
	m := []meta{{"resource.type", `"index_or_alias"`}}
	if stream { // there is a data stream of that name, which this request cannot mean
		m = append(m, meta{"excluded_ds", `"true"`})
	}
	m = append(m, meta{"resource.id", quoted(name)}, meta{"index_uuid", `"_na_"`}, meta{"index", quoted(name)})
	return &apiError{status: http.StatusNotFound, typ: "index_not_found_exception", reason: "no such index [" + name + "]", meta: m}
}

// absent is noIndex for an item, which says less.
func absent(name, why string) *apiError {
	return &apiError{status: http.StatusNotFound, typ: "index_not_found_exception", reason: "no such index [" + name + "]" + why, meta: na(name)}
}

func na(name string) []meta { return []meta{{"index_uuid", `"_na_"`}, {"index", quoted(name)}} }

// appendTo appends the error's members, through the filter n.
func (e *apiError) appendTo(dst []byte, n *node) []byte {
	o := begin(dst, n)
	o.str("type", e.typ)
	o.str("reason", e.reason)
	for _, m := range e.meta {
		o.raw(m.key, m.val)
	}
	if e.cause != nil {
		if c, ok := o.member("caused_by"); ok {
			o.dst = e.cause.appendTo(o.dst, c)
			o.done(c)
		}
	}
	if e.suppressed != nil {
		if c, ok := o.member("suppressed"); ok {
			o.dst = append(e.suppressed.appendTo(append(o.dst, '['), c), ']')
			o.done(c)
		}
	}
	return o.end()
}

// body is the error as a request's answer. The server filters none of it.
func (e *apiError) body() []byte {
	b := append([]byte(nil), `{"error":{"root_cause":[`...)
	root := *e
	root.cause = nil
	b = root.appendTo(b, everything)
	inner := e.appendTo(nil, everything)
	b = append(b, `],`...)
	b = append(b, inner[1:]...)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(e.status), 10)
	return append(b, '}')
}

// plainError is the short form that some refusals before any handler have.
func plainError(status int, words string) []byte {
	b := append([]byte(nil), `{"error":`...)
	b = appendQuoted(b, []byte(words))
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(status), 10)
	return append(b, '}')
}

func quoted(s string) string { return string(appendQuoted(nil, []byte(s))) }

// appendQuoted appends s as a JSON string.
func appendQuoted(dst, s []byte) []byte {
	return append(appendEscaped(append(dst, '"'), s), '"')
}

// appendEscaped appends s as the inside of a JSON string. Bytes that are not
// UTF-8 become U+FFFD.
func appendEscaped(dst, s []byte) []byte {
	if plain(s) == len(s) {
		return append(dst, s...)
	}
	for _, r := range string(s) {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < 0x20:
			q, _ := json.Marshal(string(r)) // \n and the like, else \u00XX
			dst = append(dst, q[1:len(q)-1]...)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
