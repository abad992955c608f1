package rubyexp

import (
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// backtracker runs what Go's regexp cannot.
type backtracker struct {
	re    *regexp2.Regexp
	limit time.Duration
}

func newBacktracker(expression string, limit time.Duration) (*backtracker, error) {
	re, err := regexp2.Compile(expression, regexp2.None)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = time.Second
	}
	re.MatchTimeout = limit
	return &backtracker{re, limit}, nil
}

func (b *backtracker) match(p []byte) bool {
	ok, err := b.re.MatchString(string(p))
	return ok && err == nil // an error is the time limit
}

func (b *backtracker) find(dst []int, p []byte, groups int) ([]int, bool) {
	m, err := b.re.FindStringMatch(string(p))
	if m == nil || err != nil {
		return dst, false
	}
	from := len(dst)
	for n := range groups + 1 {
		g := m.GroupByNumber(n)
		if g == nil || len(g.Captures) == 0 {
			dst = append(dst, -1, -1)
			continue
		}
		dst = append(dst, g.Index, g.Index+g.Length)
	}
	toBytes(dst[from:], p)
	return dst, true
}

// toBytes turns places counted in characters into places counted in bytes.
func toBytes(places []int, p []byte) {
	for i, want := range places {
		at := 0
		for range max(want, 0) {
			_, n := utf8.DecodeRune(p[at:])
			at += n
		}
		if want >= 0 {
			places[i] = at
		}
	}
}
