package ruby

// levels are the binary operators, the loosest first.
var levels = [][]string{
	{"..", "..."},
	{"||"},
	{"&&"},
	{"<=>", "==", "===", "!=", "=~", "!~"},
	{"<", "<=", ">", ">="},
	{"|", "^"},
	{"&"},
	{"<<", ">>"},
	{"+", "-"},
	{"*", "/", "%"},
}

func (p *source) ternary() (*expr, *Error) {
	cond, err := p.binary(0)
	if err != nil || !p.is("?") {
		return cond, err
	}
	at := p.tok.pos
	parts := []*expr{cond}
	for _, next := range []string{"?", ":"} {
		if err := p.expect(next); err != nil {
			return nil, err
		}
		if err := p.lines(); err != nil {
			return nil, err
		}
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		if err := p.linesBefore(":"); err != nil {
			return nil, err
		}
		parts = append(parts, x)
	}
	return &expr{op: opIf, pos: at, kids: parts}, nil
}

// linesBefore passes line ends if text follows them.
func (p *source) linesBefore(text string) *Error {
	saved := *p
	if err := p.lines(); err != nil {
		return err
	}
	if !p.is(text) {
		*p = saved
	}
	return nil
}

func (p *source) binary(level int) (*expr, *Error) {
	if level == len(levels) {
		return p.unary()
	}
	x, err := p.binary(level + 1)
	for err == nil {
		at := p.tok
		if !p.operator(level) {
			return x, nil
		}
		if err = p.advance(); err != nil {
			return nil, err
		}
		if level == 0 && (p.tok.kind == tEnd || p.is(")") || p.is("]")) { // 1..
			return rangeExpr(at, x, &expr{op: opConst, pos: at.pos}), nil
		}
		if err = p.lines(); err != nil {
			return nil, err
		}
		var y *expr
		if y, err = p.binary(level + 1); err != nil {
			return nil, err
		}
		switch at.text {
		case "..", "...":
			x = rangeExpr(at, x, y)
		case "||":
			x = &expr{op: opOr, pos: at.pos, kids: []*expr{x, y}}
		case "&&":
			x = &expr{op: opAnd, pos: at.pos, kids: []*expr{x, y}}
		case "!=", "!~":
			call := &expr{op: opCall, pos: at.pos, name: map[string]string{"!=": "==", "!~": "=~"}[at.text], kids: []*expr{x, y}}
			x = &expr{op: opNot, pos: at.pos, kids: []*expr{call}}
		default:
			x = &expr{op: opCall, pos: at.pos, name: at.text, kids: []*expr{x, y}}
		}
	}
	return nil, err
}

func (p *source) operator(level int) bool {
	for _, o := range levels[level] {
		if p.is(o) {
			return true
		}
	}
	return false
}

func rangeExpr(at token, x, y *expr) *expr {
	return &expr{op: opRange, pos: at.pos, kids: []*expr{x, y}, flag: at.text == "..."}
}

// unary reads !, -, + and **.
func (p *source) unary() (*expr, *Error) {
	if p.depth++; p.depth > maxNesting {
		return nil, failed(p.tok.pos, "", "expressions nest too deep")
	}
	defer func() { p.depth-- }()
	at := p.tok.pos
	switch {
	case p.is("!"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := p.unary()
		return &expr{op: opNot, pos: at, kids: []*expr{x}}, err
	case p.is("-"), p.is("+"):
		minus := p.is("-")
		if err := p.advance(); err != nil {
			return nil, err
		}
		if minus && p.tok.kind == tNumber && !p.tok.space {
			return p.negative(at)
		}
		x, err := p.unary()
		if err != nil || !minus {
			return x, err
		}
		return &expr{op: opCall, pos: at, name: "-@", kids: []*expr{x}}, nil
	}
	return p.power(p.postfix())
}

// negative reads what begins with a number behind a minus, which is part of it,
// unless a power follows at once.
func (p *source) negative(at int) (*expr, *Error) {
	plain := p.tok.x
	v := integer(-plain.val.n)
	if plain.val.kind == kFloat {
		v = float(-plain.val.float())
	}
	negated := &expr{op: opConst, pos: at, val: v}
	p.tok.x = negated
	x, err := p.postfix()
	if err == nil && x == negated && p.is("**") {
		y, err := p.power(plain, nil)
		return &expr{op: opCall, pos: at, name: "-@", kids: []*expr{y}}, err
	}
	return p.power(x, err)
}

// power reads ** and what follows it.
func (p *source) power(x *expr, err *Error) (*expr, *Error) {
	if err == nil && p.is("**") {
		at := p.tok.pos
		if err = p.advance(); err != nil {
			return nil, err
		}
		var y *expr
		if y, err = p.unary(); err == nil {
			x = &expr{op: opCall, pos: at, name: "**", kids: []*expr{x, y}}
		}
	}
	return x, err
}
