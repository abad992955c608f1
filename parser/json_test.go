package parser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/event"
)

// parse makes a batch of three records, the middle one with the text, and
// parses it. It checks that the others are left alone.
func parse(t testing.TB, text, prefix string) (*event.Batch, bool) {
	t.Helper()
	b := &event.Batch{}
	var v event.Value
	for i := range 3 {
		b.Begin(event.Record{Weight: 1})
		b.Add(b.KeyString("stream"), b.PutString("stdout", event.Text))
		if i == 1 {
			v = b.PutString(text, event.Text)
			b.Add(b.KeyString("log"), v)
		}
	}
	before := b.Branch()
	ok := ParseObject(b, 1, v, prefix)
	for i := range 3 {
		if (i != 1 || !ok) && !reflect.DeepEqual(b.FieldsOf(i), before.FieldsOf(i)) {
			t.Errorf("record %d changed: %v, was %v", i, b.FieldsOf(i), before.FieldsOf(i))
		}
	}
	if !ok && (len(b.Fields) != len(before.Fields) || len(b.Arena) != len(before.Arena)) {
		t.Error("fields or bytes of a refused object were left behind")
	}
	return b, ok
}

// show writes record i's fields, all but skip of them.
func show(b *event.Batch, i, skip int) string {
	var s strings.Builder
	for _, f := range b.FieldsOf(i)[skip:] {
		fmt.Fprintf(&s, "%s=%c%s;", b.Keys[f.Key], "TJM"[f.Val.Kind], b.Bytes(f.Val))
	}
	return s.String()
}

