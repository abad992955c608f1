package ruby

import (
	"slices"
	"strings"
)

// maxNesting bounds how deep expressions may nest.
const maxNesting = 100

// source reads one expression, or the statements within #{}.
type source struct {
	src   string
	pos   int // where the next token is looked for
	tok   token
	scope scope
	opts  *Options
	depth int
}

// scope is the local variables that can be seen, by their slots.
type scope struct {
	names []string
	slots []int
	total *int // slots of the program
}

func (s *scope) find(name string) (int, bool) {
	for i, n := range slices.Backward(s.names) {
		if n == name {
			return s.slots[i], true
		}
	}
	return 0, false
}

func (s *scope) add(name string) int {
	slot := *s.total
	*s.total++
	s.names, s.slots = append(s.names[:len(s.names):len(s.names)], name), append(s.slots[:len(s.slots):len(s.slots)], slot)
	return slot
}

// advance reads the next token.
func (p *source) advance() *Error {
	t, err := p.next(p.endsValue())
	p.tok = t
	return err
}

// endsValue reports whether the token at hand ends a value.
func (p *source) endsValue() bool {
	switch p.tok.kind {
	case tNumber, tString, tSym, tGroup, tConst:
		return true
	case tName:
		return !slices.Contains(keywords, p.tok.text)
	case tOp:
		return p.tok.text == ")" || p.tok.text == "]" || p.tok.text == "}"
	}
	return false
}

// keywords before which no value ends.
var keywords = []string{"if", "unless", "elsif", "else", "when", "case", "then", "and", "or", "not", "in", "do", "rescue", "return", "begin", "ensure"}

func (p *source) is(text string) bool { return p.tok.kind == tOp && p.tok.text == text }

func (p *source) word(text string) bool { return p.tok.kind == tName && p.tok.text == text }

func (p *source) accept(text string) (bool, *Error) {
	if !p.is(text) && !p.word(text) {
		return false, nil
	}
	return true, p.advance()
}

func (p *source) expect(text string) *Error {
	if ok, err := p.accept(text); ok || err != nil {
		return err
	}
	return p.unexpected(text)
}

func (p *source) unexpected(wanted string) *Error {
	what := "the end"
	switch {
	case p.tok.kind == tLine:
		what = "the line's end"
	case p.tok.kind != tEnd:
		what = p.src[p.tok.pos:p.tok.end]
	}
	if wanted == "" {
		return failed(p.tok.pos, "", "unexpected %s", what)
	}
	return failed(p.tok.pos, "", "unexpected %s where %s should be", what, wanted)
}

func (p *source) lines() *Error {
	for p.tok.kind == tLine {
		if err := p.advance(); err != nil {
			return err
		}
	}
	return nil
}

// statements reads up to one of the words or brackets, which stays.
func (p *source) statements(until ...string) (*expr, *Error) {
	seq := &expr{op: opSeq, pos: p.tok.pos}
	for {
		if err := p.lines(); err != nil {
			return nil, err
		}
		if p.tok.kind == tEnd || slices.ContainsFunc(until, func(u string) bool { return p.is(u) || p.word(u) }) {
			break
		}
		x, err := p.statement()
		if err != nil {
			return nil, err
		}
		seq.kids = append(seq.kids, x)
		if p.tok.kind != tLine && p.tok.kind != tEnd && !slices.ContainsFunc(until, func(u string) bool { return p.is(u) || p.word(u) }) {
			return nil, p.after()
		}
	}
	switch len(seq.kids) {
	case 0:
		return &expr{op: opConst, pos: seq.pos}, nil
	case 1:
		return seq.kids[0], nil
	}
	return seq, nil
}

// after says what is wrong with a token that cannot follow an expression.
func (p *source) after() *Error {
	err := p.unexpected("")
	if p.tok.kind == tString || p.tok.kind == tNumber || p.tok.kind == tName || p.tok.kind == tSym {
		err.Fix = "put a call's arguments in parentheses"
	}
	return err
}

// statement reads an expression with its modifiers.
func (p *source) statement() (*expr, *Error) {
	x, err := p.lowExpr()
	for err == nil && p.tok.kind == tName {
		at := p.tok.pos
		switch p.tok.text {
		case "if", "unless":
			word := p.tok.text
			if err = p.advance(); err != nil {
				return nil, err
			}
			var cond *expr
			if cond, err = p.lowExpr(); err != nil {
				return nil, err
			}
			if word == "unless" {
				cond = &expr{op: opNot, pos: at, kids: []*expr{cond}}
			}
			x = &expr{op: opIf, pos: at, kids: []*expr{cond, x, {op: opConst, pos: at}}}
		case "rescue":
			if err = p.advance(); err != nil {
				return nil, err
			}
			var other *expr
			if other, err = p.lowExpr(); err != nil {
				return nil, err
			}
			x = &expr{op: opRescue, pos: at, kids: []*expr{x, other}}
		case "while", "until":
			return nil, failed(at, "use each, map or select", "loops are not supported")
		default:
			return x, nil
		}
	}
	return x, err
}

