package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// nested is n arrays around a nil.
func nested(n int) []byte { return append(bytes.Repeat([]byte{0x91}, n), 0xc0) }

func TestMeasureEveryHeader(t *testing.T) {
	long := strings.Repeat("x", 70000)
	tests := []struct {
		typ   Type
		value []byte
	}{
		{Nil, msgp.AppendNil(nil)},
		{Bool, msgp.AppendBool(nil, true)},
		{Int, msgp.AppendInt(nil, -1)},
		{Int, msgp.AppendInt(nil, 127)},
		{Int, msgp.AppendInt(nil, -128)},
		{Int, msgp.AppendInt(nil, -30000)},
		{Int, msgp.AppendInt(nil, -3000000)},
		{Int, msgp.AppendInt64(nil, -1<<62)},
		{Int, msgp.AppendUint8(nil, 200)},
		{Int, msgp.AppendUint16(nil, 60000)},
		{Int, msgp.AppendUint32(nil, 1<<31)},
		{Int, msgp.AppendUint64(nil, 1<<63)},
		{Float, msgp.AppendFloat32(nil, 1.5)},
		{Float, msgp.AppendFloat64(nil, 1.5)},
		{Str, msgp.AppendString(nil, "")},
		{Str, msgp.AppendString(nil, long[:31])},
		{Str, msgp.AppendString(nil, long[:200])},
		{Str, msgp.AppendString(nil, long[:60000])},
		{Str, msgp.AppendString(nil, long)},
		{Bin, msgp.AppendBytes(nil, []byte(long[:200]))},
		{Bin, msgp.AppendBytes(nil, []byte(long[:60000]))},
		{Bin, msgp.AppendBytes(nil, []byte(long))},
		{Ext, []byte{0xd4, 7, 1}},
		{Ext, []byte{0xd5, 7, 1, 2}},
		{Ext, []byte{0xd6, 7, 1, 2, 3, 4}},
		{Ext, append([]byte{0xd7, 7}, long[:8]...)},
		{Ext, append([]byte{0xd8, 7}, long[:16]...)},
		{Ext, append([]byte{0xc7, 3, 7}, long[:3]...)},
		{Ext, append([]byte{0xc8, 1, 0, 7}, long[:256]...)},
		{Ext, append([]byte{0xc9, 0, 1, 0, 0, 7}, long[:65536]...)},
		{Array, []byte{0x90}},
		{Array, []byte{0x92, 0x01, 0x91, 0x02}},
		{Array, []byte{0xdc, 0, 1, 0xc0}},
		{Array, []byte{0xdd, 0, 0, 0, 1, 0xc0}},
		{Map, []byte{0x80}},
		{Map, []byte{0x82, 0x01, 0x91, 0x02, 0xa1, 'k', 0x80}},
		{Map, []byte{0xde, 0, 1, 0xc0, 0xc0}},
		{Map, []byte{0xdf, 0, 0, 0, 1, 0xc0, 0xc0}},
	}
	for _, tt := range tests {
		followed := append(append([]byte(nil), tt.value...), 0xc1)
		v, end, err := Measure(followed, MaxDepth)
		if err != nil || end != len(tt.value) || v.Type != tt.typ {
			t.Errorf("%x: type %d, end %d, %v; want type %d, end %d", tt.value[:1], v.Type, end, err, tt.typ, len(tt.value))
		}
		if n, err := Skip(followed); err != nil || n != len(tt.value) {
			t.Errorf("%x: Skip %d, %v; want %d", tt.value[:1], n, err, len(tt.value))
		}
		for _, cut := range []int{0, 1, len(tt.value) - 1} {
			if cut >= len(tt.value) {
				continue
			}
			if _, _, err := Measure(tt.value[:cut], MaxDepth); !errors.Is(err, ErrShort) {
				t.Errorf("%x cut to %d bytes: %v", tt.value[:1], cut, err)
			}
			if _, err := Skip(tt.value[:cut]); !errors.Is(err, ErrShort) {
				t.Errorf("%x cut to %d bytes: Skip: %v", tt.value[:1], cut, err)
			}
		}
	}
}

func TestMeasureRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value []byte
		want  error
	}{
		{"as deep as may be", nested(MaxDepth), nil},
		{"too deep", nested(MaxDepth + 1), ErrDepth},
		{"far too deep", nested(1 << 20), ErrDepth},
		{"reserved byte", []byte{0xc1}, ErrSyntax},
		{"reserved byte inside", []byte{0x91, 0xc1}, ErrSyntax},
		{"2^32-1 elements", []byte{0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0}, ErrShort},
		{"2^32-1 pairs", []byte{0xdf, 0xff, 0xff, 0xff, 0xff, 0xc0}, ErrShort},
		{"4 GiB", []byte{0xdb, 0xff, 0xff, 0xff, 0xff, 'x'}, ErrShort},
	} {
		if _, _, err := Measure(tt.value, MaxDepth); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if n, err := Skip(nested(1 << 20)); err != nil || n != 1<<20+1 {
		t.Errorf("Skip over a deep value: %d, %v", n, err)
	}
}

func TestReadTime(t *testing.T) {
	for _, tt := range []struct {
		hex  string
		want Time
		ok   bool
	}{
		{"ce6553f100", Time{Sec: 1700000000}, true},
		{"d26553f100", Time{Sec: 1700000000}, true},
		{"cf000000006553f100", Time{Sec: 1700000000}, true},
		{"cf0000018bcfe5687b", Time{Sec: 1700000000123}, true}, // milliseconds: kept
		{"d2fffffffb", Time{Sec: -5}, true},
		{"cfffffffffffffffff", Time{}, false},
		{"d7006553f100075bcd15", Time{1700000000, 123456789}, true},
		{"c708006553f100075bcd15", Time{1700000000, 123456789}, true},
		{"c80008006553f100075bcd15", Time{1700000000, 123456789}, true},
		{"c900000008006553f100075bcd15", Time{1700000000, 123456789}, true},
		{"d7006553f100773593ff", Time{1700000001, 999999999}, true}, // carried
		{"d700891737000000002a", Time{2300000000, 42}, true},        // 2042: unsigned
		{"d700ffffffff00000000", Time{Sec: 4294967295}, true},
		{"d6006553f100", Time{}, false},
		{"c70c006553f100075bcd1500000007", Time{}, false},
		{"d6ff6553f100", Time{Sec: 1700000000}, true}, // Timestamp 32
		{"d7ff1d6f34546553f100", Time{1700000000, 123456789}, true},
		{"c70cff075bcd15000000006553f100", Time{1700000000, 123456789}, true},
		{"d7ffffffffff00000000", Time{}, false}, // nanoseconds beyond a second
		{"cb41d954fc40200000", Time{1700000000, 500000000}, true},
		{"ca4ecaa7e2", Time{Sec: 1700000000}, true},
		{"cbbff8000000000000", Time{-2, 500000000}, true}, // -1.5
		{"cb7ff8000000000001", Time{}, false},             // NaN
		{"cb7ff0000000000000", Time{}, false},             // Inf
		{"c0", Time{}, true},
		{"00", Time{}, true},
		{"d7000000000000000000", Time{}, true},
		{"c3", Time{}, false},
		{"a131", Time{}, false},
		{"92c0c0", Time{}, false},
		{"d700", Time{}, false},
		{"", Time{}, false},
	} {
		b := unhex(t, tt.hex)
		got, n, ok := ReadTime(b)
		if ok != tt.ok || ok && (got != tt.want && tt.hex != "ca4ecaa7e2" || n != len(b)) {
			t.Errorf("%s: %+v, %d bytes, %v; want %+v, %v", tt.hex, got, n, ok, tt.want, tt.ok)
		}
	}
}
