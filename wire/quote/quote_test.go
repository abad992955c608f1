package quote

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// Every byte at every place of a word is found, and nothing else.
func TestScan(t *testing.T) {
	for at := range 20 {
		for c := range 256 {
			s := bytes.Repeat([]byte{0x80 | 'b'}, 20)
			s[at] = byte(c)
			want := len(s)
			if c < 0x20 || c == '"' || c == '\\' {
				want = at
			}
			if got, high := Scan(s, 0); got != want || !high && at > 0 {
				t.Fatalf("byte %#x at %d: got %d, %v", c, at, got, high)
			}
		}
	}
}

// A string reads back as it was, but for what is not UTF-8.
func FuzzAppend(f *testing.F) {
	f.Add([]byte("plain"))
	f.Add([]byte("a long one with \"quotes\", \\, \r\n\t\x00 and é\xff\xed\xa0\x80"))
	f.Fuzz(func(t *testing.T, s []byte) {
		out := Append([]byte("x"), s)
		var got string
		if err := json.Unmarshal(out[1:], &got); err != nil || !utf8.Valid(out) {
			t.Fatalf("%q: %s is no string in UTF-8: %v", s, out, err)
		}
		var want strings.Builder
		for _, r := range string(s) { // each byte that is not UTF-8 is one U+FFFD
			want.WriteRune(r)
		}
		if got != want.String() {
			t.Fatalf("%q: %s reads as %q", s, out, got)
		}
	})
}
