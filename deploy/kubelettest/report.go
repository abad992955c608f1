package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// missing is how many lines of the stream did not arrive, as far as one can
// know.
func (st *stream) missing() int {
	end := st.end
	if end < 0 { // its last line is one of those missing
		for n, seen := range st.seen {
			if seen {
				end = n + 1
			}
		}
		return end - st.lines + 1
	}
	return end - st.lines
}

// silent lists the containers of which nothing has arrived.
func (s *store) silent(expected []string) (list []string) {
	have := map[string]bool{}
	for name := range s.streams {
		container, _, _ := strings.Cut(name, ".")
		have[container] = true
	}
	for _, name := range expected {
		if !have[name] {
			list = append(list, name)
		}
	}
	return list
}

// whole reports whether nothing is missing.
func (s *store) whole(expected []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.streams {
		if st.missing() != 0 {
			return false
		}
	}
	return len(s.silent(expected)) == 0
}

// report prints what arrived and whether it is all, once, whole and with
// metadata.
func (s *store) report(w io.Writer, expected []string) (good bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines, missing, doubled, torn, bare int
	for _, name := range slices.Sorted(maps.Keys(s.streams)) {
		st := s.streams[name]
		m := st.missing()
		lines, missing, doubled, torn, bare = lines+st.lines, missing+m, doubled+st.doubled, torn+st.torn, bare+st.bare
		if m != 0 || st.doubled != 0 || st.torn != 0 || st.bare != 0 {
			fmt.Fprintf(w, "  %s: %d lines of %d, %d missing, %d doubled, %d torn (line %d), %d without metadata (%s)\n", name, st.lines, st.end, m, st.doubled, st.torn, st.tear, st.bare, st.sample)
		}
	}
	silent := s.silent(expected)
	for _, name := range silent {
		fmt.Fprintf(w, "  %s: nothing arrived\n", name)
	}
	fmt.Fprintf(w, `
containers               %9d
runs and streams         %9d
lines                    %9d
lost                     %9d
doubled                  %9d
torn                     %9d
without metadata         %9d
containers not heard of  %9d
strange documents        %9d %s
against annotations      %9d %s
`, len(expected), len(s.streams), lines, missing, doubled, torn, bare, len(silent), s.strange, s.stranger, s.defied, s.defiance)
	return missing+doubled+torn+bare+len(silent)+s.strange+s.defied == 0 && lines > 0
}
