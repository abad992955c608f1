package elastictest

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// kind is what a JSON value is, in the server's words.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	object
	array
)

func (k kind) token() string {
	return [...]string{"VALUE_NULL", "VALUE_BOOLEAN", "VALUE_NUMBER", "VALUE_STRING", "START_OBJECT", "START_ARRAY"}[k]
}

const valueWords = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"

// syntaxError is why a text is not JSON. Columns count bytes from 1.
type syntaxError struct {
	typ    string // of the inner cause
	column int
	words  string
	at     string // the excerpt that the server puts behind the words
	token  int    // column of the token before
}

func (s *scanner) bad(at int, format string, args ...any) *syntaxError {
	return &syntaxError{typ: "json_parse_exception", column: at + 1, words: fmt.Sprintf(format, args...), at: s.excerpt(at + 1), token: s.tok + 1}
}

// noName: what stands at pos is no name.
func (s *scanner) noName() *syntaxError {
	return s.bad(s.pos, "Unexpected character (%s): was expecting double-quote to start field name", char(s.src[s.pos:]))
}

func (s *scanner) badNumber(at int, words string) *syntaxError {
	if at >= len(s.src) {
		return s.eof("in VALUE_NUMBER")
	}
	return s.bad(at, "Unexpected character (%s) in numeric value: %s", char(s.src[at:]), words)
}

func (s *scanner) eof(where string) *syntaxError {
	at := len(s.src)
	return &syntaxError{typ: "json_e_o_f_exception", column: at + 1, words: "Unexpected end-of-input " + where, at: s.excerpt(at + 1), token: s.tok + 1}
}

func (s *scanner) constraint(at int, format string, args ...any) *syntaxError {
	return &syntaxError{typ: "stream_constraints_exception", column: at + 1, words: fmt.Sprintf(format, args...), token: s.tok + 1}
}

// request is the error as the whole request's, for an action line.
func (e *syntaxError) request() *apiError {
	switch e.typ {
	case "json_e_o_f_exception":
		return &apiError{
			status: 400, typ: "x_content_e_o_f_exception", reason: fmt.Sprintf("[1:%d] Unexpected end of file", e.column),
			cause: &apiError{typ: e.typ, reason: e.words + e.at},
		}
	case "stream_constraints_exception":
		return &apiError{status: 400, typ: "x_content_parse_exception", reason: e.words, cause: &apiError{typ: e.typ, reason: e.words}}
	}
	reason := fmt.Sprintf("[1:%d] %s", e.column, e.words+e.at)
	return &apiError{status: 400, typ: "x_content_parse_exception", reason: reason, cause: &apiError{typ: e.typ, reason: e.words + e.at}}
}

// item is the error as one document's.
func (e *syntaxError) item() *apiError {
	cause := e.request()
	return &apiError{status: 400, typ: "document_parsing_exception", reason: fmt.Sprintf("[1:%d] failed to parse: %s", e.token, cause.reason), cause: cause, unreadable: true}
}

// excerpt is how Jackson names the place: the first 500 bytes of the text.
func (s *scanner) excerpt(column int) string {
	src, cut := s.src, ""
	if len(src) > 500 {
		src, cut = src[:500], fmt.Sprintf("[truncated %d bytes]", len(s.src)-500)
	}
	var b []byte
	for _, r := range string(src) {
		if r < 0x20 {
			b = fmt.Appendf(b, "\\u%04X", r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return "\n at [Source: (byte[])\"" + string(b) + "\"" + cut + "; line: 1, column: " + strconv.Itoa(column) + "]"
}

// char names the first character of b as Jackson does.
func char(b []byte) string {
	if len(b) == 0 {
		return "end of input"
	}
	r, _ := utf8.DecodeRune(b)
	if r < 0x20 {
		return fmt.Sprintf("(CTRL-CHAR, code %d)", r)
	}
	return fmt.Sprintf("'%c' (code %d)", r, r)
}

func unhex(c byte) int {
	switch {
	case c-'0' <= 9:
		return int(c - '0')
	case (c|0x20)-'a' <= 5:
		return int((c|0x20)-'a') + 10
	}
	return -1
}

// unescape appends a checked string's characters to dst. A lone surrogate
// becomes U+FFFD, as it does where the real server writes it as UTF-8.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			i++
			continue
		}
		switch c := raw[i+1]; c {
		case 'u':
			r := hex4(raw[i+2:])
			i += 6
			if r >= 0xd800 && r < 0xdc00 && i+5 < len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
				if low := hex4(raw[i+2:]); low >= 0xdc00 && low < 0xe000 {
					r, i = 0x10000+(r-0xd800)<<10+(low-0xdc00), i+6
				}
			}
			dst = utf8.AppendRune(dst, r)
			continue
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		default:
			dst = append(dst, c)
		}
		i += 2
	}
	return dst
}

func hex4(b []byte) (r rune) {
	for _, c := range b[:4] {
		r = r<<4 | rune(unhex(c))
	}
	return r
}
