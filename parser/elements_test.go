package parser

import (
	"strings"
	"testing"
)

func TestElements(t *testing.T) {
	for in, want := range map[string]string{
		`[1, {"a":[2]} ,"x"]`: `1|{"a":[2]}|"x"`,
		` [] `:                ``,
		`{"a":1} `:            `{"a":1}`,
		`[1,]`:                `no`,
		`[1] x`:               `no`,
		`{"a":1} {}`:          `no`,
		``:                    `no`,
		`[[1],stop,2]`:        `no`,
	} {
		var got []string
		ok := Elements([]byte(in), func(lo, hi int) bool {
			got = append(got, in[lo:hi])
			return true
		})
		text := strings.Join(got, "|")
		if !ok {
			text = "no"
		}
		if text != want {
			t.Errorf("%s: %s, want %s", in, text, want)
		}
	}
	n := 0
	if Elements([]byte("[1,2]"), func(int, int) bool { n++; return false }) || n != 1 {
		t.Errorf("goes on: %d", n)
	}
}
