package ruby

// ifExpr reads if ... then ... elsif ... else ... end, and unless.
func (p *source) ifExpr() (*expr, *Error) {
	at, negate := p.tok.pos, p.word("unless")
	if err := p.advance(); err != nil {
		return nil, err
	}
	cond, err := p.lowExpr()
	if err != nil {
		return nil, err
	}
	if negate {
		cond = &expr{op: opNot, pos: at, kids: []*expr{cond}}
	}
	if err := p.then(); err != nil {
		return nil, err
	}
	body, err := p.statements("elsif", "else", "end")
	if err != nil {
		return nil, err
	}
	other := &expr{op: opConst, pos: at}
	switch {
	case p.word("elsif"):
		other, err = p.ifExpr() // reads the end, too
		return &expr{op: opIf, pos: at, kids: []*expr{cond, body, other}}, err
	case p.word("else"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		if other, err = p.statements("end"); err != nil {
			return nil, err
		}
	}
	return &expr{op: opIf, pos: at, kids: []*expr{cond, body, other}}, p.expect("end")
}

// then passes then, or a line's end.
func (p *source) then() *Error {
	if err := p.lines(); err != nil {
		return err
	}
	_, err := p.accept("then")
	return err
}

func (p *source) caseExpr() (*expr, *Error) {
	x := &expr{op: opCase, pos: p.tok.pos}
	if err := p.advance(); err != nil {
		return nil, err
	}
	var subject *expr
	if p.tok.kind != tLine && !p.word("when") {
		var err *Error
		if subject, err = p.lowExpr(); err != nil {
			return nil, err
		}
	}
	x.kids = append(x.kids, subject)
	if err := p.lines(); err != nil {
		return nil, err
	}
	for p.word("when") {
		if err := p.when(x); err != nil {
			return nil, err
		}
	}
	if p.word("in") {
		return nil, failed(p.tok.pos, "write when", "pattern matching is not supported")
	}
	other := &expr{op: opConst, pos: x.pos}
	if ok, err := p.accept("else"); err != nil {
		return nil, err
	} else if ok {
		if other, err = p.statements("end"); err != nil {
			return nil, err
		}
	}
	x.kids = append(x.kids, other)
	return x, p.expect("end")
}

func (p *source) when(x *expr) *Error {
	patterns := &expr{op: opArray, pos: p.tok.pos}
	for first := true; first || p.is(","); first = false {
		if err := p.advance(); err != nil { // when, or the comma
			return err
		}
		if err := p.lines(); err != nil {
			return err
		}
		y, err := p.expr()
		if err != nil {
			return err
		}
		patterns.kids = append(patterns.kids, y)
	}
	if err := p.then(); err != nil {
		return err
	}
	body, err := p.statements("when", "else", "end")
	x.kids = append(x.kids, patterns, body)
	return err
}

// beginExpr reads begin ... rescue ... end.
func (p *source) beginExpr() (*expr, *Error) {
	at := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.statements("rescue", "end", "ensure", "else")
	if err != nil {
		return nil, err
	}
	if p.word("rescue") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		for p.tok.kind == tConst || p.is(",") || p.is("::") { // every error is rescued
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		if p.is("=>") {
			return nil, failed(p.tok.pos, "leave it out", "a rescued error's value is not supported")
		}
		if err := p.then(); err != nil {
			return nil, err
		}
		other, err := p.statements("end", "rescue", "ensure", "else")
		if err != nil {
			return nil, err
		}
		x = &expr{op: opRescue, pos: at, kids: []*expr{x, other}}
	}
	if !p.word("end") {
		return nil, p.unexpected("end")
	}
	return x, p.advance()
}
