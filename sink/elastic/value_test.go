package elastic

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
)

func write(src []byte, k event.Kind, depth int) string {
	return string(new(writer).value(nil, src, k, depth))
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                              `""`,
		"plain text of some length":     `"plain text of some length"`,
		"tab\tnew\nline\rquote\"back\\": `"tab\tnew\nline\rquote\"back\\"`,
		"\x00\x1f\x7f":                  "\"\\u0000\\u001f\x7f\"",
		"12345678\x0112345678":          `"12345678\u000112345678"`,
		"grüße und Привет, 世界 🎉":        `"grüße und Привет, 世界 🎉"`,
		"\xff":                          `"�"`,
		"ok \xc3\x28 ok":                `"ok �( ok"`,
		"overlong \xc0\x80":             `"overlong ��"`,
		"surrogate \xed\xa0\x80":        `"surrogate ���"`,
		"cut \xe4\xb8":                  `"cut ��"`,
		"aaaaaaaé\"aaaaaaa\xfe":         `"aaaaaaaé\"aaaaaaa�"`,
	} {
		if got := write([]byte(in), event.Text, 1); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	long := strings.Repeat("1", 1001)
	for in, want := range map[string]string{
		`{"a":1,"b":[true,false,null,-0.5e-3,"x\u00e9\n"]}`: `{"a":1,"b":[true,false,null,-0.5e-3,"x\u00e9\n"]}`,
		` { "a" : 1 , "b" : [ ] , "c" : { } } `:             `{"a":1,"b":[],"c":{}}`,
		`9223372036854775807`:                               `9223372036854775807`,
		`-9223372036854775808`:                              `-9223372036854775808`,
		`9223372036854775808`:                               `"9223372036854775808"`,
		`1e308`:                                             `1e308`,
		`1e400`:                                             `"1e400"`,
		`-1E400`:                                            `"-1E400"`,
		long:                                                `"` + long + `"`,
		`{"a":1,"b":2,"a":3}`:                               `{"b":2,"a":3}`,
		`{"a":{"x":1},"b":2,"\u0061":{"y":[1,{"z":1}]}}`:   `{"b":2,"a":{"y":[1,{"z":1}]}}`,
		`{"a":1,"a":2,"a":3}`:                              `{"a":3}`,
		`{"":1,".":2,"..":3,".a":4,"a.":5,"a..b":6," ":7}`: `{"_":1,"__":2,"___":3,"_a":4,"a_":5,"a__b":6,"____":7}`,
		`{"a.":1,"a_":2}`:                                  `{"a_":1,"a__":2}`,
		`{"a_":1,"a.":2}`:                                  `{"a_":1,"a__":2}`,
		`{"a.b":1,"a":{"b":2}}`:                            `{"a.b":1,"a":{"b":2}}`,
		`{"\ud83c\udf89":1,"🎉":2,"\ud800":3}`:              `{"🎉":2,"�":3}`,
		"{\"raw\ttab\":\"in\tit\"}":                        `{"raw\ttab":"in\tit"}`,
		"\"bad \xff utf\"":                                 `"bad � utf"`,
		`"lone \ud800"`:                                    `"lone \ud800"`,
		// Not JSON: the text as it is.
		``:                `""`,
		`{"a":1`:          `"{\"a\":1"`,
		`{"a":1,}`:        `"{\"a\":1,}"`,
		`{,"a":1}`:        `"{,\"a\":1}"`,
		`{a:1}`:           `"{a:1}"`,
		`[1 2]`:           `"[1 2]"`,
		`{"a" 1}`:         `"{\"a\" 1}"`,
		`NaN`:             `"NaN"`,
		`01`:              `"01"`,
		`1.`:              `"1."`,
		`.5`:              `".5"`,
		`1e`:              `"1e"`,
		`-`:               `"-"`,
		`"a\x"`:           `"\"a\\x\""`,
		`"a\u12"`:         `"\"a\\u12\""`,
		`"a`:              `"\"a"`,
		`{"a":1} {"b":2}`: `"{\"a\":1} {\"b\":2}"`,
		`truer`:           `"truer"`,
		"\xff":            `"�"`,
	} {
		got := write([]byte(in), event.JSON, 1)
		if got != want {
			t.Errorf("%.60s: got %.80s, want %.80s", in, got, want)
		}
		if err := strict([]byte(got), 1); err != nil {
			t.Error(err)
		}
	}
}

