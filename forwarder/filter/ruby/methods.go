package ruby

import "maps"

type methods = map[string]method

// allMethods are the methods by the kind of what they are called on.
func allMethods() (list [kinds]methods) {
	for k, own := range map[kind][]methods{
		kNil:    {nilMethods()},
		kFalse:  {logicMethods()},
		kTrue:   {logicMethods()},
		kInt:    {numberMethods(), integerMethods()},
		kFloat:  {numberMethods()},
		kStr:    {stringMethods(), substringMethods(), patternMethods(), orderMethods()},
		kSym:    {symbolMethods()},
		kArr:    {listMethods(), arrayMethods()},
		kHash:   {listMethods(), hashMethods(), hashBlockMethods()},
		kTime:   {timeMethods(), orderMethods()},
		kRange:  {listMethods(), rangeMethods()},
		kRegexp: {regexpMethods()},
		kMatch:  {matchMethods()},
		kClass:  {classMethods()},
	} {
		list[k] = objectMethods()
		for _, m := range own {
			maps.Copy(list[k], m)
		}
	}
	addInPlace(&list)
	list[kRaw] = maps.Clone(list[kHash])
	for name, m := range list[kArr] {
		if _, ok := list[kRaw][name]; !ok {
			list[kRaw][name] = m
		}
	}
	// What both have is chosen when it is known which of the two it is.
	for name, m := range list[kRaw] {
		ofHash, inHash := list[kHash][name]
		ofArray, inArray := list[kArr][name]
		if inHash && inArray {
			m.min, m.max = min(ofHash.min, ofArray.min), max(ofHash.max, ofArray.max)
			if ofHash.max < 0 || ofArray.max < 0 {
				m.max = -1
			}
			list[kRaw][name] = m
		}
	}
	return list
}

// objectMethods are what every value has.
func objectMethods() methods {
	toText := func(e *Env, _ *call, v value, _ []value) value { return e.text(v) }
	is := func(_ *Env, _ *call, v value, args []value) value {
		return boolean(args[0].kind == kClass && isA(v, args[0].s))
	}
	return methods{
		"nil?": {run: func(_ *Env, _ *call, v value, _ []value) value { return boolean(v.kind == kNil) }},
		"to_s": {max: 1, run: toText},
		"inspect": {run: func(_ *Env, _ *call, v value, _ []value) value {
			return str(inspect(v))
		}},
		"to_json": {max: 1, run: func(e *Env, _ *call, v value, _ []value) value {
			from := len(e.scratch)
			e.scratch = appendJSON(e.scratch, v)
			return e.taken(from)
		}},
		"==":       {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return boolean(same(v, args[0])) }},
		"eql?":     {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return boolean(same(v, args[0])) }},
		"equal?":   {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return boolean(same(v, args[0])) }},
		"===":      {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value { return boolean(covers(e, v, args[0])) }},
		"=~":       {min: 1, max: 1, run: func(*Env, *call, value, []value) value { return value{} }},
		"is_a?":    {min: 1, max: 1, run: is},
		"kind_of?": {min: 1, max: 1, run: is},
		"class": {run: func(_ *Env, _ *call, v value, _ []value) value {
			return value{kind: kClass, s: kindNames[force(v).kind]}
		}},
		"dup":        {run: func(_ *Env, _ *call, v value, _ []value) value { return copied(v) }},
		"clone":      {run: func(_ *Env, _ *call, v value, _ []value) value { return copied(v) }},
		"freeze":     {run: func(_ *Env, _ *call, v value, _ []value) value { return v }},
		"itself":     {run: func(_ *Env, _ *call, v value, _ []value) value { return v }},
		"<=>":        {min: 1, max: 1, run: order},
		"then":       {block: true, run: callBlock},
		"yield_self": {block: true, run: callBlock},
		"tap": {block: true, run: func(e *Env, c *call, v value, _ []value) value {
			if c.block != nil {
				c.block.one(e, v)
			}
			return v
		}},
		"respond_to?": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			_, ok := e.c.methods[force(v).kind][args[0].s]
			return boolean(ok)
		}},
	}
}

