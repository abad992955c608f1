package ruby

import (
	"maps"
	"slices"
)

// method is one of a kind's methods. Negative max: any number of arguments.
type method struct {
	min, max int
	run      func(e *Env, c *call, self value, args []value) value
	block    bool // it takes one
	must     bool // and cannot do without
}

// call is one place where a method is called.
type call struct {
	name    string
	methods [kinds]*method
	block   *block
	safe    bool
}

// block is what is called for each element.
type block struct {
	params []int
	body   node
}

// one calls the block with a value; an array is spread over several parameters.
func (b *block) one(e *Env, v value) value {
	if !e.step() {
		return value{}
	}
	if len(b.params) > 1 {
		if v = force(v); v.kind == kArr {
			b.spread(e, v.o.list)
			return b.body(e)
		}
	}
	b.spread(e, []value{v})
	return b.body(e)
}

// two calls the block with two values.
func (b *block) two(e *Env, x, y value) value {
	if !e.step() {
		return value{}
	}
	if len(b.params) == 1 {
		e.locals[b.params[0]] = array([]value{x, y})
		return b.body(e)
	}
	b.spread(e, []value{x, y})
	return b.body(e)
}

func (b *block) spread(e *Env, vs []value) {
	for i, slot := range b.params {
		e.locals[slot] = value{}
		if i < len(vs) {
			e.locals[slot] = vs[i]
		}
	}
}

// call compiles a method's call.
func (c *Compiler) call(x *expr) (node, *Error) {
	if x.kids[0].op == opConstant {
		return c.constantCall(x)
	}
	if n := c.fieldAccess(x); n != nil {
		return n, nil
	}
	c.changes = c.changes || c.mutates(x.name)
	site := &call{name: x.name, safe: x.flag}
	if x := c.textInPlace(x); x != nil {
		return c.node(x)
	}
	known, takesBlock, mustBlock := false, false, true
	for k := range kinds {
		if m, ok := c.methods[k][x.name]; ok {
			site.methods[k], known = &m, true
			takesBlock, mustBlock = takesBlock || m.block, mustBlock && m.must
		}
	}
	if !known {
		return nil, c.unknownMethod(x)
	}
	if mustBlock && x.block == nil {
		return nil, failed(x.pos, "write "+x.name+" { |x| ... }", "%s without a block is not supported", x.name)
	}
	args := make([]node, len(x.kids))
	for i, k := range x.kids {
		var err *Error
		if args[i], err = c.node(k); err != nil {
			return nil, err
		}
	}
	if x.block != nil {
		if !takesBlock {
			return nil, failed(x.pos, "", "the method %s takes no block", x.name)
		}
		c.lend(x.block)
		body, err := c.node(x.block.body)
		if err != nil {
			return nil, err
		}
		site.block = &block{params: x.block.params, body: body}
	}
	if err := site.arity(x, len(args)-1); err != nil {
		return nil, err
	}
	return site.node(args), nil
}

// lend notes a block's parameters.
func (c *Compiler) lend(b *blockExpr) {
	if c.lent == nil {
		c.lent = map[int]bool{}
	}
	for _, slot := range b.params {
		c.lent[slot] = true
	}
	for _, x := range b.nested {
		for _, slot := range x.slots {
			c.lent[slot] = true
		}
	}
}

// arity refuses a number of arguments that no method of that name takes.
func (s *call) arity(x *expr, n int) *Error {
	for _, m := range s.methods {
		if m != nil && n >= m.min && (n <= m.max || m.max < 0) {
			return nil
		}
	}
	return failed(x.pos, "", "the method %s does not take %d arguments", x.name, n)
}

func (s *call) node(kids []node) node {
	self, args := kids[0], kids[1:]
	return func(e *Env) value {
		v := self(e)
		if s.safe && v.kind == kNil {
			return v
		}
		base := len(e.stack)
		for _, a := range args {
			e.push(a(e))
		}
		if !e.step() {
			e.stack = e.stack[:base]
			return value{}
		}
		out := s.apply(e, v, e.stack[base:])
		e.stack = e.stack[:base]
		return out
	}
}

func (s *call) apply(e *Env, v value, args []value) value {
	m := s.methods[v.kind]
	if m == nil {
		if v.kind == kNil {
			return e.failf("NoMethodError", "undefined method '%s' for nil", s.name)
		}
		return e.failf("NoMethodError", "undefined method '%s' for %s", s.name, kindNames[v.kind])
	}
	if len(args) < m.min || m.max >= 0 && len(args) > m.max {
		return e.failf("ArgumentError", "%s: wrong number of arguments (given %d)", s.name, len(args))
	}
	if v.kind == kRaw && !v.raw(s.name) {
		v = force(v)
		if m = s.methods[v.kind]; m == nil {
			return e.failf("NoMethodError", "undefined method '%s' for %s", s.name, kindNames[v.kind])
		}
		if len(args) < m.min || m.max >= 0 && len(args) > m.max {
			return e.failf("ArgumentError", "%s: wrong number of arguments (given %d)", s.name, len(args))
		}
	}
	return m.run(e, s, v, args)
}

// raw reports whether a method knows an object or array as it came.
func (v value) raw(name string) bool {
	switch name {
	case "dig", "to_json", "to_s", "nil?", "is_a?", "kind_of?", "class":
		return true
	case "[]", "fetch", "key?", "has_key?", "include?", "member?":
		return v.isMap()
	}
	return false
}

// fieldAccess compiles record["x"] to a slot, nil if x is something else.
func (c *Compiler) fieldAccess(x *expr) node {
	if x.kids[0].op != opName || x.kids[0].name != "record" || x.name != "[]" && x.name != "dig" || len(x.kids) < 2 || x.name == "[]" && len(x.kids) > 2 {
		return nil
	}
	var steps []value
	for _, k := range x.kids[1:] {
		if k.op != opConst || k.val.kind != kStr && k.val.kind != kInt {
			return nil
		}
		steps = append(steps, k.val)
	}
	if steps[0].kind != kStr {
		return nil
	}
	c.varies = true
	name := steps[0].s
	slot := slices.Index(c.fields, name)
	if slot < 0 {
		slot = len(c.fields)
		c.fields = append(c.fields, name)
	}
	if steps = steps[1:]; len(steps) == 0 {
		return func(e *Env) value { return e.field(slot) }
	}
	return func(e *Env) value {
		return dig(e, nil, e.field(slot), steps)
	}
}

func (c *Compiler) unknownMethod(x *expr) *Error {
	name := x.name
	if n := len(name); n > 1 && name[n-1] == '!' {
		return failed(x.pos, "write "+name[:n-1]+", which returns the new value", "%s, which changes a text in place, is not supported here", name)
	}
	all := map[string]bool{}
	for k := range kinds {
		for m := range c.methods[k] {
			all[m] = true
		}
	}
	fix := "docs/filters.md lists the methods"
	if near := nearest(name, slices.Sorted(maps.Keys(all))); near != "" {
		fix = "write " + near
	}
	return failed(x.pos, fix, "the method %s is not supported", name)
}
