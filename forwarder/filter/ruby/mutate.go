package ruby

import (
	"slices"
	"strings"

	"sluice/event"
)

// mutators are the methods that change what they are called on. Where a filter
// has one of them, or an assignment to an element, what it reads of the record
// is kept for as long as the record is worked on, so that changes are seen and
// can be written back. inPlace tells those that are made of others.
var mutators = []string{"delete", "store", "clear", "replace", "<<", "push", "append", "concat", "unshift", "prepend", "insert", "pop", "shift", "update", "keep_if", "delete_if"}

func (c *Compiler) mutates(name string) bool {
	return len(name) > 1 && name[len(name)-1] == '!' || slices.Contains(mutators, name)
}

// held is an object or array of the record that was read and may be changed.
type held struct {
	name  string
	value value
	was   event.Value // as it stands in the batch
	own   bool        // a field of the record; else the batch says it
}

// thaw copies what belongs to others, raw values too, to its very depth; root
// is what the copies belong to, nil: to none of the record's fields.
func thaw(v value, root *object) value {
	switch v = force(v); v.kind {
	case kArr:
		out := value{kind: kArr, o: &object{root: root}}
		if root == nil {
			root = out.o
		}
		out.o.list = make([]value, len(v.o.list))
		for i, x := range v.o.list {
			out.o.list[i] = thaw(x, root)
		}
		return out
	case kHash:
		out := value{kind: kHash, o: &object{root: root}}
		if root == nil {
			root = out.o
		}
		for _, p := range v.o.pairs {
			out.o.set(p.k, thaw(p.v, root))
		}
		return out
	}
	return v
}

// hold reads the field of that name for a filter that changes things.
func (e *Env) hold(name string, key uint16) value {
	for i := range e.held {
		if e.held[i].name == name {
			return e.held[i].value
		}
	}
	was, own := e.batch.Get(e.i, key)
	var v value
	if own {
		v = load(e.batch, was)
	} else {
		v, _ = sharedValue(e.batch.Shared, name)
	}
	if v.kind != kRaw && v.kind != kHash {
		return v
	}
	v = thaw(v, nil)
	e.held = append(e.held, held{name, v, was, own})
	return v
}

// mayChange reports whether a collection may be changed; what it belongs to is
// then changed.
func (e *Env) mayChange(v value) bool {
	if v.kind == kRaw || v.o == nil || v.o.frozen {
		e.fail("FrozenError", "cannot change what belongs to the record (make a copy with .dup)")
		return false
	}
	root := v.o
	if root.root != nil {
		root = root.root
	}
	root.changed = true
	return true
}

// inPlace is a method that makes a new collection, changing the old one
// instead.
func inPlace(m method) method {
	run := m.run
	m.run = func(e *Env, c *call, v value, args []value) value {
		out := force(run(e, c, v, args))
		if e.raised() || out.kind != v.kind || !e.mayChange(v) {
			return v
		}
		for _, x := range out.o.list {
			if e.reaches(x, v.o) {
				return value{}
			}
		}
		for _, p := range out.o.pairs {
			if e.reaches(p.k, v.o) || e.reaches(p.v, v.o) {
				return value{}
			}
		}
		v.o.list, v.o.pairs, v.o.index = slices.Clone(out.o.list), nil, nil
		for _, p := range out.o.pairs {
			v.o.set(p.k, p.v)
		}
		return v
	}
	return m
}