// lowExpr reads not, and, or.
func (p *source) lowExpr() (*expr, *Error) {
	x, err := p.notExpr()
	for err == nil && (p.word("and") || p.word("or")) {
		o, at := opAnd, p.tok.pos
		if p.tok.text == "or" {
			o = opOr
		}
		if err = p.advance(); err != nil {
			return nil, err
		}
		if err = p.lines(); err != nil {
			return nil, err
		}
		var y *expr
		if y, err = p.notExpr(); err == nil {
			x = &expr{op: o, pos: at, kids: []*expr{x, y}}
		}
	}
	return x, err
}

func (p *source) notExpr() (*expr, *Error) {
	at := p.tok.pos
	if ok, err := p.accept("not"); err != nil {
		return nil, err
	} else if ok {
		x, err := p.notExpr()
		return &expr{op: opNot, pos: at, kids: []*expr{x}}, err
	}
	return p.expr()
}

// expr reads an assignment, or what binds tighter.
func (p *source) expr() (*expr, *Error) {
	if p.depth++; p.depth > maxNesting {
		return nil, failed(p.tok.pos, "", "expressions nest too deep")
	}
	defer func() { p.depth-- }()
	if p.tok.kind == tName && !p.reserved(p.tok.text) {
		if x, err := p.assignment(); x != nil || err != nil {
			return x, err
		}
	}
	x, err := p.ternary()
	if err != nil || p.tok.kind != tOp {
		return x, err
	}
	switch p.tok.text {
	case "=", "||=", "+=", "&&=", "<<=", "-=":
		return p.storeExpr(x)
	}
	return x, nil
}

// assignment reads name = expr, name += expr, or a, b = expr; nil if what
// stands there is none.
func (p *source) assignment() (*expr, *Error) {
	name, at := p.tok, p.tok.pos
	saved := *p
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is(",") {
		if x, err := p.multiple(name.text, at); x != nil || err != nil {
			return x, err
		}
		*p = saved
		return nil, nil
	}
	if p.tok.kind != tOp || !strings.HasSuffix(p.tok.text, "=") || slices.Contains([]string{"==", "!=", ">=", "<=", "==="}, p.tok.text) {
		*p = saved
		return nil, nil
	}
	sign := strings.TrimSuffix(p.tok.text, "=")
	if err := p.advance(); err != nil {
		return nil, err
	}
	old, known := p.scope.find(name.text)
	right, err := p.expr()
	if err != nil {
		return nil, err
	}
	if sign != "" && !known {
		if sign != "||" {
			return nil, failed(at, "give it a value first", "the variable %s has no value", name.text)
		}
		sign = ""
	}
	slot := old
	if !known {
		slot = p.scope.add(name.text)
	}
	if sign != "" {
		right = combine(sign, at, &expr{op: opVar, pos: at, slot: slot}, right)
	}
	return &expr{op: opAssign, pos: at, slot: slot, kids: []*expr{right}}, nil
}

// combine is left SIGN right, for assignments like ||=.
func combine(sign string, at int, left, right *expr) *expr {
	switch sign {
	case "||":
		return &expr{op: opOr, pos: at, kids: []*expr{left, right}}
	case "&&":
		return &expr{op: opAnd, pos: at, kids: []*expr{left, right}}
	}
	return &expr{op: opCall, pos: at, name: sign, kids: []*expr{left, right}}
}

// multiple reads a, b = expr.
func (p *source) multiple(first string, at int) (*expr, *Error) {
	names := []string{first}
	for p.is(",") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tName {
			return nil, nil
		}
		names = append(names, p.tok.text)
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if !p.is("=") {
		return nil, nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.expr()
	x := &expr{op: opSplit, pos: at, kids: []*expr{right}}
	for _, name := range names {
		slot, ok := p.scope.find(name)
		if !ok {
			slot = p.scope.add(name)
		}
		x.slots = append(x.slots, slot)
	}
	return x, err
}

// storeExpr reads a[b] = c.
func (p *source) storeExpr(x *expr) (*expr, *Error) {
	at, sign := p.tok.pos, strings.TrimSuffix(p.tok.text, "=")
	if x.op != opCall || x.name != "[]" || len(x.kids) != 2 {
		return nil, failed(at, "", "cannot assign to that")
	}
	if x.kids[0].op == opName && x.kids[0].name != "record" {
		return nil, failed(at, "write a field of its own in <record>", "cannot assign to %s", x.kids[0].name)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.expr()
	if err != nil {
		return nil, err
	}
	if sign != "" {
		right = combine(sign, at, x, right)
	}
	return &expr{op: opStore, pos: at, kids: []*expr{x.kids[0], x.kids[1], right}}, nil
}
