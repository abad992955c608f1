package conf

import (
	"fmt"
	"slices"
	"strings"
)

// UnknownName is the problem of a name that is not among those known: it names
// the nearest one, or all when none is near. what says what kind of name.
func UnknownName(pos Pos, what, name string, known []string) Problem {
	return Problem{Pos: pos, What: fmt.Sprintf("unknown %s %q", what, name), Fix: nameFix(name, known)}
}

// nameFix is what to write instead of name.
func nameFix(name string, known []string) string {
	if len(known) == 0 {
		return "remove it: nothing can be set here"
	}
	if best, ok := nearest(name, known); ok {
		return "write " + quoteEmpty(best)
	}
	return "known here: " + strings.Join(known, ", ")
}

func quoteEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

// nearest returns the known name with the fewest edits from name, if they are
// few for its length, or one name begins with the other.
func nearest(name string, known []string) (string, bool) {
	if len(name) > 100 {
		return "", false
	}
	best, least, n := "", -1, fold(name)
	for _, k := range known {
		f := fold(k)
		d := distance(n, f)
		if min(len(n), len(f)) >= 3 && (strings.HasPrefix(string(n), string(f)) || strings.HasPrefix(string(f), string(n))) {
			d = min(d, 1)
		}
		if least < 0 || d < least {
			best, least = k, d
		}
	}
	return best, least >= 0 && 3*least <= max(len(n), len(best))+1
}

func fold(s string) []rune { return []rune(strings.ToLower(strings.ReplaceAll(s, "-", "_"))) }

// distance counts the letters to insert, delete, replace, or swap with their
// neighbour that make b of a (optimal string alignment).
func distance(a, b []rune) int {
	var before []int // the row before the one before
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = slices.Min([]int{row[j] + cost, row[j+1] + 1, next[j] + 1})
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
