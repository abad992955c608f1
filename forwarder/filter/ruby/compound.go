package ruby

// compound computes an expression from its kids' values.
func compound(x *expr, kids []node) node {
	switch x.op {
	case opAssign:
		slot, right := x.slot, kids[0]
		if x.flag { // a text changed in place: nil if it stayed the same
			return func(e *Env) value {
				v := right(e)
				if e.raised() || same(e.locals[slot], v) {
					return value{}
				}
				e.locals[slot] = v
				return v
			}
		}
		return func(e *Env) value {
			v := right(e)
			e.locals[slot] = v
			return v
		}
	case opSplit:
		return splitNode(x.slots, kids[0])
	case opStore:
		if x.flag {
			return func(e *Env) value { return e.storeText(kids[0](e), kids[1](e), kids[2](e)) }
		}
		return func(e *Env) value { return e.store(kids[0](e), kids[1](e), kids[2](e)) }
	case opText:
		return textNode(kids)
	case opArray:
		return func(e *Env) value {
			if !e.step() {
				return value{}
			}
			list := make([]value, len(kids))
			for i, k := range kids {
				list[i] = k(e)
			}
			return array(list)
		}
	case opHash:
		return func(e *Env) value {
			if !e.step() {
				return value{}
			}
			h := hash()
			for i := 0; i < len(kids); i += 2 {
				h.o.set(kids[i](e), kids[i+1](e))
			}
			return h
		}
	case opRange:
		open := x.flag
		return func(e *Env) value {
			return value{kind: kRange, o: &object{list: []value{kids[0](e), kids[1](e)}, open: open}}
		}
	}
	return choice(x.op, kids)
}

// choice is what need not compute all of its kids.
func choice(o op, kids []node) node {
	switch o {
	case opAnd:
		return func(e *Env) value {
			if v := kids[0](e); !v.truthy() {
				return v
			}
			return kids[1](e)
		}
	case opOr:
		return func(e *Env) value {
			if v := kids[0](e); v.truthy() || e.raised() {
				return v
			}
			return kids[1](e)
		}
	case opNot:
		return func(e *Env) value { return boolean(!kids[0](e).truthy()) }
	case opIf:
		return func(e *Env) value {
			if kids[0](e).truthy() {
				return kids[1](e)
			}
			return kids[2](e)
		}
	case opRescue:
		return func(e *Env) value {
			v := kids[0](e)
			if !e.raised() {
				return v
			}
			if e.spent() { // a bound is no error that an expression may pass
				return value{}
			}
			e.err = nil
			return kids[1](e)
		}
	}
	return func(e *Env) (v value) { // opSeq
		for _, k := range kids {
			v = k(e)
			if e.raised() {
				return value{}
			}
		}
		return v
	}
}

func splitNode(slots []int, right node) node {
	return func(e *Env) value {
		v := force(right(e))
		list := []value{v}
		if v.kind == kArr {
			list = v.o.list
		}
		for i, slot := range slots {
			e.locals[slot] = value{}
			if i < len(list) {
				e.locals[slot] = list[i]
			}
		}
		return v
	}
}

// textNode joins the kids' texts.
func textNode(kids []node) node {
	return func(e *Env) value {
		base := len(e.stack)
		for _, k := range kids {
			e.push(k(e))
		}
		from := len(e.scratch)
		for _, v := range e.stack[base:] {
			e.scratch = appendText(e.scratch, v)
		}
		e.stack = e.stack[:base]
		return e.taken(from)
	}
}

// caseNode compiles case; kids holds the subject, the bodies at even places and
// the last, and nothing where patterns stand.
func (c *Compiler) caseNode(x *expr, kids []node) (node, *Error) {
	type branch struct {
		patterns []node
		body     node
	}
	var branches []branch
	for i := 1; i+1 < len(x.kids); i += 2 {
		var b branch
		for _, k := range x.kids[i].kids {
			n, err := c.node(k)
			if err != nil {
				return nil, err
			}
			b.patterns = append(b.patterns, n)
		}
		b.body = kids[i+1]
		branches = append(branches, b)
	}
	subject, other := kids[0], kids[len(kids)-1]
	return func(e *Env) value {
		var v value
		if subject != nil {
			v = subject(e)
		}
		for i := range branches {
			for _, p := range branches[i].patterns {
				if w := p(e); subject == nil && w.truthy() || subject != nil && covers(e, w, v) {
					return branches[i].body(e)
				}
			}
		}
		return other(e)
	}, nil
}
