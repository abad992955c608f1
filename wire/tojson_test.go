package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
)

func TestToJSON(t *testing.T) {
	deep := bytes.Repeat([]byte{0x91}, MaxDepth+1)
	for _, c := range []struct {
		name, want string
		in         []byte
	}{
		{"nil", `null`, []byte{0xc0}},
		{"booleans", `[true,false]`, []byte{0x92, 0xc3, 0xc2}},
		{"fixed integers", `[0,127,-1,-32]`, []byte{0x94, 0, 0x7f, 0xff, 0xe0}},
		{"wide integers", `[255,-128,65535,-32768]`, []byte{0x94, 0xcc, 0xff, 0xd0, 0x80, 0xcd, 0xff, 0xff, 0xd1, 0x80, 0}},
		{"the smallest", `-9223372036854775808`, msgp.AppendInt64(nil, math.MinInt64)},
		{"the largest", `18446744073709551615`, msgp.AppendUint64(nil, math.MaxUint64)},
		{"float", `1.5`, msgp.AppendFloat64(nil, 1.5)},
		{"whole float", `1000000.0`, msgp.AppendFloat64(nil, 1e6)},
		{"large float", `1.0e+20`, msgp.AppendFloat64(nil, 1e20)},
		{"small float", `-2.5e-07`, msgp.AppendFloat64(nil, -2.5e-7)},
		{"single float", `0.1`, msgp.AppendFloat32(nil, 0.1)},
		{"not a number", `null`, msgp.AppendFloat64(nil, math.NaN())},
		{"infinite", `null`, msgp.AppendFloat32(nil, float32(math.Inf(-1)))},
		{"text", `"a\"\\\n\u0001é"`, msgp.AppendString(nil, "a\"\\\n\x01é")},
		{"not UTF-8", "\"\uFFFD\"", msgp.AppendBytes(nil, []byte{0xff})},
		{"map", `{"a":{"b":[]},"c":{}}`, []byte{0x82, 0xa1, 'a', 0x81, 0xa1, 'b', 0x90, 0xa1, 'c', 0x80}},
		{"names that are no text", `{"1":2,"null":3,"[1]":4}`, []byte{0x83, 1, 2, 0xc0, 3, 0x91, 1, 4}},
		{"time", `1700000000`, []byte{0xd7, 0, 0x65, 0x53, 0xf1, 0, 0, 0, 0, 9}},
		{"other ext", `"AQ=="`, []byte{0xd4, 9, 1}},
		{"cut short", ``, []byte{0x92, 1}},
		{"no msgpack", ``, []byte{0x91, 0xc1}},
		{"too deep", ``, append(deep, 1)},
		{"as deep as may be", string(bytes.Repeat([]byte("["), MaxDepth)) + "1" + string(bytes.Repeat([]byte("]"), MaxDepth)), append(bytes.Clone(deep[1:]), 1)},
	} {
		out, n := ToJSON([]byte("x"), c.in)
		want := len(c.in)
		if c.want == "" {
			want = 0
		}
		if string(out) != "x"+c.want || n != want {
			t.Errorf("%s: %s, %d of %d bytes; want %s", c.name, out, n, len(c.in), c.want)
		}
	}
}

func FuzzToJSON(f *testing.F) {
	f.Add([]byte{0x82, 0xa1, 'a', 0x81, 0xa1, 'b', 0x90, 0xc0, 0xcb, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add(msgp.AppendTime(nil, time.Unix(1, 2)))
	f.Fuzz(func(t *testing.T, p []byte) {
		out, n := ToJSON(nil, p)
		switch {
		case n == 0 && len(out) > 0:
			t.Fatalf("%x: broken, and yet %s", p, out)
		case n == 0:
			return
		case !json.Valid(out):
			t.Fatalf("%x: %s is no JSON", p, out)
		}
		if m, err := Skip(p); err != nil || m != n {
			t.Fatalf("%x: %d bytes, Skip says %d, %v", p, n, m, err)
		}
	})
}
