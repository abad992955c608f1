package ruby

import "slices"

// index is v[key].
func index(e *Env, v, key value) value {
	switch v.kind {
	case kRaw:
		if v.isMap() && key.kind == kStr {
			x, _ := v.member(key.s)
			return x
		}
		return index(e, force(v), key)
	case kHash:
		x, _ := v.o.get(key)
		return x
	case kArr:
		return sliceArray(e, nil, v, []value{key})
	case kStr:
		return sliceString(e, nil, v, []value{key})
	case kMatch:
		return groupOf(v.o.re, v, key)
	case kInt:
		if key.kind == kInt && key.n >= 0 && key.n < 64 {
			return integer(v.n >> uint(key.n) & 1)
		}
		return integer(0)
	case kNil:
		return e.fail("NoMethodError", "undefined method '[]' for nil")
	}
	return e.failf("NoMethodError", "undefined method '[]' for %s", kindNames[v.kind])
}

// store is v[key] = x.
func (e *Env) store(v, key, x value) value {
	switch {
	case e.raised():
	case v.kind != kHash && v.kind != kArr && v.kind != kRaw:
		return e.failf("NoMethodError", "undefined method '[]=' for %s", kindNames[v.kind])
	case !e.mayChange(v), e.reaches(x, v.o), e.reaches(key, v.o):
	case v.kind == kHash:
		v.o.set(key, x)
	case v.kind == kArr && key.kind == kInt:
		n := key.n
		if n < 0 {
			n += int64(len(v.o.list))
		}
		if n < 0 || n > maxList {
			return e.fail("IndexError", "index out of range")
		}
		for int64(len(v.o.list)) <= n {
			v.o.list = append(v.o.list, value{})
		}
		v.o.list[n] = x
	default:
		return e.fail("TypeError", "no implicit conversion into Integer")
	}
	return x
}

func sliceArray(e *Env, _ *call, v value, args []value) value {
	lo, hi, ok := span(args, len(v.o.list))
	switch {
	case args[0].kind != kInt && args[0].kind != kFloat && args[0].kind != kRange:
		return e.failf("TypeError", "no implicit conversion of %s into Integer", kindNames[args[0].kind])
	case !ok:
		return value{}
	case len(args) > 1 || args[0].kind == kRange:
		return array(v.o.list[lo:hi])
	case lo == len(v.o.list):
		return value{}
	}
	return v.o.list[lo]
}

// dig goes down as far as there is something.
func dig(e *Env, _ *call, v value, args []value) value {
	for _, a := range args {
		if v.kind == kNil {
			return v
		}
		if v.kind != kHash && v.kind != kArr && v.kind != kRaw {
			return e.failf("TypeError", "%s does not have dig method", kindNames[v.kind])
		}
		v = index(e, v, a)
	}
	return v
}

func arrayMethods() methods {
	list := func(f func(l []value) value) method {
		return method{run: func(_ *Env, _ *call, v value, _ []value) value { return f(v.o.list) }}
	}
	with := func(f func(e *Env, l []value, a value) value) method {
		return method{min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value { return f(e, v.o.list, args[0]) }}
	}
	has := with(func(_ *Env, l []value, a value) value { return boolean(contains(l, a)) })
	return methods{
		"[]": {min: 1, max: 2, run: sliceArray}, "slice": {min: 1, max: 2, run: sliceArray}, "dig": {min: 1, max: -1, run: dig},
		"at":     with(func(e *Env, l []value, a value) value { return sliceArray(e, nil, array(l), []value{a}) }),
		"fetch":  {min: 1, max: 2, block: true, run: fetchElement},
		"length": list(func(l []value) value { return integer(int64(len(l))) }),
		"size":   list(func(l []value) value { return integer(int64(len(l))) }),
		"empty?": list(func(l []value) value { return boolean(len(l) == 0) }),
		"last":   {max: 1, run: lastOf},
		"take":   with(func(_ *Env, l []value, a value) value { return array(l[:clampTo(a, len(l))]) }),
		"drop":   with(func(_ *Env, l []value, a value) value { return array(l[clampTo(a, len(l)):]) }),
		"join":   {max: 1, run: joinArray},
		"compact": list(func(l []value) value {
			return array(slices.DeleteFunc(slices.Clone(l), func(v value) bool { return v.kind == kNil }))
		}),
		"flatten":  {max: 1, run: flattenArray},
		"reverse":  list(func(l []value) value { l = slices.Clone(l); slices.Reverse(l); return array(l) }),
		"include?": has, "member?": has,
		"index": with(func(_ *Env, l []value, a value) value {
			if i := slices.IndexFunc(l, func(v value) bool { return same(v, a) }); i >= 0 {
				return integer(int64(i))
			}
			return value{}
		}),
		"+": with(func(e *Env, l []value, a value) value {
			if a = force(a); a.kind != kArr {
				return e.fail("TypeError", "no implicit conversion into Array")
			}
			return array(slices.Concat(l, a.o.list))
		}),
		"concat": with(func(_ *Env, l []value, a value) value {
			if a = force(a); a.kind != kArr {
				return array(l)
			}
			return array(slices.Concat(l, a.o.list))
		}),
		"-": with(func(_ *Env, l []value, a value) value {
			a = force(a)
			return array(slices.DeleteFunc(slices.Clone(l), func(v value) bool { return a.kind == kArr && contains(a.o.list, v) }))
		}),
		"&": with(func(_ *Env, l []value, a value) value {
			a = force(a)
			return array(slices.DeleteFunc(slices.Clone(l), func(v value) bool { return a.kind != kArr || !contains(a.o.list, v) }))
		}),
		"|": with(func(_ *Env, l []value, a value) value {
			if a = force(a); a.kind != kArr {
				return array(l)
			}
			return array(unique(slices.Concat(l, a.o.list)))
		}),
		"*":    with(func(e *Env, l []value, a value) value { return joinArray(e, nil, array(l), []value{a}) }),
		"<<":   {min: 1, max: 1, run: pushArray},
		"push": {min: 1, max: -1, run: pushArray}, "append": {min: 1, max: -1, run: pushArray},
		"values_at": {min: 1, max: -1, run: func(e *Env, _ *call, v value, args []value) value {
			var out []value
			for _, a := range args {
				out = append(out, sliceArray(e, nil, v, []value{a}))
			}
			return array(out)
		}},
	}
}

