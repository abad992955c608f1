package rubyexp

import (
	"fmt"
	"testing"
)

func TestAll(t *testing.T) {
	for _, c := range []struct {
		source, text string
		n            int
		want         string
	}{
		{`^a`, "aab\na", -1, "[[0 1] [4 5]]"},
		{`(l)(x)?`, "hällo", -1, "[[3 4 3 4 -1 -1] [4 5 4 5 -1 -1]]"},
		{`(?<=ä)(l)`, "hällo l", -1, "[[3 4 3 4]]"},
		{`(.)\1`, "aabbcc", 2, "[[0 2 0 1] [2 4 2 3]]"},
		{`x`, "aaa", -1, "[]"},
	} {
		r, err := Compile(c.source, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(r.All([]byte(c.text), c.n)); got != c.want {
			t.Errorf("%s in %q: %s, want %s", c.source, c.text, got, c.want)
		}
	}
}
