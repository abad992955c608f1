package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestInflate(t *testing.T) {
	one, err := Gzip(nil, []byte("first half,"))
	if err != nil {
		t.Fatal(err)
	}
	two, _ := Gzip(nil, []byte("second half"))
	empty, _ := Gzip(nil, nil)
	bad := append([]byte(nil), two...)
	bad[len(bad)-5] ^= 1 // of the checksum
	join := func(p ...[]byte) []byte { return bytes.Join(p, nil) }
	var z Inflater
	var dst []byte
	for _, tt := range []struct {
		name string
		src  []byte
		want string
		ok   bool
	}{
		{"one member", one, "first half,", true},
		{"two members", join(one, two), "first half,second half", true},
		{"an empty member first", join(empty, two), "second half", true},
		{"nothing in it", empty, "", true},
		{"wrong checksum", join(one, bad), "", false},
		{"cut", one[:len(one)-3], "", false},
		{"no gzip", []byte("\x92\x00\x80"), "", false},
		{"nothing", nil, "", false},
		{"bytes behind", join(one, []byte("xyz")), "", false},
		{"good again", two, "second half", true},
	} {
		dst, err = z.Unpack(GzipCodec, dst, tt.src, 1000)
		if string(dst) != tt.want || (err == nil) != tt.ok {
			t.Errorf("%s: %q, %v", tt.name, dst, err)
		}
	}
}

func TestInflateBomb(t *testing.T) {
	const limit = 1 << 20
	bomb, err := Gzip(nil, make([]byte, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	var z Inflater
	var large TooLargeError
	dst, err := z.Unpack(GzipCodec, nil, bomb, limit)
	if !errors.As(err, &large) || cap(dst) > 2*limit {
		t.Errorf("%v, %d bytes", err, cap(dst))
	}
	exact, _ := Gzip(nil, make([]byte, limit))
	if dst, err = z.Unpack(GzipCodec, dst, exact, limit); err != nil || len(dst) != limit {
		t.Errorf("exactly the limit: %d bytes, %v", len(dst), err)
	}
	if n := testing.AllocsPerRun(10, func() { dst, _ = z.Unpack(GzipCodec, dst, exact, limit) }); n > 1 && !race {
		t.Errorf("%v allocations", n)
	}
}

func TestCompression(t *testing.T) {
	for _, tt := range []struct {
		payload, label string
		want           Codec
		bad            string
	}{
		{"\x92\x00\x80", "", Plain, ""},
		{"\x92\x00\x80", "text", Plain, ""},
		{"", "", Plain, ""},
		{"\x1f\x8b\x08", "gzip", GzipCodec, ""},
		{"\x1f\x8b\x08", "", GzipCodec, ""},
		{"\x1f\x8b\x08", "zstd", GzipCodec, ""},
		{"\x28\xb5\x2f\xfd", "zstd", ZstdCodec, ""},
		{"\x28\xb5\x2f\xfd", "", ZstdCodec, ""},
		{"\x53\x2a\x4d\x18", "zstd", ZstdCodec, ""},
		{"\x92\x00\x80", "gzip", Plain, "gzip"},
		{"\x92\x00\x80", "zstd", Plain, "zstd"},
		{"\x92\x00\x80", "snappy", Plain, "snappy"},
	} {
		codec, err := CodecOf([]byte(tt.payload), []byte(tt.label))
		if codec != tt.want || (err == nil) != (tt.bad == "") || err != nil && !strings.Contains(err.Error(), tt.bad) {
			t.Errorf("%x %q: %v, %v", tt.payload, tt.label, codec, err)
		}
	}
}

func zst(t *testing.T, p []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(true))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(p, nil)
}

func TestZstd(t *testing.T) {
	one, two := zst(t, []byte("first half,")), zst(t, []byte("second half"))
	skip := []byte("\x5f\x2a\x4d\x18\x03\x00\x00\x00abc")
	bad := bytes.Clone(two)
	bad[len(bad)-1] ^= 1 // of the checksum
	join := func(p ...[]byte) []byte { return bytes.Join(p, nil) }
	var stream bytes.Buffer // without the size in the header
	w, _ := zstd.NewWriter(&stream)
	w.Write(bytes.Repeat([]byte("line "), 10000))
	w.Flush()
	w.Close()
	var z Inflater
	var dst []byte
	var err error
	for _, tt := range []struct {
		name string
		src  []byte
		want string
		ok   bool
	}{
		{"one frame", one, "first half,", true},
		{"two frames", join(one, two), "first half,second half", true},
		{"skippable frames around", join(skip, one, skip, skip, two, skip), "first half,second half", true},
		{"only a skippable frame", skip, "", true},
		{"of unknown size", stream.Bytes(), strings.Repeat("line ", 10000), true},
		{"just larger than the limit", zst(t, make([]byte, 100001)), "", false},
		{"wrong checksum", join(one, bad), "", false},
		{"cut", one[:len(one)-3], "", false},
		{"skippable frame cut", skip[:9], "", false},
		{"bytes behind", join(one, []byte("xyzxyz")), "", false},
		{"a header that promises 2^60 bytes", []byte("\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x00\x00\x10\x01\x00\x00"), "", false},
		{"good again", two, "second half", true},
	} {
		dst, err = z.Unpack(ZstdCodec, dst, tt.src, 100000)
		if string(dst) != tt.want || (err == nil) != tt.ok {
			t.Errorf("%s: %.40q, %v", tt.name, dst, err)
		}
	}
}

func TestZstdBomb(t *testing.T) {
	const limit = 1 << 20
	var z Inflater
	var large TooLargeError
	asked := 0
	z.Grow = func(n int) error { asked += n; return nil }
	dst, err := z.Unpack(ZstdCodec, nil, zst(t, make([]byte, 64<<20)), limit)
	if !errors.As(err, &large) || cap(dst) > 2*limit {
		t.Errorf("%v, %d bytes", err, cap(dst))
	}
	exact := zst(t, make([]byte, limit))
	if dst, err = z.Unpack(ZstdCodec, dst, exact, limit); err != nil || len(dst) != limit {
		t.Errorf("exactly the limit: %d bytes, %v", len(dst), err)
	}
	if asked < limit || asked > 2*limit {
		t.Errorf("asked for %d bytes", asked)
	}
	if n := testing.AllocsPerRun(10, func() { dst, _ = z.Unpack(ZstdCodec, dst, exact, limit) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
	full := errors.New("full")
	z.Grow = func(int) error { return full }
	if _, err := z.Unpack(ZstdCodec, nil, exact, limit); !errors.Is(err, full) {
		t.Error(err)
	}
	gz, _ := Gzip(nil, make([]byte, limit))
	if _, err := z.Unpack(GzipCodec, nil, gz, limit); !errors.Is(err, full) {
		t.Error(err)
	}
}
