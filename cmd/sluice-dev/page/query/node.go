package query

import (
	"strconv"
	"strings"
)

// node is a part of a parsed query.
type node interface {
	match(m *Matcher) bool
	write(b *strings.Builder)
}

type (
	and []node
	or  []node
	not struct{ node }
)

func (n and) match(m *Matcher) bool {
	for _, c := range n {
		if !c.match(m) {
			return false
		}
	}
	return true
}

func (n or) match(m *Matcher) bool {
	for _, c := range n {
		if c.match(m) {
			return true
		}
	}
	return false
}

func (n not) match(m *Matcher) bool { return !n.node.match(m) }

func (n and) write(b *strings.Builder) { writeList(b, n, " and ") }
func (n or) write(b *strings.Builder)  { writeList(b, n, " or ") }
func (n not) write(b *strings.Builder) {
	b.WriteString("not ")
	n.node.write(b)
}

func writeList(b *strings.Builder, list []node, sep string) {
	for i, n := range list {
		b.WriteString([]string{sep, "("}[btoi(i == 0)])
		n.write(b)
	}
	b.WriteByte(')')
}

func btoi(v bool) int {
	if v {
		return 1
	}
	return 0
}

// short are names that stand for the fields of any of the schemas.
var short = map[string][]string{
	"namespace": {"kubernetes.namespace", "kubernetes.namespace_name", "namespace"},
	"pod":       {"kubernetes.pod.name", "kubernetes.pod_name", "pod"},
	"container": {"kubernetes.container.name", "kubernetes.container_name", "container"},
	"tag":       {"labels.tag", "tag"},
	"stream":    {"stream", "log.iostream"},
}

// term is one comparison.
type term struct {
	field string // "": a bare word
	op    string
	paths paths
	text  string // of the value, as it was meant
	pattern
	number  float64
	numeric bool
}

func newTerm(field, op string, value token) *term {
	t := &term{field: field, op: op, text: value.text, pattern: newPattern(value)}
	switch names, ok := short[field]; {
	case field == "":
		t.paths.add("message")
	case ok:
		t.paths.add(names...)
	default:
		t.paths.add(field)
	}
	if n, err := strconv.ParseFloat(value.text, 64); err == nil {
		t.number, t.numeric = n, true
	}
	return t
}

func (t *term) write(b *strings.Builder) {
	if t.field != "" {
		b.WriteString(Field(t.field))
		b.WriteString(t.op)
		if t.op != ":" {
			b.WriteString(Quote(t.text))
			return
		}
	}
	t.pattern.write(b)
}

// match looks the field up. A bare word is looked for in the message, in a
// document without one in all its values.
func (t *term) match(m *Matcher) bool {
	switch t.field {
	case "":
		hit, found := m.find(t.paths, t)
		if !found {
			return m.any(t)
		}
		return hit
	case "_id":
		return t.value(m, m.id, false)
	case "_index":
		return t.value(m, []byte(m.index), false)
	case "level":
		return t.value(m, []byte(m.level()), false)
	}
	hit, _ := m.find(t.paths, t)
	return hit
}

// value compares one value of the field. text: it is a message or the like.
func (t *term) value(_ *Matcher, v []byte, text bool) bool {
	if t.op == ":" {
		if t.field == "" || text || hasSpace(v) {
			return t.in(v)
		}
		return t.whole(v)
	}
	var c int
	if n, err := strconv.ParseFloat(string(v), 64); err == nil && t.numeric {
		c = compare(n, t.number)
	} else if (err == nil) != t.numeric {
		return false
	} else {
		c = strings.Compare(string(v), t.text)
	}
	switch t.op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func hasSpace(v []byte) bool {
	for _, c := range v {
		if c <= ' ' {
			return true
		}
	}
	return false
}
