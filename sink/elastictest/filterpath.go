package elastictest

import (
	"strconv"
	"strings"
)

// node is a place in the answer as the parameter filter_path sees it. The
// server writes only what the paths name; arrays are no step of a path; objects
// and arrays of which nothing is left go too. A path that begins with "-" takes
// away what it names.
type node struct {
	name    string
	whole   bool // all below is wanted, but for what exclude takes
	drop    bool
	include [][]string // steps still to go below this place
	exclude [][]string
	kids    []*node
}

// everything is the answer without a filter.
var everything = &node{whole: true}

// parseFilter reads the values of filter_path; "" filters nothing.
func parseFilter(paths string) *node {
	n := &node{}
	for p := range strings.SplitSeq(paths, ",") {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		if rest, minus := strings.CutPrefix(p, "-"); minus {
			n.exclude = append(n.exclude, strings.Split(rest, "."))
		} else {
			n.include = append(n.include, strings.Split(p, "."))
		}
	}
	if len(n.include) == 0 && len(n.exclude) == 0 {
		return everything
	}
	n.whole = len(n.include) == 0
	return n
}

// kid is the member name of the object at n.
func (n *node) kid(name string) *node {
	if n.whole && len(n.exclude) == 0 {
		return everything
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	k := &node{name: name, whole: n.whole}
	var hit bool
	if !n.whole {
		k.include, k.whole = descend(n.include, name)
	}
	k.exclude, hit = descend(n.exclude, name)
	k.drop = hit || !k.whole && len(k.include) == 0
	n.kids = append(n.kids, k)
	return k
}

// descend returns what is left of the paths below name; hit: one ends there.
func descend(paths [][]string, name string) (rest [][]string, hit bool) {
	for _, p := range paths {
		if p[0] == "**" {
			rest = append(rest, p)
			if p = p[1:]; len(p) == 0 {
				hit = true
				continue
			}
		}
		if !glob(p[0], name) {
			continue
		}
		if len(p) == 1 {
			hit = true
		} else {
			rest = append(rest, p[1:])
		}
	}
	return rest, hit
}

// writer writes one object through a filter.
type writer struct {
	dst   []byte
	mark  int // where the member begins that is being written
	n     *node
	count int
}

func begin(dst []byte, n *node) writer {
	return writer{dst: append(dst, '{'), n: n}
}

// member begins a member with a value that the caller appends to dst, filtered
// by the node returned, and ends with done; or says that it is not wanted.
func (o *writer) member(name string) (*node, bool) {
	k := o.n.kid(name)
	if k.drop {
		return nil, false
	}
	o.mark = len(o.dst)
	if o.count > 0 {
		o.dst = append(o.dst, ',')
	}
	o.dst = append(o.dst, '"')
	o.dst = append(o.dst, name...)
	o.dst = append(o.dst, '"', ':')
	return k, true
}

// done ends a member; an object or array that the filter k left empty goes.
func (o *writer) done(k *node) {
	if end := string(o.dst[len(o.dst)-2:]); (end == "{}" || end == "[]") && (!k.whole || len(k.exclude) > 0) {
		o.dst = o.dst[:o.mark]
		return
	}
	o.count++
}

// leaf begins a member that is no object or array.
func (o *writer) leaf(name string) bool {
	k, ok := o.member(name)
	if ok && !k.whole { // a path goes on below it: nothing there
		o.dst = o.dst[:o.mark]
		return false
	}
	if ok {
		o.count++
	}
	return ok
}

func (o *writer) str(name, val string) {
	if o.leaf(name) {
		o.dst = appendQuoted(o.dst, []byte(val))
	}
}

func (o *writer) bytes(name string, val []byte) {
	if o.leaf(name) {
		o.dst = appendQuoted(o.dst, val)
	}
}

func (o *writer) num(name string, val int64) {
	if o.leaf(name) {
		o.dst = strconv.AppendInt(o.dst, val, 10)
	}
}

// raw writes a value that is JSON already and no object or array.
func (o *writer) raw(name, val string) {
	if o.leaf(name) {
		o.dst = append(o.dst, val...)
	}
}

// counts writes an object of numbers.
func (o *writer) counts(name string, fields ...count) {
	k, ok := o.member(name)
	if !ok {
		return
	}
	c := begin(o.dst, k)
	for _, f := range fields {
		c.num(f.name, f.n)
	}
	o.dst = c.end()
	o.done(k)
}

type count struct {
	name string
	n    int64
}

func (o *writer) end() []byte { return append(o.dst, '}') }
