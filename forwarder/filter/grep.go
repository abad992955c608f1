package filter

import (
	"bytes"
	"fmt"
	"regexp/syntax"
	"strings"
	"sync"

	"sluice/event"
	"sluice/parser/rubyexp"
)

// GrepConfig is Fluentd's filter grep: a record stays if every regexp matches
// and no exclude does. The sections of And and Or say it otherwise: see rules.
type GrepConfig struct {
	Regexp  []Match `conf:"regexp"`
	Exclude []Match `conf:"exclude"`
	And     []Group `conf:"and"`
	Or      []Group `conf:"or"`
}

// Match is a value and the pattern it is held against. As in Fluentd a value
// that is not there, or null, is the empty text; a number is its digits.
//
// The pattern is Ruby's, written bare or between slashes with the flags i, m and
// x.
type Match struct {
	Key     string `conf:"key,required"`
	Pattern string `conf:"pattern,required"`
}

// DefaultGrepConfig lets everything pass.
func DefaultGrepConfig() GrepConfig { return GrepConfig{} }

// Grep drops records.
type Grep struct {
	list []rule
	pool sync.Pool // of *grepRun
}

type matcher struct {
	accessor
	literal []byte          // if the pattern is a text to be found anywhere
	re      *rubyexp.Regexp // else
}

// grepRun is what one call of Apply needs.
type grepRun struct {
	readers []reader
	text    []byte
}

// NewGrep compiles the patterns. Its errors are setting.Errors, joined.
func NewGrep(cfg GrepConfig) (*Grep, error) {
	g := &Grep{}
	g.pool.New = func() any { return &grepRun{} }
	if err := g.rules(cfg); err != nil {
		return nil, err
	}
	return g, nil
}

// compile reads a pattern as Fluentd's parameters of type regexp are written.
func compile(pattern string) (re *rubyexp.Regexp, literal []byte, err error) {
	if strings.HasPrefix(pattern, "/") {
		end := strings.LastIndexByte(pattern, '/')
		if end == 0 || strings.Trim(pattern[end+1:], "imx") != "" {
			return nil, nil, fmt.Errorf("pattern %q begins with a slash but does not end with one and the flags i, m or x (to look for a slash write %q)",
				pattern, "/"+pattern+"/")
		}
		if strings.HasSuffix(pattern, "/") {
			literal = literalOf(pattern[1:end])
		}
	} else {
		literal = literalOf(pattern)
	}
	if literal != nil {
		return nil, literal, nil
	}
	re, err = rubyexp.Compile(pattern, rubyexp.Options{})
	return re, nil, err
}

// literalOf is the text that a pattern stands for, if it is one and no more.
func literalOf(pattern string) []byte {
	parsed, err := syntax.Parse("(?m)"+pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	if parsed = parsed.Simplify(); parsed.Op == syntax.OpLiteral && parsed.Flags&syntax.FoldCase == 0 {
		return []byte(string(parsed.Rune))
	}
	return nil
}

// Warnings says which patterns are slow.
func (g *Grep) Warnings() (list []string) {
	for _, r := range g.list {
		for _, m := range r.matchers {
			if m.re != nil && m.re.Warning() != "" {
				list = append(list, m.re.Warning())
			}
		}
	}
	return list
}

// Apply drops the records that do not pass.
func (g *Grep) Apply(b *event.Batch) {
	if len(g.list) == 0 || !anyLive(b) {
		return
	}
	run := g.pool.Get().(*grepRun)
	defer g.pool.Put(run)
	run.readers = run.readers[:0]
	for i := range g.list {
		for j := range g.list[i].matchers {
			run.readers = append(run.readers, g.list[i].matchers[j].on(b))
		}
	}
	for i := range b.Recs {
		if b.Recs[i].State == event.Live && !g.keeps(b, i, run) {
			b.Recs[i].State = event.Dropped
		}
	}
}

func (g *Grep) keeps(b *event.Batch, i int, run *grepRun) bool {
	for j := range g.list {
		r := &g.list[j]
		if r.holds(b, i, run) == r.exclude {
			return false
		}
	}
	return true
}

// holds reports whether the rule's matchers match record i.
func (r *rule) holds(b *event.Batch, i int, run *grepRun) bool {
	for j := range r.matchers {
		var text []byte
		if v, ok := run.readers[r.first+j].get(b, i); ok && v.Kind == event.Text {
			text = b.Bytes(v)
		} else if ok {
			run.text = appendText(run.text[:0], b.Bytes(v), v.Kind)
			text = run.text
		}
		if r.matchers[j].matches(text) == r.any {
			return r.any
		}
	}
	return !r.any
}

func (m *matcher) matches(text []byte) bool {
	if m.re == nil {
		return bytes.Contains(text, m.literal)
	}
	return m.re.Match(text)
}
