package query

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"  ", ""},
		{"foo", `"foo"`},
		{"Foo bar", `("foo" and "bar")`},
		{"foo and bar or baz", `(("foo" and "bar") or "baz")`},
		{"foo and (bar or baz)", `("foo" and ("bar" or "baz"))`},
		{"not foo bar", `(not "foo" and "bar")`},
		{"NOT (a OR b)", `not ("a" or "b")`},
		{"level:error", `level:"error"`},
		{"level: error", `level:"error"`},
		{`json.path:"/loans/1 2"`, `json.path:"/loans/1 2"`},
		{"json.path:/loans/*", `json.path:/loans/*`},
		{`a:"x*"`, `a:"x*"`},
		{`a:x\*`, `a:"x*"`},
		{"level:(error or warn)", `(level:"error" or level:"warn")`},
		{"a:(b (c or not d)) e", `((a:"b" and (a:"c" or not a:"d")) and "e")`},
		{"json.status>=500", `json.status>="500"`},
		{"json.status > 500 x", `(json.status>"500" and "x")`},
		{"a <b>", `("a" and "<b>")`},
		{"@timestamp>2026-11-22T20:00:00Z", `@timestamp>"2026-11-22T20:00:00Z"`},
		{"url:http://a:1/", `url:"http://a:1/"`},
		{"a:(x:1 or y)", `(a:"x:1" or a:"y")`},
		{`"and"`, `"and"`},
		{`a:and`, `a:"and"`},
		{`json.my\ key:v`, `"json.my key":"v"`},
		{`a:""`, `a:""`},
		{`a:*`, `a:*`},
		{`*rr*r*`, `*rr*r*`},
		{`"say \"hi\"\n"`, `"say \"hi\"\n"`},
		{"Ärger", `"ärger"`},
	} {
		q, err := Parse(c.in)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		if got := q.String(); got != c.want {
			t.Errorf("%q: got %s, want %s", c.in, got, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		in  string
		pos int
		msg string
	}{
		{"(a", 1, "never closed"},
		{"a)", 2, "no ( for this"},
		{"ä (b or", 8, "missing at the end"},
		{`a "b`, 3, "never closed"},
		{"a and", 6, "missing at the end"},
		{"or a", 1, `before "or"`},
		{"level:", 6, `after "level:"`},
		{"level:)", 6, `after "level:"`},
		{"a or :x", 6, `field name must stand before ":"`},
		{"a* :x", 1, "takes no *"},
		{`"">>`, 1, "not an empty text"}, // its normal form was the phrase ">"
		{"()", 2, "before )"},
		{`a\`, 2, "must follow"},
		{strings.Repeat("(", 60), 52, "more than 50"},
		{strings.Repeat("not ", 60) + "a", 205, "more than 50"},
		{strings.Repeat("a", 5000), 1, "longer than"},
		{"a\xff", 1, "UTF-8"},
	} {
		_, err := Parse(c.in)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.20q: got %v, want an *Error", c.in, err)
			continue
		}
		if e.Pos != c.pos || !strings.Contains(e.Msg, c.msg) {
			t.Errorf("%.20q: got %d %q, want %d %q", c.in, e.Pos, e.Msg, c.pos, c.msg)
		}
	}
}

func TestAnd(t *testing.T) {
	for _, c := range []struct{ text, clause, want string }{
		{"", "a:b", "a:b"},
		{"x y", "a:b", "x y and a:b"},
		{"x or y", "not a:b", "(x or y) and not a:b"},
		{"(broken", "a:b", "a:b"},
	} {
		if got := And(c.text, c.clause); got != c.want {
			t.Errorf("And(%q, %q) = %q, want %q", c.text, c.clause, got, c.want)
		}
	}
}

// FuzzParse: every text is a query or an error within the text; the normal
// form means itself; matching never panics.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", `a:b and not (c or "d e")`, "x>=5 *y* z\\*", "a:(b or c:d)", "(", "level:error", "a <b> : c", "ÄÖ* ı"} {
		f.Add(s, `{"message":"a b c","a":{"b":[1,{"c":"d"}]},"x":7}`)
	}
	f.Add("level:error", `{"message":"\u00`)
	f.Fuzz(func(t *testing.T, text, doc string) {
		q, err := Parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Pos < 1 || e.Pos > len(text)+1 {
				t.Fatalf("%q: bad error %v", text, err)
			}
			return
		}
		normal := q.String()
		again, err := Parse(normal)
		var long *Error
		if errors.As(err, &long) && strings.Contains(long.Msg, " than ") {
			return // the normal form may be longer or deeper than what is allowed
		}
		if err != nil {
			t.Fatalf("%q: normal form %q: %v", text, normal, err)
		}
		if got := again.String(); got != normal {
			t.Fatalf("%q: normal form %q became %q", text, normal, got)
		}
		m, n := q.Matcher(), again.Matcher()
		if a, b := m.Match("i", nil, []byte(doc)), n.Match("i", nil, []byte(doc)); a != b {
			t.Fatalf("%q on %q: %v, its normal form %q %v", text, doc, a, normal, b)
		}
		m.Level([]byte(doc))
		q.Marks(doc)
	})
}
