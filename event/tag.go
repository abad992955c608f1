package event

import "strings"

// TagPart is the n-th of the parts between a tag's dots, from 0, or counted from
// the last, -1; empty if there are not so many.
func TagPart(tag string, n int) string {
	if n < 0 {
		n += strings.Count(tag, ".") + 1
	}
	for ; n > 0; n-- {
		_, rest, ok := strings.Cut(tag, ".")
		if !ok {
			return ""
		}
		tag = rest
	}
	if n < 0 {
		return ""
	}
	part, _, _ := strings.Cut(tag, ".")
	return part
}
