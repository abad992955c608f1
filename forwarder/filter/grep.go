package filter

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"

	"sluice/event"
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
// The pattern is RE2's, written bare or between slashes with the flags i and
// m, and means what it means in Ruby: ^ and $ stand at each line, and the dot
// matches a line's end under m only.
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
	literal []byte         // if the pattern is a text to be found anywhere
	re      *regexp.Regexp // else
}

// grepRun is what one call of Apply needs.
type grepRun struct {
	readers []reader
	text    []byte
}

// NewGrep compiles the patterns. Its errors are FieldErrors, joined.
func NewGrep(cfg GrepConfig) (*Grep, error) {
	g := &Grep{}
	g.pool.New = func() any { return &grepRun{} }
	if err := g.rules(cfg); err != nil {
		return nil, err
	}
	return g, nil
}

// compile reads a pattern as Fluentd's parameters of type regexp are written.
func compile(pattern string) (re *regexp.Regexp, literal []byte, err error) {
	flags := "(?m)" // Ruby's ^ and $ stand at lines, always
	if strings.HasPrefix(pattern, "/") {
		end := strings.LastIndexByte(pattern, '/')
		given := pattern[end+1:]
		if end == 0 || strings.Trim(given, "im") != "" {
			return nil, nil, fmt.Errorf("pattern %q begins with a slash but does not end with one and the flags i or m (to look for a slash write %q)",
				pattern, "/"+pattern+"/")
		}
		pattern = pattern[1:end]
		if strings.Contains(given, "i") {
			flags += "(?i)"
		}
		if strings.Contains(given, "m") {
			flags += "(?s)"
		}
	}
	parsed, err := syntax.Parse(flags+pattern, syntax.Perl)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot compile pattern %q: %w (RE2: no look-around, no back-references, no (?x))", pattern, err)
	}
	if parsed = parsed.Simplify(); parsed.Op == syntax.OpLiteral && parsed.Flags&syntax.FoldCase == 0 {
		return nil, []byte(string(parsed.Rune)), nil
	}
	re, err = regexp.Compile(flags + pattern)
	return re, nil, err
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