func TestJSONLimits(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 19) + `[{"x":"\""}]` + strings.Repeat(`}`, 19)
	want := strings.Repeat(`{"a":`, 19) + `"[{\"x\":\"\\\"\"}]"` + strings.Repeat(`}`, 19)
	if got := write([]byte(deep), event.JSON, 1); got != want {
		t.Errorf("got %s", got)
	}
	bottomless := strings.Repeat("[", 1<<20)
	if got := write([]byte(bottomless), event.JSON, 1); len(got) != len(bottomless)+2 {
		t.Errorf("unclosed brackets: %d bytes", len(got))
	}
	var wide strings.Builder
	for i := range maxMembers + 1 {
		wide.WriteString(`,"` + hex.EncodeToString([]byte{byte(i >> 8), byte(i)}) + `":1`)
	}
	got := write([]byte(`{"in":{`+wide.String()[1:]+`},"out":1}`), event.JSON, 1)
	if !strings.HasPrefix(got, `{"in":"{\"0000\":1`) || !strings.HasSuffix(got, `}","out":1}`) {
		t.Errorf("a wide object: %.60s...", got)
	}
	// Endless repeats end in a string, not in an endless task.
	repeats := `{` + strings.Repeat(`"k":"`+strings.Repeat("v", 1000)+`","l":1,`, 500) + `"z":1}`
	if got := write([]byte(repeats), event.JSON, 1); strict([]byte(got), 1) != nil {
		t.Errorf("repeats: %.60s...", got)
	}
}

func TestMsgpack(t *testing.T) {
	m := func(kv ...[]byte) []byte { // a map of alternating keys and values
		return append(msgp.AppendMapHeader(nil, uint32(len(kv)/2)), bytes.Join(kv, nil)...)
	}
	str := func(s string) []byte { return msgp.AppendString(nil, s) }
	num := func(i int64) []byte { return msgp.AppendInt64(nil, i) }
	day := time.Date(2026, 11, 22, 9, 42, 30, 5, time.UTC)
	ext := func(n byte, kind int8, p string) []byte { return append([]byte{0xc7, n, byte(kind)}, p...) }
	for _, c := range []struct {
		name string
		in   []byte
		want string
	}{
		{"nil", msgp.AppendNil(nil), `null`},
		{"true", msgp.AppendBool(nil, true), `true`},
		{"false", msgp.AppendBool(nil, false), `false`},
		{"7", num(7), `7`},
		{"-3", num(-3), `-3`},
		{"int8", num(-100), `-100`},
		{"int16", num(-30000), `-30000`},
		{"int32", num(-2e9), `-2000000000`},
		{"int64", num(math.MinInt64), `-9223372036854775808`},
		{"uint8", msgp.AppendUint(nil, 200), `200`},
		{"uint64", msgp.AppendUint64(nil, math.MaxUint64), `"18446744073709551615"`},
		{"float", msgp.AppendFloat64(nil, 0.1), `0.1`},
		{"float32", msgp.AppendFloat32(nil, 0.1), `0.1`},
		{"whole float", msgp.AppendFloat64(nil, 3), `3.0`},
		{"large", msgp.AppendFloat64(nil, 1e300), `1e+300`},
		{"small", msgp.AppendFloat64(nil, 1e-9), `1e-09`},
		{"nan", msgp.AppendFloat64(nil, math.NaN()), `null`},
		{"inf", msgp.AppendFloat32(nil, float32(math.Inf(-1))), `null`},
		{"str", str("a\"b"), `"a\"b"`},
		{"str8", str(strings.Repeat("x", 40)), `"` + strings.Repeat("x", 40) + `"`},
		{"bad str", str("a\xffb"), `"a�b"`},
		{"bin text", msgp.AppendBytes(nil, []byte("text")), `"text"`},
		{"bin", msgp.AppendBytes(nil, []byte{0xff, 0}), `"/wA="`},
		{"array", append(msgp.AppendArrayHeader(nil, 2), 1, 2), `[1,2]`},
		{"empty", msgp.AppendArrayHeader(nil, 0), `[]`},
		{"map", m(str("a"), num(1), str("b"), m()), `{"a":1,"b":{}}`},
		{"last wins", m(str("a"), num(1), str("b"), num(2), str("a"), num(3)), `{"b":2,"a":3}`},
		{"odd keys", m(num(5), num(1), msgp.AppendNil(nil), num(2), msgp.AppendFloat64(nil, .5), num(3), m(str("k"), num(1)), num(4)), `{"5":1,"null":2,"0.5":3,"{\"k\":1}":4}`},
		{"bin key", m(msgp.AppendBytes(nil, []byte("k")), num(1)), `{"k":1}`},
		{"trailing key", m(str(""), num(1), str("a\xff"), num(2), str("x.")), `"gqABomH/AqJ4Lg=="`},
		{"renamed", m(str(""), num(1), str("a\xff"), num(2), str("x."), num(3)), `{"_":1,"a�":2,"x_":3}`},
		{"event time", append([]byte{0xd7, 0}, 0x6b, 0x02, 0xb9, 0x06, 0, 0, 0, 5), `"2026-11-22T09:42:30.000000005Z"`},
		{"msgp time", msgp.AppendTime(nil, day), `"2026-11-22T09:42:30.000000005Z"`},
		{"timestamp 32", append([]byte{0xd6, 0xff}, 0x6b, 0x02, 0xb9, 0x06), `"2026-11-22T09:42:30.000000000Z"`},
		{"timestamp 96", msgp.AppendTimeExt(nil, time.Date(12026, 1, 1, 0, 0, 0, 5, time.UTC)), `"9999-12-31T23:59:59.999999999Z"`},
		{"other ext", ext(3, 42, "abc"), `"YWJj"`},
		{"reserved", []byte{0xc1}, `"wQ=="`},
		{"cut", []byte{0xa5, 'a', 'b'}, `"pWFi"`},
		{"cut map", []byte{0x82, 0xa1, 'a'}, `"gqFh"`},
		{"lying array", []byte{0xdd, 0xff, 0xff, 0xff, 0xff}, `"3f////8="`},
		{"trailing", []byte{1, 2}, `"\u0001\u0002"`},
		{"nothing", nil, `""`},
	} {
		got := write(c.in, event.Msgp, 1)
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if err := strict([]byte(got), 1); err != nil {
			t.Error(err)
		}
	}
}