// addInPlace adds the methods that end with !, and their likes.
func addInPlace(list *[kinds]methods) {
	for _, name := range []string{"merge", "select", "filter", "reject", "compact", "transform_keys", "transform_values"} {
		list[kHash][name+"!"] = inPlace(list[kHash][name])
	}
	for name, of := range map[string]string{"update": "merge", "keep_if": "select", "delete_if": "reject"} {
		list[kHash][name] = inPlace(list[kHash][of])
	}
	for _, name := range []string{"map", "collect", "select", "filter", "reject", "compact", "flatten", "uniq", "sort", "sort_by", "reverse"} {
		list[kArr][name+"!"] = inPlace(list[kArr][name])
	}
	for name, of := range map[string]string{"keep_if": "select", "delete_if": "reject"} {
		list[kArr][name] = inPlace(list[kArr][of])
	}
	list[kArr]["concat"] = inPlace(list[kArr]["concat"])
	for _, k := range []kind{kHash, kArr} {
		list[k]["replace"] = inPlace(method{min: 1, max: 1, run: func(_ *Env, _ *call, _ value, args []value) value { return args[0] }})
		list[k]["clear"] = inPlace(method{run: func(_ *Env, _ *call, v value, _ []value) value { return value{kind: v.kind, o: &object{}} }})
	}
	front := method{min: 1, max: -1, run: func(_ *Env, _ *call, v value, args []value) value { return array(slices.Concat(args, v.o.list)) }}
	list[kArr]["unshift"], list[kArr]["prepend"] = inPlace(front), inPlace(front)
	list[kArr]["pop"] = cutOff(func(l []value) (value, []value) { return l[len(l)-1], l[:len(l)-1] })
	list[kArr]["shift"] = cutOff(func(l []value) (value, []value) { return l[0], l[1:] })
	list[kArr]["delete"] = method{min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
		if !contains(v.o.list, args[0]) || !e.mayChange(v) {
			return value{}
		}
		v.o.list = slices.DeleteFunc(v.o.list, func(x value) bool { return same(x, args[0]) })
		return args[0]
	}}
}

// cutOff takes one element off an array.
func cutOff(cut func(l []value) (one value, rest []value)) method {
	return method{run: func(e *Env, _ *call, v value, _ []value) (one value) {
		if len(v.o.list) > 0 && e.mayChange(v) {
			one, v.o.list = cut(v.o.list)
		}
		return one
	}}
}

// textInPlace makes of a.gsub!(x) what a = a.gsub(x) is, where a is a variable
// or an element; nil: x is something else. Texts themselves never change here.
func (c *Compiler) textInPlace(x *expr) *expr {
	name := strings.TrimSuffix(x.name, "!")
	if _, ok := c.methods[kStr][name]; !ok || name == x.name || c.methods[kArr][x.name].run != nil || c.methods[kHash][x.name].run != nil {
		return nil
	}
	self := x.kids[0]
	call := *x
	call.name = name
	switch {
	case self.op == opVar && !c.lent[self.slot]:
		return &expr{op: opAssign, pos: x.pos, slot: self.slot, kids: []*expr{&call}, flag: true}
	case self.op == opCall && self.name == "[]" && len(self.kids) == 2:
		return &expr{op: opStore, pos: x.pos, kids: []*expr{self.kids[0], self.kids[1], &call}, flag: true}
	}
	return nil
}

// storeText is Env.store for a text that was changed in place: the record's own
// field is changed, too. What stayed the same gives nil, as in Ruby.
func (e *Env) storeText(v, key, x value) value {
	old := index(e, v, key)
	if e.raised() || same(old, x) {
		return value{}
	}
	e.store(v, key, x)
	if v.o != nil && v.o == e.record.o {
		e.texts = append(e.texts, pair{key, x})
	}
	return x
}

// Settle writes into the batch what the programs have changed below the
// record's fields since Record. whole: also what they have changed of the
// record itself, fields set and deleted.
func (e *Env) Settle(whole bool) {
	if whole && e.record.kind == kHash && e.record.o.changed {
		e.rewrite()
		return
	}
	for _, h := range e.held {
		if h.value.o.changed {
			e.batch.Set(e.i, e.batch.KeyString(h.name), store(e.batch, h.value))
		}
	}
	for _, p := range e.texts {
		e.batch.Set(e.i, e.batch.KeyString(p.k.s), store(e.batch, p.v))
	}
}

// rewrite makes the record anew. What the batch says of all its records stays
// said, also if it was deleted here.
func (e *Env) rewrite() {
	e.batch.Recs[e.i].NField = 0
	for _, p := range e.record.o.pairs {
		at := slices.IndexFunc(e.held, func(h held) bool { return p.v.o != nil && h.value.o == p.v.o && h.name == p.k.s && !h.value.o.changed })
		if at >= 0 && !e.held[at].own {
			continue
		}
		from := len(e.batch.Arena)
		e.batch.Arena = appendText(e.batch.Arena, p.k)
		key := e.batch.Key(e.batch.Arena[from:])
		e.batch.Arena = e.batch.Arena[:from]
		if at >= 0 {
			e.batch.Set(e.i, key, e.held[at].was)
		} else {
			e.batch.Set(e.i, key, store(e.batch, p.v))
		}
	}
}
