package fluent

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"sluice/conf"
)

// scanner is a place in a file's text.
type scanner struct {
	file  string
	text  string
	at    int   // the next byte
	lines []int // where each line begins
}

func newScanner(file string, data []byte) scanner {
	s := scanner{file: file, text: strings.TrimPrefix(string(data), "\ufeff"), lines: []int{0}}
	for i := range len(s.text) {
		if s.text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// pos is the place of a byte.
func (s *scanner) pos(at int) conf.Pos {
	line := sort.SearchInts(s.lines, at+1) - 1
	col := utf8.RuneCountInString(s.text[s.lines[line]:at]) + 1
	return conf.Pos{Origin: conf.FromFile, Name: s.file, Line: line + 1, Col: col}
}

// syntaxError is what ends the reading of a file.
type syntaxError struct {
	pos       conf.Pos
	what, fix string
}

func (e *syntaxError) Error() string { return e.what }

func (s *scanner) errorAt(at int, fix, format string, args ...any) error {
	return &syntaxError{s.pos(at), fmt.Sprintf(format, args...), fix}
}

func (s *scanner) eof() bool { return s.at >= len(s.text) }

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.eof() {
		return 0
	}
	return s.text[s.at]
}

// has reports whether prefix comes next.
func (s *scanner) has(prefix string) bool { return strings.HasPrefix(s.text[s.at:], prefix) }

// skip goes past prefix, if it comes next.
func (s *scanner) skip(prefix string) bool {
	if !s.has(prefix) {
		return false
	}
	s.at += len(prefix)
	return true
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// blanks goes past blanks within the line.
func (s *scanner) blanks() {
	for !s.eof() && blank(s.text[s.at]) {
		s.at++
	}
}

// comment goes past a comment, up to the end of its line.
func (s *scanner) comment() {
	if s.peek() == '#' {
		if n := strings.IndexByte(s.text[s.at:], '\n'); n >= 0 {
			s.at += n
		} else {
			s.at = len(s.text)
		}
	}
}

// spacing goes past blanks, ends of lines and comments.
func (s *scanner) spacing() {
	for {
		from := s.at
		s.blanks()
		s.comment()
		s.skip("\n")
		if s.at == from {
			return
		}
	}
}

// lineEnd goes past what may stand at the end of a line; false: something
// else stands there.
func (s *scanner) lineEnd() bool {
	s.blanks()
	s.comment()
	return s.eof() || s.skip("\n")
}

// rest is what follows, up to the end of the line, shortened for messages.
func (s *scanner) rest() string {
	line, _, _ := strings.Cut(s.text[s.at:], "\n")
	line = strings.TrimRight(line, " \t\r")
	if r := []rune(line); len(r) > 40 {
		line = string(r[:40]) + "..."
	}
	return line
}