func TestParseObject(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{}`, ``},
		{" \t{ }\r\n", ``},
		{`{"a":1,"b":"x","c":true,"d":null}`, `a=J1;b=Tx;c=Jtrue;d=Jnull;`},
		{`{"a" : { "b" : [1, {"c":[]}] } , "d":[]}`, `a=J{ "b" : [1, {"c":[]}] };d=J[];`},
		{`{"n":-0,"f":1.50e+10,"g":0.1E-2}`, `n=J-0;f=J1.50e+10;g=J0.1E-2;`},
		{`{"s":"a\"b\\c\/d\b\f\n\r\t"}`, "s=Ta\"b\\c/d\b\f\n\r\t;"},
		{`{"s":"\u00e9\ud83d\ude00\u0041"}`, `s=Té😀A;`},
		{`{"s":"\ud83dx","t":"\ude00","u":"\ud83d\u0041"}`, "s=T\uFFFDx;t=T\uFFFD;u=T\uFFFDA;"},
		{`{"":"","\u006bey":2}`, `=T;key=J2;`},
		{`{"a":1,"b":2,"a":3}`, `b=J2;a=J3;`},
		{"{\"s\":\"\xff\x80\"}", "s=T\xff\x80;"},
		{`{"s":"0123456789abcdef\"0123456789"}`, `s=T0123456789abcdef"0123456789;`},
	} {
		b, ok := parse(t, c.in, "")
		if !ok {
			t.Errorf("%s: refused", c.in)
		} else if got := show(b, 1, 2); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestParseObjectPrefixAndReplace(t *testing.T) {
	b, ok := parse(t, `{"stream":"app","x\n":1}`, "")
	if want := "log=T{\"stream\":\"app\",\"x\\n\":1};stream=Tapp;x\n=J1;"; !ok || show(b, 1, 0) != want {
		t.Errorf("got %v %q, want %q", ok, show(b, 1, 0), want)
	}
	b, ok = parse(t, `{"stream":"app","x\n":1}`, "p.")
	if want := "p.stream=Tapp;p.x\n=J1;"; !ok || show(b, 1, 2) != want {
		t.Errorf("got %v %q, want %q", ok, show(b, 1, 2), want)
	}
}

func TestParseObjectRefuses(t *testing.T) {
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	if _, ok := parse(t, deep(maxDepth-1), ""); !ok {
		t.Error("depth 100 refused")
	}
	for _, in := range []string{
		``, ` `, `[]`, `1`, `"a"`, `null`, `{`, `}`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`,
		`{"a":1}x`, `{"a":1}{}`, `{a:1}`, `{'a':1}`, `{"a":01}`, `{"a":1.}`, `{"a":.1}`, `{"a":1e}`, `{"a":-}`, `{"a":+1}`, `{"a":tru}`,
		`{"a":nul`, `{"a":"x}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"\u12`, `{"a":"\`, "{\"a\":\"\n\"}", "{\"a\":\"01234567\x1f\"}",
		`{"a":[1,]}`, `{"a":[1}`, `{"a":[}`, `{"a":{"b"}}`, `{"a":1]`, "{\"a\":1}\x00", deep(maxDepth), deep(100000),
	} {
		if b, ok := parse(t, in, ""); ok {
			t.Errorf("%.60q: accepted as %.100s", in, show(b, 1, 2))
		}
	}
}

// A line may not make the batch hold more keys than can be numbered.
func TestParseObjectManyKeys(t *testing.T) {
	object := func(n int) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, `,"k%d":%d`, i, i)
		}
		return "{" + s.String()[1:] + `,"k7":"last"}`
	}
	b, ok := parse(t, object(50000), "")
	if !ok || b.Recs[1].NField != 50002 {
		t.Fatalf("50,000 keys: %v, %d fields", ok, b.Recs[1].NField)
	}
	if v, _ := b.Get(1, b.KeyString("k7")); string(b.Bytes(v)) != "last" {
		t.Errorf("k7 = %s", b.Bytes(v))
	}
	if b, ok := parse(t, object(70000), ""); ok || !b.Full() {
		t.Errorf("70,000 keys: %v", ok)
	}
}

func TestParseObjectDoesNotAllocate(t *testing.T) {
	const line = `{"level":"info","msg":"served \"GET\" \u00e9","status":200,"took":0.031,"k8s":{"pod":"a","labels":["x","y"]},"level":"warn"}`
	b := &event.Batch{}
	arena := make([]byte, 0, 4096)
	n := testing.AllocsPerRun(100, func() {
		b.Reset(arena)
		for range 8 {
			v := b.PutString(line, event.Text)
			b.Begin(event.Record{})
			b.Add(b.KeyString("log"), v)
			if !ParseObject(b, len(b.Recs)-1, v, "") {
				t.Fatal("refused")
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,2.5e-3,{"b":"c\n"}],"a":"\ud83d\ude00"}`, `{"\u0061":"x\\","b":nullx}`, `{"a":"é"} `, `{"a":-0.0}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		b, ok := parse(t, in, "")
		lo, hi, spanOK := ObjectSpan([]byte(in))
		if ok != spanOK {
			t.Fatalf("ParseObject says %v, ObjectSpan %v", ok, spanOK)
		}
		if !utf8.ValidString(in) {
			return
		}
		want := json.Valid([]byte(in)) && strings.HasPrefix(strings.TrimLeft(in, " \t\r\n"), "{") && depth(in) <= maxDepth
		if ok != want {
			t.Fatalf("accepted %v, want %v", ok, want)
		}
		if !ok {
			return
		}
		if in[lo:hi] != strings.Trim(in, " \t\r\n") {
			t.Errorf("span %d:%d", lo, hi)
		}
		compare(t, b, in)
	})
}

// compare holds record 1's fields against the standard library's decoding.
func compare(t *testing.T, b *event.Batch, in string) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(in), &members); err != nil {
		t.Fatal(err)
	}
	for name, raw := range members {
		v, ok := b.Get(1, b.KeyString(name))
		if !ok {
			t.Fatalf("%q is missing", name)
		}
		got := string(b.Bytes(v))
		if raw[0] == '"' {
			var s string
			if err := json.Unmarshal(raw, &s); err != nil || v.Kind != event.Text || got != s {
				t.Errorf("%q = %q of kind %d, want %q (%v)", name, got, v.Kind, s, err)
			}
		} else if v.Kind != event.JSON || !bytes.Equal(raw, []byte(got)) {
			t.Errorf("%q = %s of kind %d, want %s", name, got, v.Kind, raw)
		}
	}
	for _, f := range b.FieldsOf(1) {
		if name := b.Keys[f.Key]; name != "stream" && name != "log" && members[name] == nil {
			t.Errorf("%q is not in the object", name)
		}
	}
}

// depth counts brackets outside strings of valid JSON.
func depth(in string) (deepest int) {
	open, quoted := 0, false
	for i := 0; i < len(in); i++ {
		switch c := in[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '{' || c == '['):
			open++
			deepest = max(deepest, open)
		case !quoted && (c == '}' || c == ']'):
			open--
		}
	}
	return deepest
}

func BenchmarkParseObject(b *testing.B) {
	const line = `{"time":"2026-01-02T03:04:05.123456789Z","level":"info","logger":"http","msg":"request served without trouble","status":200,"took":0.031,"path":"/api/v1/things/4711","peer":{"ip":"10.1.2.3","port":43210}}`
	batch := &event.Batch{}
	arena := []byte(line)
	v := event.Value{Len: uint32(len(line))}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset(arena)
		batch.Begin(event.Record{})
		if !ParseObject(batch, 0, v, "") {
			b.Fatal("refused")
		}
	}
}
