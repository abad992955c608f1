package ruby

import "slices"

func firstOf(l []value) value {
	if len(l) == 0 {
		return value{}
	}
	return l[0]
}

func mapped(e *Env, c *call, l []value, _ []value) value {
	out := make([]value, len(l))
	for i, v := range l {
		out[i] = c.block.one(e, v)
	}
	return array(out)
}

func filtered(keep bool) func(e *Env, c *call, l []value, args []value) value {
	return func(e *Env, c *call, l []value, _ []value) value {
		var out []value
		for _, v := range l {
			if c.block.one(e, v).truthy() == keep {
				out = append(out, v)
			}
		}
		return array(out)
	}
}

func found(e *Env, c *call, l []value, _ []value) value {
	for _, v := range l {
		if c.block.one(e, v).truthy() {
			return v
		}
	}
	return value{}
}

// quantified is any?, all? and none?: the answer is known at the first element
// of which stop holds, and is answer then.
func quantified(stop, answer bool) func(e *Env, c *call, l []value, args []value) value {
	return func(e *Env, c *call, l []value, args []value) value {
		for _, v := range l {
			var holds bool
			switch {
			case len(args) > 0:
				holds = covers(e, args[0], v)
			case c.block != nil:
				holds = c.block.one(e, v).truthy()
			default:
				holds = v.truthy()
			}
			if holds == stop {
				return boolean(answer)
			}
		}
		return boolean(!answer)
	}
}

func count(e *Env, c *call, l []value, args []value) value {
	n := 0
	for _, v := range l {
		if len(args) == 0 && c.block == nil || len(args) > 0 && same(v, args[0]) || len(args) == 0 && c.block != nil && c.block.one(e, v).truthy() {
			n++
		}
	}
	return integer(int64(n))
}

func sum(e *Env, c *call, l []value, args []value) value {
	total := integer(0)
	if len(args) > 0 {
		total = args[0]
	}
	for _, v := range l {
		if c.block != nil {
			v = c.block.one(e, v)
		}
		switch {
		case total.number() && v.number():
			total = add(e, total, v)
		case total.kind == kStr && v.kind == kStr:
			total = concat(e, c, total, []value{v})
		default:
			return e.failf("TypeError", "sum: %s cannot be added to %s", kindNames[v.kind], kindNames[total.kind])
		}
	}
	return total
}

// inject folds: inject(:+), inject(0) { |a, b| }, inject { |a, b| }.
func inject(e *Env, c *call, l []value, args []value) value {
	name := ""
	if n := len(args); n > 0 && args[n-1].kind == kSym {
		name, args = args[n-1].s, args[:n-1]
	}
	var total value
	switch {
	case len(args) > 0:
		total = args[0]
	case len(l) == 0:
		return value{}
	default:
		total, l = l[0], l[1:]
	}
	for _, v := range l {
		switch {
		case name != "":
			m, ok := e.c.methods[total.kind][name]
			if !ok || !e.step() {
				return e.failf("NoMethodError", "undefined method '%s' for %s", name, kindNames[total.kind])
			}
			total = m.run(e, &call{name: name}, total, []value{v})
		case c.block != nil:
			total = c.block.two(e, total, v)
		default:
			return e.fail("ArgumentError", "inject needs a block or a method's name")
		}
	}
	return total
}

func sortedBy(e *Env, c *call, l []value, _ []value) value {
	return sorted(e, l, mapped(e, c, l, nil).o.list)
}

// sorted is l in the order of keys.
func sorted(e *Env, l, keys []value) value {
	order := make([]int, len(l))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		o, ok := compare(force(keys[a]), force(keys[b]))
		if !ok {
			e.failf("ArgumentError", "comparison of %s with %s failed", kindNames[keys[a].kind], kindNames[keys[b].kind])
		}
		return o
	})
	out := make([]value, len(l))
	for i, n := range order {
		out[i] = l[n]
	}
	return array(out)
}

func groupBy(e *Env, c *call, l []value, _ []value) value {
	h := hash()
	for _, v := range l {
		k := c.block.one(e, v)
		group, ok := h.o.get(k)
		if !ok {
			group = array(nil)
			h.o.set(k, group)
		}
		group.o.list = append(group.o.list, v)
	}
	return h
}

func toHash(e *Env, c *call, l []value, _ []value) value {
	h := hash()
	for _, v := range l {
		if c.block != nil {
			v = c.block.one(e, v)
		}
		v = force(v)
		if v.kind != kArr || len(v.o.list) != 2 {
			return e.fail("TypeError", "to_h: an element is no pair")
		}
		h.o.set(v.o.list[0], v.o.list[1])
	}
	return h
}
