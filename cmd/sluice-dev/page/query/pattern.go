package query

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is a value to look for, without regard to case: pieces of text with
// any characters between them.
type pattern struct {
	pieces []string // lower case; none empty
	first  bool     // a wildcard stands before the first piece
	last   bool     // and one behind the last
	wide   bool     // has letters beyond ASCII: texts must be folded whole
	quoted bool
	empty  bool // "": only the empty value
}

func newPattern(t token) pattern {
	p := pattern{quoted: t.kind == phrase, empty: t.text == ""}
	start := 0
	for i := range len(t.text) {
		if i < len(t.star) && t.star[i] {
			p.add(t.text[start:i])
			start = i + 1
			p.first = p.first || i == 0
		}
	}
	p.add(t.text[start:])
	p.last = start > 0 && start == len(t.text)
	return p
}

func (p *pattern) add(s string) {
	if s == "" {
		return
	}
	low := strings.ToLower(s)
	p.pieces = append(p.pieces, low)
	p.wide = p.wide || len(low) != len(s) || !isASCII(low)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (p *pattern) write(b *strings.Builder) {
	if len(p.pieces) == 0 {
		if p.empty {
			b.WriteString(`""`)
		} else {
			b.WriteByte('*')
		}
		return
	}
	if len(p.pieces) == 1 && !p.first && !p.last {
		b.WriteString(Quote(p.pieces[0]))
		return
	}
	for i, s := range p.pieces {
		if i > 0 || p.first {
			b.WriteByte('*')
		}
		for _, r := range s {
			if unicode.IsSpace(r) || strings.ContainsRune(`\():<>"*`, r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
	}
	if p.last {
		b.WriteByte('*')
	}
}

// fold returns v as pieces can be compared with it.
func (p *pattern) fold(v []byte) []byte {
	if p.wide {
		return bytes.ToLower(v)
	}
	return v
}

// whole reports whether v is the pattern from its first to its last byte.
func (p *pattern) whole(v []byte) bool {
	if p.empty {
		return len(v) == 0
	}
	v = p.fold(v)
	pieces := p.pieces
	if len(pieces) == 0 {
		return true
	}
	if !p.first {
		if !hasPrefixFold(v, pieces[0]) {
			return false
		}
		v, pieces = v[len(pieces[0]):], pieces[1:]
		if len(pieces) == 0 {
			return p.last || len(v) == 0
		}
	}
	if !p.last {
		tail := pieces[len(pieces)-1]
		if len(v) < len(tail) || !hasPrefixFold(v[len(v)-len(tail):], tail) {
			return false
		}
		v, pieces = v[:len(v)-len(tail)], pieces[:len(pieces)-1]
	}
	for _, s := range pieces {
		i := indexFold(v, s)
		if i < 0 {
			return false
		}
		v = v[i+len(s):]
	}
	return true
}

// in reports whether the pattern stands in v as whole words.
func (p *pattern) in(v []byte) bool {
	if p.empty {
		return len(v) == 0
	}
	v = p.fold(v)
	_, stop := p.find(v, 0)
	return stop >= 0
}

// find returns the first place at or after from where the pattern stands as
// whole words, or stop < 0. v is folded. A wildcard does not cross white space.
func (p *pattern) find(v []byte, from int) (start, stop int) {
	if len(p.pieces) == 0 {
		return from, len(v)
	}
	for head := p.pieces[0]; ; {
		i := indexFold(v[from:], head)
		if i < 0 {
			return 0, -1
		}
		start, stop = from+i, from+i+len(head)
		if !p.first && !boundary(v, start) {
			from = start + 1
			continue
		}
		if stop = p.tail(v, stop); stop >= 0 {
			return start, stop
		}
		// What did not follow here follows no later start of the same run.
		stop = start + len(head)
		if len(p.pieces) > 1 {
			for stop < len(v) && v[stop] > ' ' {
				stop++
			}
			from = stop
		} else {
			from = start + 1
		}
	}
}

// tail finds the pieces but the first, and returns where the last one ends.
func (p *pattern) tail(v []byte, at int) int {
	run := at
	for run < len(v) && v[run] > ' ' {
		run++
	}
	for _, s := range p.pieces[1:] {
		i := indexFold(v[at:run], s)
		if i < 0 {
			return -1
		}
		at += i + len(s)
	}
	if p.last || boundary(v, at) {
		return at
	}
	if len(p.pieces) == 1 {
		return -1
	}
	for s := p.pieces[len(p.pieces)-1]; ; { // the last piece may come again
		i := indexFold(v[at-len(s)+1:run], s)
		if i < 0 {
			return -1
		}
		if at += i + 1; boundary(v, at) {
			return at
		}
	}
}

// boundary reports whether a word begins or ends at i.
func boundary(v []byte, i int) bool {
	return i <= 0 || i >= len(v) || !isWord(v[i-1]) || !isWord(v[i])
}

func isWord(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= utf8.RuneSelf
}

func hasPrefixFold(v []byte, low string) bool {
	if len(v) < len(low) {
		return false
	}
	for i := range len(low) {
		if lower(v[i]) != low[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// indexFold is bytes.Index without regard to ASCII case; low is lower case.
func indexFold(v []byte, low string) int {
	for i := 0; i+len(low) <= len(v); i++ {
		if lower(v[i]) == low[0] && hasPrefixFold(v[i:], low) {
			return i
		}
	}
	return -1
}