func contains(l []value, a value) bool {
	return slices.ContainsFunc(l, func(v value) bool { return same(v, a) })
}

func clampTo(a value, n int) int { return int(min(max(a.n, 0), int64(n))) }

func unique(l []value) (out []value) {
	seen := &object{}
	for _, v := range l {
		if seen.find(v) < 0 {
			seen.set(v, v)
			out = append(out, v)
		}
	}
	return out
}

// pushArray changes the array, unless it belongs to the record.
func pushArray(e *Env, _ *call, v value, args []value) value {
	if len(v.o.list)+len(args) > maxList {
		return e.fail("RangeError", "too many elements")
	}
	if !e.mayChange(v) {
		return value{}
	}
	for _, a := range args {
		if e.reaches(a, v.o) {
			return value{}
		}
	}
	v.o.list = append(v.o.list, args...)
	return v
}

func lastOf(_ *Env, _ *call, v value, args []value) value {
	l := v.o.list
	switch {
	case len(args) > 0:
		return array(l[len(l)-clampTo(args[0], len(l)):])
	case len(l) == 0:
		return value{}
	}
	return l[len(l)-1]
}

func fetchElement(e *Env, c *call, v value, args []value) value {
	lo, _, ok := span(args[:1], len(v.o.list))
	switch {
	case ok && lo < len(v.o.list):
		return v.o.list[lo]
	case len(args) > 1:
		return args[1]
	case c != nil && c.block != nil:
		return c.block.one(e, args[0])
	}
	return e.fail("IndexError", "index outside of array bounds")
}

func joinArray(e *Env, _ *call, v value, args []value) value {
	sep := ""
	if len(args) > 0 {
		sep = args[0].s
	}
	from := len(e.scratch)
	e.appendJoined(v.o.list, sep, 0)
	return e.taken(from)
}

func (e *Env) appendJoined(l []value, sep string, depth int) {
	for i, x := range l {
		if i > 0 {
			e.scratch = append(e.scratch, sep...)
		}
		if x = forceArray(x); x.kind == kArr && depth < maxNesting {
			e.appendJoined(x.o.list, sep, depth+1)
		} else {
			e.scratch = appendText(e.scratch, x)
		}
	}
}

// forceArray is force for arrays only.
func forceArray(v value) value {
	if v.kind == kRaw && !v.isMap() {
		return force(v)
	}
	return v
}

func flattenArray(e *Env, _ *call, v value, args []value) value {
	depth := maxNesting
	if len(args) > 0 && args[0].kind == kInt && args[0].n >= 0 {
		depth = int(min(args[0].n, maxNesting))
	}
	var out []value
	var walk func(l []value, depth int)
	walk = func(l []value, depth int) {
		for _, x := range l {
			if x = forceArray(x); x.kind == kArr && depth > 0 && x.o != v.o {
				walk(x.o.list, depth-1)
			} else if len(out) < maxList {
				out = append(out, x)
			}
		}
	}
	walk(v.o.list, depth)
	return array(out)
}

// reaches raises if o is in v: what holds itself could not be written.
func (e *Env) reaches(v value, o *object) bool {
	if v.kind != kArr && v.kind != kHash || v.o == nil {
		return false
	}
	if v.o == o {
		e.fail("ArgumentError", "a collection cannot hold itself")
		return true
	}
	if !e.step() {
		return true
	}
	for _, x := range v.o.list {
		if e.reaches(x, o) {
			return true
		}
	}
	for _, p := range v.o.pairs {
		if e.reaches(p.v, o) || e.reaches(p.k, o) {
			return true
		}
	}
	return false
}
