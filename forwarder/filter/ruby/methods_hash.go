package ruby

import "slices"

func hashMethods() methods {
	has := method{min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
		if v.kind == kRaw && v.isMap() && args[0].kind == kStr {
			_, ok := v.member(args[0].s)
			return boolean(ok)
		}
		if v = force(v); v.kind == kArr {
			return boolean(contains(v.o.list, args[0]))
		}
		return boolean(v.o.find(args[0]) >= 0)
	}}
	one := func(f func(o *object) value) method {
		return method{run: func(_ *Env, _ *call, v value, _ []value) value { return f(v.o) }}
	}
	return methods{
		"[]":    {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value { return index(e, v, args[0]) }},
		"dig":   {min: 1, max: -1, run: dig},
		"fetch": {min: 1, max: 2, block: true, run: fetch},
		"key?":  has, "has_key?": has, "include?": has, "member?": has,
		"value?": {min: 1, max: 1, run: hasValue}, "has_value?": {min: 1, max: 1, run: hasValue},
		"keys":   one(func(o *object) value { return array(column(o, true)) }),
		"values": one(func(o *object) value { return array(column(o, false)) }),
		"length": one(func(o *object) value { return integer(int64(len(o.pairs))) }),
		"size":   one(func(o *object) value { return integer(int64(len(o.pairs))) }),
		"empty?": one(func(o *object) value { return boolean(len(o.pairs) == 0) }),
		"invert": one(func(o *object) value {
			h := hash()
			for _, p := range o.pairs {
				h.o.set(p.v, p.k)
			}
			return h
		}),
		"compact": one(func(o *object) value {
			return pick(o, func(p pair) bool { return p.v.kind != kNil })
		}),
		"to_hash": one(func(o *object) value { return value{kind: kHash, o: o} }),
		"merge":   {min: 0, max: -1, block: true, run: merge},
		"slice": {min: 1, max: -1, run: func(_ *Env, _ *call, v value, args []value) value {
			return pick(v.o, func(p pair) bool { return contains(args, p.k) })
		}},
		"except": {min: 1, max: -1, run: func(_ *Env, _ *call, v value, args []value) value {
			return pick(v.o, func(p pair) bool { return !contains(args, p.k) })
		}},
		"values_at": {min: 1, max: -1, run: func(_ *Env, _ *call, v value, args []value) value {
			out := make([]value, len(args))
			for i, a := range args {
				out[i], _ = v.o.get(a)
			}
			return array(out)
		}},
		"key": {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value {
			for _, p := range v.o.pairs {
				if same(p.v, args[0]) {
					return p.k
				}
			}
			return value{}
		}},
		"delete": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			if v.o.find(args[0]) < 0 || !e.mayChange(v) {
				return value{}
			}
			x, _ := v.o.remove(args[0])
			return x
		}},
		"store": {min: 2, max: 2, run: func(e *Env, _ *call, v value, args []value) value { return e.store(v, args[0], args[1]) }},
	}
}

func fetch(e *Env, c *call, v value, args []value) value {
	if v.kind == kRaw {
		if v.isMap() && args[0].kind == kStr {
			if x, ok := v.member(args[0].s); ok {
				return x
			}
		}
		v = force(v)
	}
	if v.kind == kArr {
		return fetchElement(e, c, v, args)
	}
	if x, ok := v.o.get(args[0]); ok {
		return x
	}
	switch {
	case c.block != nil:
		return c.block.one(e, args[0])
	case len(args) > 1:
		return args[1]
	}
	return e.failf("KeyError", "key not found: %s", inspect(args[0]))
}

func hasValue(_ *Env, _ *call, v value, args []value) value {
	return boolean(contains(column(v.o, false), args[0]))
}

func column(o *object, keys bool) []value {
	out := make([]value, len(o.pairs))
	for i, p := range o.pairs {
		if out[i] = p.v; keys {
			out[i] = p.k
		}
	}
	return out
}

// pick is a hash of some of the pairs.
func pick(o *object, keep func(pair) bool) value {
	h := hash()
	for _, p := range o.pairs {
		if keep(p) {
			h.o.set(p.k, p.v)
		}
	}
	return h
}

func merge(e *Env, c *call, v value, args []value) value {
	h := copied(v)
	for _, a := range args {
		if a = force(a); a.kind != kHash {
			return e.failf("TypeError", "merge: no implicit conversion of %s into Hash", kindNames[a.kind])
		}
		for _, p := range a.o.pairs {
			if old, ok := h.o.get(p.k); ok && c.block != nil && len(c.block.params) == 3 {
				c.block.spread(e, []value{p.k, old, p.v})
				p.v = c.block.body(e)
			}
			h.o.set(p.k, p.v)
		}
	}
	return h
}

// hashBlockMethods are those whose result is a hash again.
func hashBlockMethods() methods {
	filter := func(keep bool) method {
		return method{block: true, must: true, run: func(e *Env, c *call, v value, _ []value) value {
			if c.block == nil {
				return e.failf("ArgumentError", "%s needs a block", c.name)
			}
			return pick(v.o, func(p pair) bool { return c.block.two(e, p.k, p.v).truthy() == keep })
		}}
	}
	transform := func(keys bool) method {
		return method{block: true, must: true, run: func(e *Env, c *call, v value, _ []value) value {
			if c.block == nil {
				return e.failf("ArgumentError", "%s needs a block", c.name)
			}
			h := hash()
			for _, p := range v.o.pairs {
				if keys {
					p.k = c.block.one(e, p.k)
				} else {
					p.v = c.block.one(e, p.v)
				}
				h.o.set(p.k, p.v)
			}
			return h
		}}
	}
	eachOf := func(keys bool) method {
		return method{block: true, run: func(e *Env, c *call, v value, _ []value) value {
			for _, x := range slices.Clone(column(v.o, keys)) {
				callBlock(e, c, x, nil)
			}
			return v
		}}
	}
	return methods{
		"select": filter(true), "filter": filter(true), "reject": filter(false),
		"transform_values": transform(false), "transform_keys": transform(true),
		"each_key": eachOf(true), "each_value": eachOf(false),
		"to_h": {block: true, run: func(e *Env, c *call, v value, _ []value) value {
			if c.block == nil {
				return v
			}
			return toHash(e, c, elements(e, v), nil)
		}},
		"each_pair": listMethods()["each"],
	}
}

func rangeMethods() methods {
	cover := method{min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return boolean(inRange(v, args[0])) }}
	return methods{
		"include?": cover, "cover?": cover, "member?": cover,
		"begin": {run: func(_ *Env, _ *call, v value, _ []value) value { return v.o.list[0] }},
		"end":   {run: func(_ *Env, _ *call, v value, _ []value) value { return v.o.list[1] }},
	}
}
