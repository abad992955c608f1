package pipetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is a line that is not as expected: one that is missing, one that is
// too many, or one in the place of another.
type Change struct {
	Want   string   `json:"want,omitempty"` // empty: nothing was expected here
	Got    string   `json:"got,omitempty"`  // empty: nothing came
	Fields []string `json:"fields,omitempty"`
}

// diff compares the lines, so that as few as possible change.
func diff(want, got []string) (list []Change) {
	for len(want) > 0 && len(got) > 0 && want[0] == got[0] { // long files that hardly differ stay cheap
		want, got = want[1:], got[1:]
	}
	for len(want) > 0 && len(got) > 0 && want[len(want)-1] == got[len(got)-1] {
		want, got = want[:len(want)-1], got[:len(got)-1]
	}
	var lost, more []string
	flush := func() {
		for i := range max(len(lost), len(more)) {
			var c Change
			if i < len(lost) {
				c.Want = lost[i]
			}
			if i < len(more) {
				c.Got = more[i]
			}
			if c.Want != "" && c.Got != "" {
				c.Fields = fields(c.Want, c.Got)
			}
			list = append(list, c)
		}
		lost, more = nil, nil
	}
	common := longest(want, got)
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			flush()
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			lost = append(lost, want[i])
			i++
		default:
			more = append(more, got[j])
			j++
		}
	}
	flush()
	return list
}

// longest[i][j] is how many lines a[i:] and b[j:] have in common, in order.
func longest(a, b []string) [][]int {
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				n[i][j] = n[i+1][j+1] + 1
			} else {
				n[i][j] = max(n[i+1][j], n[i][j+1])
			}
		}
	}
	return n
}

// fields tells what of a line is not the same.
func fields(want, got string) (list []string) {
	var w, g map[string]any
	if decode([]byte(want), &w) != nil || decode([]byte(got), &g) != nil {
		return nil
	}
	compare("", w, g, &list)
	return list
}

func compare(path string, want, got map[string]any, list *[]string) {
	names := slices.Concat(slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		w, expected := want[name]
		g, came := got[name]
		at := strings.TrimPrefix(path+"."+name, ".")
		wm, isW := w.(map[string]any)
		gm, isG := g.(map[string]any)
		switch {
		case isW && isG:
			compare(at, wm, gm, list)
		case !came:
			*list = append(*list, fmt.Sprintf("%s is missing: %s", at, text(w)))
		case !expected:
			*list = append(*list, fmt.Sprintf("%s is new: %s", at, text(g)))
		case text(w) != text(g):
			*list = append(*list, fmt.Sprintf("%s is %s, expected %s", at, text(g), text(w)))
		}
	}
}

// text is a value as JSON.
func text(v any) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(out.String())
}
