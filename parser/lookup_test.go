package parser

import (
	"testing"

	"sluice/event"
)

func TestLookup(t *testing.T) {
	at := func(steps ...any) (path []Step) {
		for _, s := range steps {
			if name, ok := s.(string); ok {
				path = append(path, Step{name, -1})
			} else {
				path = append(path, Step{"", s.(int)})
			}
		}
		return path
	}
	const doc = ` {"a":{"b":"x","c":"y\n","n":12,"l":[1,{"d":true},"z"],"b":"last"},"\u00e9":{"k":[]}} `
	for _, c := range []struct {
		path []Step
		want string // "" if nothing is there
	}{
		{at("a", "b"), `Tlast`},
		{at("a", "c"), `J"y\n"`},
		{at("a", "n"), `J12`},
		{at("a", "l", 1, "d"), `Jtrue`},
		{at("a", "l", 2), `Tz`},
		{at("é", "k"), `J[]`},
		{at("a", "l", 3), ``},
		{at("a", 0), ``},
		{at("a", "l", "d"), ``},
		{at("a", "n", "d"), ``},
		{at("x"), ``},
		{at(0), ``},
		{nil, "J" + doc},
	} {
		b := &event.Batch{}
		b.PutString("..", event.Text)
		v := b.PutString(doc, event.JSON)
		got := ""
		if found, ok := Lookup(b, v, c.path); ok {
			got = string("TJ"[found.Kind]) + string(b.Bytes(found))
		}
		if got != c.want {
			t.Errorf("%v: got %s, want %s", c.path, got, c.want)
		}
	}
}

// A promise broken upstream (JSON that is none) must not become a panic.
func TestLookupOnBrokenJSON(t *testing.T) {
	for _, doc := range []string{``, ` `, `{`, `{"a"`, `{"a":`, `{"a":{`, `{"a":{"b":1`, `{"a":{"b"`} {
		b := &event.Batch{}
		if v, ok := Lookup(b, b.PutString(doc, event.JSON), []Step{{"a", -1}, {"b", -1}}); ok {
			t.Errorf("%s: found %v", doc, v)
		}
	}
}

func TestUnquote(t *testing.T) {
	for _, c := range []struct {
		in, want string
		ok       bool
	}{{`"abc"`, `abc`, true}, {`"a\"\u0062"`, `a"b`, true}, {`""`, ``, true}, {`"a`, ``, false}, {`"`, ``, false}, {`1`, ``, false}, {`"a"b"`, ``, false}, {`"\"`, ``, false}} {
		b := &event.Batch{}
		v, ok := Unquote(b, b.PutString(c.in, event.JSON))
		if ok != c.ok || string(b.Bytes(v)) != c.want || v.Kind != event.Text {
			t.Errorf("Unquote(%s) = %s, %v", c.in, b.Bytes(v), ok)
		}
		if got, ok := AppendUnquoted([]byte("x"), []byte(c.in)); ok != c.ok || string(got) != "x"+c.want {
			t.Errorf("AppendUnquoted(%s) = %s, %v", c.in, got, ok)
		}
	}
}