func callBlock(e *Env, c *call, v value, _ []value) value {
	if c.block == nil {
		return v
	}
	return c.block.one(e, v)
}

func order(_ *Env, _ *call, v value, args []value) value {
	if o, ok := compare(v, args[0]); ok {
		return integer(int64(o))
	}
	return value{}
}

// text is v as a string.
func (e *Env) text(v value) value {
	if v.kind == kStr {
		return v
	}
	from := len(e.scratch)
	e.scratch = appendText(e.scratch, v)
	return e.taken(from)
}

// copied is a value that may be changed without changing v.
func copied(v value) value {
	v = force(v)
	switch v.kind {
	case kArr:
		return array(append([]value(nil), v.o.list...))
	case kHash:
		return hash(v.o.pairs...)
	}
	return v
}

func nilMethods() methods {
	return methods{
		"to_a": {run: func(*Env, *call, value, []value) value { return array(nil) }},
		"to_h": {run: func(*Env, *call, value, []value) value { return hash() }},
		"to_i": {run: func(*Env, *call, value, []value) value { return integer(0) }},
		"to_f": {run: func(*Env, *call, value, []value) value { return float(0) }},
		"&":    {min: 1, max: 1, run: func(*Env, *call, value, []value) value { return boolean(false) }},
		"|":    {min: 1, max: 1, run: func(_ *Env, _ *call, _ value, args []value) value { return boolean(args[0].truthy()) }},
		// Rails' methods, which people write because they know them.
		"empty?": {run: raiseNil},
	}
}

func raiseNil(e *Env, c *call, _ value, _ []value) value {
	return e.failf("NoMethodError", "undefined method '%s' for nil", c.name)
}

func logicMethods() methods {
	return methods{
		"&": {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return boolean(v.truthy() && args[0].truthy()) }},
		"|": {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return boolean(v.truthy() || args[0].truthy()) }},
		"^": {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value { return boolean(v.truthy() != args[0].truthy()) }},
		"!": {run: func(_ *Env, _ *call, v value, _ []value) value { return boolean(!v.truthy()) }},
	}
}

// orderMethods are <, > and their like, for texts and times.
func orderMethods() methods {
	than := func(holds func(o int) bool) method {
		return method{min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			o, ok := compare(v, args[0])
			if !ok {
				return e.failf("ArgumentError", "comparison of %s with %s failed", kindNames[v.kind], kindNames[args[0].kind])
			}
			return boolean(holds(o))
		}}
	}
	return methods{
		"<":  than(func(o int) bool { return o < 0 }),
		"<=": than(func(o int) bool { return o <= 0 }),
		">":  than(func(o int) bool { return o > 0 }),
		">=": than(func(o int) bool { return o >= 0 }),
		"between?": {min: 2, max: 2, run: func(e *Env, _ *call, v value, args []value) value {
			lo, ok := compare(v, args[0])
			hi, ok2 := compare(v, args[1])
			if !ok || !ok2 {
				return e.fail("ArgumentError", "between?: values that cannot be compared")
			}
			return boolean(lo >= 0 && hi <= 0)
		}},
	}
}

func symbolMethods() methods {
	return methods{
		"to_sym": {run: func(_ *Env, _ *call, v value, _ []value) value { return v }},
		"to_s":   {run: func(_ *Env, _ *call, v value, _ []value) value { return str(v.s) }},
		"name":   {run: func(_ *Env, _ *call, v value, _ []value) value { return str(v.s) }},
		"length": {run: func(_ *Env, _ *call, v value, _ []value) value { return integer(int64(len(v.s))) }},
	}
}

func classMethods() methods {
	return methods{"name": {run: func(_ *Env, _ *call, v value, _ []value) value { return str(v.s) }}}
}
