package ruby

// postfix reads a value and the calls behind it.
func (p *source) postfix() (*expr, *Error) {
	x, err := p.primary()
	for err == nil {
		if err = p.continued(); err != nil {
			return nil, err
		}
		switch {
		case p.is("."), p.is("&."):
			x, err = p.method(x)
		case p.is("[") && !p.tok.space:
			x, err = p.index(x)
		case p.is("::"):
			x, err = p.nestedConstant(x)
		default:
			return x, nil
		}
	}
	return nil, err
}

// continued passes a line's end if the next line begins with a dot.
func (p *source) continued() *Error {
	if p.tok.kind != tLine || p.src[p.tok.pos] != '\n' {
		return nil
	}
	saved := *p
	if err := p.lines(); err != nil {
		return err
	}
	if !p.is(".") && !p.is("&.") {
		*p = saved
	}
	return nil
}

func (p *source) method(x *expr) (*expr, *Error) {
	call := &expr{op: opCall, kids: []*expr{x}, flag: p.is("&.")}
	if err := p.advance(); err != nil {
		return nil, err
	}
	call.pos = p.tok.pos
	switch p.tok.kind {
	case tName, tConst:
		call.name = p.tok.text
	default:
		return nil, p.unexpected("a method's name")
	}
	end := p.tok.end
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is("(") && p.tok.pos == end {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if err := p.arguments(call, ")"); err != nil {
			return nil, err
		}
	}
	return call, p.maybeBlock(call)
}

func (p *source) index(x *expr) (*expr, *Error) {
	call := &expr{op: opCall, name: "[]", pos: p.tok.pos, kids: []*expr{x}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return call, p.arguments(call, "]")
}

// arguments reads up to the closing bracket, and that.
func (p *source) arguments(call *expr, closing string) *Error {
	var named *expr
	for {
		if err := p.lines(); err != nil {
			return err
		}
		if p.is(closing) {
			break
		}
		if err := p.argument(call, &named); err != nil {
			return err
		}
		if err := p.lines(); err != nil {
			return err
		}
		if p.is(closing) {
			break
		}
		if err := p.expect(","); err != nil {
			return err
		}
	}
	if named != nil {
		call.kids = append(call.kids, named)
	}
	return p.advance()
}

func (p *source) argument(call *expr, named **expr) *Error {
	at := p.tok.pos
	switch {
	case p.is("&"):
		return p.blockArgument(call)
	case p.is("*"), p.is("**"):
		return failed(at, "write the arguments one by one", "arguments with %s are not supported", p.tok.text)
	case p.tok.kind == tLabel:
		key := &expr{op: opConst, pos: at, val: value{kind: kSym, s: p.tok.text}}
		if err := p.advance(); err != nil {
			return err
		}
		return p.pairTo(named, key)
	}
	x, err := p.lowExpr()
	if err != nil {
		return err
	}
	if p.is("=>") {
		if err := p.advance(); err != nil {
			return err
		}
		return p.pairTo(named, x)
	}
	call.kids = append(call.kids, x)
	return nil
}

func (p *source) pairTo(named **expr, key *expr) *Error {
	if *named == nil {
		*named = &expr{op: opHash, pos: key.pos}
	}
	x, err := p.lowExpr()
	(*named).kids = append((*named).kids, key, x)
	return err
}

// blockArgument reads &:name.
func (p *source) blockArgument(call *expr) *Error {
	at := p.tok.pos
	if err := p.advance(); err != nil {
		return err
	}
	if p.tok.kind != tSym {
		return failed(at, "write &:name, or a block", "only a method's name may be passed as a block")
	}
	saved := p.scope
	slot := p.scope.add("")
	p.scope = scope{names: saved.names, slots: saved.slots, total: saved.total}
	item := &expr{op: opVar, pos: at, slot: slot}
	call.block = &blockExpr{params: []int{slot}, body: &expr{op: opCall, pos: at, name: p.tok.x.val.s, kids: []*expr{item}}}
	return p.advance()
}

// maybeBlock reads { |a, b| ... } or do |a| ... end.
func (p *source) maybeBlock(call *expr) *Error {
	closing := ""
	switch {
	case p.is("{"):
		closing = "}"
	case p.word("do"):
		closing = "end"
	default:
		return nil
	}
	if err := p.advance(); err != nil {
		return err
	}
	saved := p.scope
	block := &blockExpr{}
	if p.is("|") {
		if err := p.params(block); err != nil {
			return err
		}
	} else if closing == "}" || closing == "end" {
		slot := p.scope.add("it")
		p.scope.names = append(p.scope.names, "_1")
		p.scope.slots = append(p.scope.slots, slot)
		block.params = []int{slot}
	}
	body, err := p.statements(closing)
	if err != nil {
		return err
	}
	if len(block.nested) > 0 {
		body = &expr{op: opSeq, pos: body.pos, kids: append(block.nested, body)}
	}
	block.body, call.block = body, block
	p.scope = scope{names: saved.names, slots: saved.slots, total: saved.total}
	return p.expect(closing)
}

// paramNames reads one parameter, or those in parentheses.
func (p *source) paramNames(nested bool) (slots []int, err *Error) {
	if nested {
		err = p.advance()
	}
	for err == nil {
		if p.tok.kind != tName {
			return nil, p.unexpected("a block's parameter")
		}
		slots = append(slots, p.scope.add(p.tok.text))
		if err = p.advance(); err != nil || !nested {
			return slots, err
		}
		if p.is(")") {
			return slots, p.advance()
		}
		err = p.expect(",")
	}
	return nil, err
}

func (p *source) params(block *blockExpr) *Error {
	if err := p.advance(); err != nil {
		return err
	}
	for !p.is("|") {
		nested := p.is("(")
		slots, err := p.paramNames(nested)
		if err != nil {
			return err
		}
		slot := slots[0]
		if nested { // taken apart when the block begins
			slot = p.scope.add("")
			block.nested = append(block.nested, &expr{op: opSplit, pos: p.tok.pos, slots: slots, kids: []*expr{{op: opVar, pos: p.tok.pos, slot: slot}}})
		}
		block.params = append(block.params, slot)
		if ok, err := p.accept(","); err != nil {
			return err
		} else if !ok && !p.is("|") {
			return p.unexpected("|")
		}
	}
	return p.advance()
}

func (p *source) nestedConstant(x *expr) (*expr, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if x.op == opConstant && p.tok.kind == tConst {
		x = &expr{op: opConstant, pos: x.pos, name: x.name + "::" + p.tok.text}
		return x, p.advance()
	}
	return nil, p.unexpected("a constant's name")
}
