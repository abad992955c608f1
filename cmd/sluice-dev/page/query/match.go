package query

import "bytes"

// Matcher matches one query against documents; not for concurrent use.
type Matcher struct {
	q       *Query
	index   string
	id, src []byte
	scratch []byte
	key     []byte
	found   bool
	lv      levelFinder
}

// Matcher returns a Matcher of the query.
func (q *Query) Matcher() *Matcher { return &Matcher{q: q} }

// Match reports whether the document, a JSON object, matches.
func (m *Matcher) Match(index string, id, src []byte) bool {
	if m.q.root == nil {
		return true
	}
	m.index, m.id, m.src = index, id, src
	return m.q.root.match(m)
}

// Message is the document's message; ok is false where it has none.
func (m *Matcher) Message(src []byte) (s string, ok bool) {
	return m.First(src, "message")
}

// First is the first value the document has at any of the names (at most 8);
// the short names stand for theirs.
func (m *Matcher) First(src []byte, names ...string) (s string, ok bool) {
	var p paths
	for _, n := range names {
		if list, ok := short[n]; ok {
			p.add(list...)
		} else {
			p.add(n)
		}
	}
	m.src = src
	var f first
	m.find(p, &f)
	return f.text, f.ok
}

type first struct {
	text string
	ok   bool
}

func (f *first) value(_ *Matcher, v []byte, _ bool) bool {
	f.text, f.ok = string(v), true
	return true
}

// Level is the document's severity: trace, debug, info, warn, error, fatal,
// or "" where neither a field nor the head of the message names one.
func (m *Matcher) Level(src []byte) string {
	m.src = src
	return m.level()
}

var levelPaths = paths{p: [8]string{"log.level", "level", "json.level", "json.severity", "severity", "message"}, n: 6}

func (m *Matcher) level() string {
	m.lv = levelFinder{}
	m.find(levelPaths, &m.lv)
	if m.lv.field != "" {
		return m.lv.field
	}
	return m.lv.guess
}

type levelFinder struct{ field, guess string }

func (f *levelFinder) value(_ *Matcher, v []byte, text bool) bool {
	if text {
		f.guess = guessLevel(v)
		return false
	}
	f.field = levelOf(v)
	return f.field != ""
}

var levels = []struct{ name, level string }{
	{"trace", "trace"},
	{"debug", "debug"},
	{"info", "info"},
	{"information", "info"},
	{"notice", "info"},
	{"warn", "warn"},
	{"warning", "warn"},
	{"error", "error"},
	{"err", "error"},
	{"severe", "error"},
	{"fatal", "fatal"},
	{"critical", "fatal"},
	{"crit", "fatal"},
	{"alert", "fatal"},
	{"emerg", "fatal"},
	{"panic", "fatal"},
	{"10", "trace"},
	{"20", "debug"},
	{"30", "info"},
	{"40", "warn"},
	{"50", "error"},
	{"60", "fatal"},
}

func levelOf(v []byte) string {
	for _, l := range levels {
		if len(v) == len(l.name) && hasPrefixFold(v, l.name) {
			return l.level
		}
	}
	return ""
}

// guessLevel looks for a level in capitals among the first words of a line.
func guessLevel(v []byte) string {
	v = v[:min(len(v), 96)]
	if i := bytes.IndexByte(v, '\n'); i >= 0 {
		v = v[:i]
	}
	for i := 0; i < len(v); i++ {
		if v[i] < 'A' || v[i] > 'Z' || !boundary(v, i) {
			continue
		}
		start := i
		for i < len(v) && v[i] >= 'A' && v[i] <= 'Z' {
			i++
		}
		if i-start >= 4 && boundary(v, i) {
			if l := levelOf(v[start:i]); l != "" {
				return l
			}
		}
	}
	return ""
}

// Marks returns where in text the query's words stand that a matching message
// has, as ascending pairs of start and end that do not overlap.
func (q *Query) Marks(text string) (spans [][2]int) {
	if q.root == nil {
		return nil
	}
	var terms []*term
	positive(q.root, &terms)
	taken := make([]bool, len(text))
	for _, t := range terms {
		v := t.fold([]byte(text))
		if len(v) != len(text) || len(t.pieces) == 0 {
			continue
		}
		for from := 0; ; {
			start, stop := t.find(v, from)
			if stop <= start {
				break
			}
			for i := start; i < stop; i++ {
				taken[i] = true
			}
			from = stop
		}
	}
	for i := 0; i < len(taken); i++ {
		if taken[i] {
			start := i
			for i < len(taken) && taken[i] {
				i++
			}
			spans = append(spans, [2]int{start, i})
		}
	}
	return spans
}

func positive(n node, list *[]*term) {
	switch n := n.(type) {
	case and:
		for _, c := range n {
			positive(c, list)
		}
	case or:
		for _, c := range n {
			positive(c, list)
		}
	case *term:
		if n.field == "" || n.field == "message" {
			*list = append(*list, n)
		}
	}
}
