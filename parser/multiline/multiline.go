package multiline

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Step says how a line stands to the lines before it.
type Step uint8

const (
	Alone Step = iota // a record of its own; none can go on with it
	Begin             // begins a record that the next line may go on with
	More              // goes on with the record that is open
)

// State is what is known of a stream between two lines. The zero value is a
// stream that has not begun.
type State struct {
	at   state
	tag  uint64 // hash of the Rails request that is open
	died bool   // the trace is that of a program that ends with it
}

// Open reports whether the next line may go on with the last one.
func (s *State) Open() bool { return s.at != closed && s.at != over }

// Reset forgets what is open: the next line begins anew.
func (s *State) Reset() { *s = State{} }

// language is a bit for each language.
type language uint16

const (
	java language = 1 << iota
	js
	csharp
	php
	python
	golang
	ruby
	rails
	rust
	dart
	every = dart<<1 - 1
)

var languages = map[string]language{
	"auto": every, "all": every, "java": java, "scala": java, "kotlin": java, "js": js, "javascript": js, "csharp": csharp, "dotnet": csharp,
	"php": php, "python": python, "go": golang, "ruby": ruby, "rails": rails | ruby, "rust": rust, "dart": dart,
}

// Rules decide; they are never changed and may be shared by any number of
// streams and goroutines.
type Rules struct {
	langs language
	first *regexp.Regexp
}

// New makes the rules for the given languages; "auto" or "all" stands for all
// of them.
func New(names ...string) (*Rules, error) {
	r := &Rules{}
	for _, name := range names {
		l, ok := languages[strings.ToLower(name)]
		if !ok {
			return nil, fmt.Errorf("multi-line language %q is not known: write %s", name, strings.Join(Names(), ", "))
		}
		r.langs |= l
	}
	if r.langs == 0 {
		return nil, fmt.Errorf("no multi-line language is named: write auto for all of them")
	}
	return r, nil
}

// Names lists what New understands, sorted.
func Names() []string {
	names := make([]string, 0, len(languages))
	for name := range languages {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// FirstLine makes rules by which a line that matches begins a record and every
// other line goes on with the one before.
func FirstLine(pattern *regexp.Regexp) *Rules { return &Rules{first: pattern} }

// Next takes in the next line of a stream, without its newline.
func (r *Rules) Next(s *State, line []byte) Step {
	if r.first != nil {
		if s.at != closed && !r.first.Match(line) {
			return More
		}
		s.at = pattern
		return Begin
	}
	if s.at == closed && (len(line) == 0 || line[0] == '{') {
		return Alone // nothing begins so: the hot path of programs that log JSON
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	if s.at != closed {
		if to := s.more(line); to != closed {
			s.at = to
			return More
		}
	}
	s.died, s.tag = false, 0
	s.at = r.begins(s, line)
	if s.at == closed {
		return Alone
	}
	return Begin
}
