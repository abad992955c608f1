package ruby

import "slices"

// elements are what a collection's blocks are called with; a hash's are pairs.
func elements(e *Env, v value) []value {
	switch v.kind {
	case kArr:
		return v.o.list
	case kHash:
		out := make([]value, len(v.o.pairs))
		for i, p := range v.o.pairs {
			out[i] = array([]value{p.k, p.v})
		}
		return out
	case kRange:
		lo, hi := v.o.list[0], v.o.list[1]
		if lo.kind != kInt || hi.kind != kInt {
			e.fail("TypeError", "can't iterate over such a range")
			return nil
		}
		n := hi.n
		if v.o.open {
			n--
		}
		if n-lo.n > maxList || n-lo.n < 0 && n > lo.n {
			e.fail("RangeError", "the range is too long")
			return nil
		}
		var out []value
		for i := lo.n; i <= n; i++ {
			out = append(out, integer(i))
		}
		return out
	}
	return nil
}

// overList is a method of every collection.
type overList = func(e *Env, c *call, l []value, args []value) value

func listMethod(f overList, min, max int, must bool) method {
	return method{min: min, max: max, block: true, must: must, run: func(e *Env, c *call, v value, args []value) value {
		if must && c.block == nil {
			return e.failf("ArgumentError", "%s needs a block", c.name)
		}
		return f(e, c, elements(e, v), args)
	}}
}

// listMethods are Enumerable's.
func listMethods() methods {
	out := blockMethods()
	each := func(name string, f overList, min, max int) { out[name] = listMethod(f, min, max, false) }
	each("inject", inject, 0, 2)
	each("reduce", inject, 0, 2)
	each("any?", quantified(true, true), 0, 1)
	each("all?", quantified(false, false), 0, 1)
	each("none?", quantified(true, false), 0, 1)
	each("sum", sum, 0, 1)
	each("count", count, 0, 1)
	each("to_a", func(_ *Env, _ *call, l []value, _ []value) value { return array(slices.Clone(l)) }, 0, 0)
	each("entries", func(_ *Env, _ *call, l []value, _ []value) value { return array(slices.Clone(l)) }, 0, 0)
	each("first", func(_ *Env, _ *call, l []value, args []value) value {
		if len(args) > 0 {
			return array(l[:clampTo(args[0], len(l))])
		}
		return firstOf(l)
	}, 0, 1)
	each("uniq", func(_ *Env, _ *call, l []value, _ []value) value { return array(unique(l)) }, 0, 0)
	each("sort", func(e *Env, _ *call, l []value, _ []value) value { return sorted(e, l, l) }, 0, 0)
	each("max", func(e *Env, c *call, l []value, _ []value) value { return lastOf(e, c, sorted(e, l, l), nil) }, 0, 0)
	each("min", func(e *Env, _ *call, l []value, _ []value) value { return firstOf(sorted(e, l, l).o.list) }, 0, 0)
	each("to_h", toHash, 0, 0)
	each("tally", func(_ *Env, _ *call, l []value, _ []value) value {
		h := hash()
		for _, v := range l {
			n, _ := h.o.get(v)
			h.o.set(v, integer(n.n+1))
		}
		return h
	}, 0, 0)
	each("zip", func(_ *Env, _ *call, l []value, args []value) value {
		other := force(args[0])
		pairs := make([]value, len(l))
		for i, v := range l {
			second := value{}
			if other.kind == kArr && i < len(other.o.list) {
				second = other.o.list[i]
			}
			pairs[i] = array([]value{v, second})
		}
		return array(pairs)
	}, 1, 1)
	return out
}

// blockMethods are those that cannot do without a block.
func blockMethods() methods {
	out := methods{}
	for _, names := range []struct {
		names []string
		f     overList
	}{
		{[]string{"map", "collect"}, mapped},
		{[]string{"flat_map", "collect_concat"}, func(e *Env, c *call, l []value, args []value) value {
			return flattenArray(e, nil, mapped(e, c, l, args), []value{integer(1)})
		}},
		{[]string{"filter_map"}, func(e *Env, c *call, l []value, args []value) value {
			m := mapped(e, c, l, args)
			m.o.list = slices.DeleteFunc(m.o.list, func(v value) bool { return !v.truthy() })
			return m
		}},
		{[]string{"select", "filter"}, filtered(true)},
		{[]string{"reject"}, filtered(false)},
		{[]string{"find", "detect"}, found},
		{[]string{"find_index"}, func(e *Env, c *call, l []value, _ []value) value {
			for i, v := range l {
				if c.block.one(e, v).truthy() {
					return integer(int64(i))
				}
			}
			return value{}
		}},
		{[]string{"partition"}, func(e *Env, c *call, l []value, args []value) value {
			return array([]value{filtered(true)(e, c, l, args), filtered(false)(e, c, l, args)})
		}},
		{[]string{"group_by"}, groupBy},
		{[]string{"sort_by"}, sortedBy},
		{[]string{"max_by"}, func(e *Env, c *call, l []value, a []value) value { return lastOf(e, c, sortedBy(e, c, l, a), nil) }},
		{[]string{"min_by"}, func(e *Env, c *call, l []value, a []value) value { return firstOf(sortedBy(e, c, l, a).o.list) }},
		{[]string{"take_while"}, func(e *Env, c *call, l []value, _ []value) value {
			for i, v := range l {
				if !c.block.one(e, v).truthy() {
					return array(l[:i])
				}
			}
			return array(l)
		}},
		{[]string{"each"}, func(e *Env, c *call, l []value, _ []value) value {
			for _, v := range l {
				c.block.one(e, v)
			}
			return array(l)
		}},
		{[]string{"each_with_index"}, func(e *Env, c *call, l []value, _ []value) value {
			for i, v := range l {
				c.block.two(e, v, integer(int64(i)))
			}
			return array(l)
		}},
	} {
		for _, name := range names.names {
			out[name] = listMethod(names.f, 0, 0, true)
		}
	}
	out["each_with_object"] = listMethod(func(e *Env, c *call, l []value, args []value) value {
		into := args[0]
		for _, v := range l {
			c.block.two(e, v, into)
		}
		return into
	}, 1, 1, true)
	return out
}
