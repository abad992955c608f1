package filter

import (
	"math"
	"testing"

	"sluice/event"
	"sluice/parser"

	"github.com/tinylib/msgp/msgp"
)

func TestAppendText(t *testing.T) {
	type test struct {
		raw  []byte
		kind event.Kind
		want string
	}
	tests := []test{
		{[]byte(`a"b`), event.Text, `a"b`},
		{[]byte(`"a\"b"`), event.JSON, `a"b`},
		{[]byte(`null`), event.JSON, ``},
		{[]byte(`[1, 2]`), event.JSON, `[1, 2]`},
		{msgp.AppendString(nil, `a"b`), event.Msgp, `a"b`},
		{msgp.AppendBytes(nil, []byte("\xff")), event.Msgp, "\xff"},
		{msgp.AppendNil(nil), event.Msgp, ``},
		{msgp.AppendBool(nil, true), event.Msgp, `true`},
		{msgp.AppendBool(nil, false), event.Msgp, `false`},
		{msgp.AppendFloat64(nil, 2), event.Msgp, `2.0`},
		{msgp.AppendFloat64(nil, 1e300), event.Msgp, `1.0e+300`},
		{msgp.AppendFloat64(nil, 1500000000.25), event.Msgp, `1500000000.25`},
		{msgp.AppendFloat32(nil, 0.1), event.Msgp, `0.1`},
		{msgp.AppendFloat64(nil, math.NaN()), event.Msgp, `NaN`},
		{msgp.AppendUint64(nil, math.MaxUint64), event.Msgp, `18446744073709551615`},
		{msgp.AppendInt64(nil, math.MinInt64), event.Msgp, `-9223372036854775808`},
		{[]byte{0xd7, 0, 0, 0, 0, 1, 0, 0, 0, 0}, event.Msgp, `1`}, // a time
		{[]byte{0xd1, 0x00, 0x05}, event.Msgp, `5`},
		{[]byte{0x82, 0xa1, 'a', 0x91, 0xff, 0xa1, 'b', 0xc0}, event.Msgp, `{"a":[-1],"b":null}`},
	}
	for _, n := range []string{"0", "127", "255", "65535", "4294967295", "-1", "-32", "-128", "-32768", "-2147483648"} {
		var i int64
		for _, c := range n {
			if c != '-' {
				i = i*10 + int64(c-'0')
			}
		}
		if n[0] == '-' {
			i = -i
		}
		tests = append(tests, test{msgp.AppendInt64(nil, i), event.Msgp, n})
		if i >= 0 {
			tests = append(tests, test{msgp.AppendUint64(nil, uint64(i)), event.Msgp, n})
		}
	}
	for _, c := range tests {
		if got := string(appendText([]byte("x"), c.raw, c.kind)); got != "x"+c.want {
			t.Errorf("% x: got %s, want %s", c.raw, got, c.want)
		}
	}
}

func TestLookupMsgp(t *testing.T) {
	raw, err := msgp.AppendIntf(nil, map[string]any{"a": []any{"x", map[string]any{"b": 7}, []byte("bin")}})
	if err != nil {
		t.Fatal(err)
	}
	name := func(s string) parser.Step { return parser.Step{Name: s, Index: -1} }
	index := func(n int) parser.Step { return parser.Step{Index: n} }
	for _, c := range []struct {
		path []parser.Step
		want string
		kind event.Kind
	}{
		{[]parser.Step{name("a"), index(0)}, "x", event.Text},
		{[]parser.Step{name("a"), index(2)}, "bin", event.Text},
		{[]parser.Step{name("a"), index(1), name("b")}, "\x07", event.Msgp},
		{[]parser.Step{name("a"), index(3)}, "", 0},
		{[]parser.Step{name("a"), name("b")}, "", 0},
		{[]parser.Step{name("b")}, "", 0},
		{[]parser.Step{index(0)}, "", 0},
		{[]parser.Step{name("a"), index(0), name("x")}, "", 0},
	} {
		b := &event.Batch{Arena: []byte("before")}
		v, ok := lookupMsgp(b, b.Put(raw, event.Msgp), c.path)
		if ok != (c.want != "") || string(b.Bytes(v)) != c.want || v.Kind != c.kind {
			t.Errorf("%v: got %q of kind %d, %v", c.path, b.Bytes(v), v.Kind, ok)
		}
	}
}

// A value that is not what its kind promises must not become a panic.
func FuzzMsgpValue(f *testing.F) {
	f.Add([]byte{0x82, 0xa1, 'a', 0x91, 0xff, 0xa1, 'b', 0xc0})
	f.Add([]byte{0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 'a'})
	f.Add([]byte{0xdb, 0, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := &event.Batch{}
		v := b.Put(raw, event.Msgp)
		for _, path := range [][]parser.Step{{{Name: "a", Index: -1}}, {{Index: 0}, {Index: 1}}} {
			if found, ok := lookupMsgp(b, v, path); ok {
				b.Bytes(found)
			}
		}
		if text, ok := textOf(b, v); ok {
			b.Bytes(text)
		}
		if dst := appendText([]byte("x"), raw, event.Msgp); dst[0] != 'x' {
			t.Error("overwrote what was there")
		}
	})
}
