package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"
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
		dst, err = z.Gzip(dst, tt.src, 1000)
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
	dst, err := z.Gzip(nil, bomb, limit)
	if !errors.As(err, &large) || cap(dst) > 2*limit {
		t.Errorf("%v, %d bytes", err, cap(dst))
	}
	exact, _ := Gzip(nil, make([]byte, limit))
	if dst, err = z.Gzip(dst, exact, limit); err != nil || len(dst) != limit {
		t.Errorf("exactly the limit: %d bytes, %v", len(dst), err)
	}
	if n := testing.AllocsPerRun(10, func() { dst, _ = z.Gzip(dst, exact, limit) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func TestCompression(t *testing.T) {
	for _, tt := range []struct {
		payload, label string
		gzip           bool
		bad            string
	}{
		{"\x92\x00\x80", "", false, ""},
		{"\x92\x00\x80", "text", false, ""},
		{"", "", false, ""},
		{"\x1f\x8b\x08", "gzip", true, ""},
		{"\x1f\x8b\x08", "", true, ""},
		{"\x1f\x8b\x08", "zstd", true, ""},
		{"\x28\xb5\x2f\xfd", "zstd", false, "zstd"},
		{"\x28\xb5\x2f\xfd", "", false, "zstd"},
		{"\x92\x00\x80", "gzip", false, "gzip"},
		{"\x92\x00\x80", "snappy", false, "snappy"},
	} {
		gz, err := Compression([]byte(tt.payload), []byte(tt.label))
		if gz != tt.gzip || (err == nil) != (tt.bad == "") || err != nil && !strings.Contains(err.Error(), tt.bad) {
			t.Errorf("%x %q: %v, %v", tt.payload, tt.label, gz, err)
		}
	}
}