func TestMsgpackLimits(t *testing.T) {
	deep := append(bytes.Repeat([]byte{0x81, 0xa1, 'a'}, 25), 1)
	want := strings.Repeat(`{"a":`, 19) + `"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}"` + strings.Repeat(`}`, 19)
	if got := write(deep, event.Msgp, 1); got != want {
		t.Errorf("got %s", got)
	}
	for name, in := range map[string][]byte{
		"arrays": bytes.Repeat([]byte{0x91}, 1<<20),
		"keys":   bytes.Repeat([]byte{0x81}, 1<<20),
	} {
		if err := strict([]byte(write(in, event.Msgp, 1)), 1); err != nil {
			t.Errorf("%s: %.100v", name, err)
		}
	}
	wide := msgp.AppendMapHeader(nil, maxMembers+1)
	for i := range maxMembers + 1 {
		wide = append(append(wide, 0xcd, byte(i>>8), byte(i)), 1)
	}
	var text string
	if err := json.Unmarshal([]byte(write(wide, event.Msgp, 1)), &text); err != nil || !json.Valid([]byte(text)) {
		t.Errorf("a wide map: %v", err)
	}
}

func FuzzValue(f *testing.F) {
	f.Add([]byte(`{"a":1,"a":{"b":[1e400]},"":"\ud83c\udf89"}`), false)
	f.Add([]byte("\x82\xa1a\x01\xa1a\xc4\x01\xff"), true)
	f.Add([]byte("\x81\x81\x81\x91\xc0\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x00"), true)
	f.Fuzz(func(t *testing.T, p []byte, packed bool) {
		kind := event.JSON
		if packed {
			kind = event.Msgp
		}
		w := new(writer)
		got := w.value([]byte("before"), p, kind, 1)
		if err := strict(bytes.TrimPrefix(got, []byte("before")), 1); err != nil {
			t.Fatal(err)
		}
		if again := w.value(nil, p, kind, 1); !bytes.Equal(again, got[6:]) {
			t.Fatalf("not the same twice: %q, %q", got[6:], again)
		}
		if err := strict(w.value(nil, p, event.Text, 1), 1); err != nil {
			t.Fatal(err)
		}
	})
}
