package fluent

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The Ruby of "#{...}", as far as configurations use it: ENV, File.join,
// hostname, worker_id, use_nil, use_default; texts, numbers, arrays, hashes,
// regular expressions; ||, &&, !, ternaries, comparisons, + - * / %, methods of
// texts and lists; assignments, ;, parentheses; if, unless and rescue behind a
// statement. What is read becomes closures; nothing else is there to be called.

// expr evaluates to nil, bool, int64, float64, string, []any, *hash, *regexp,
// address or constant.
type expr func(s *scope) (any, error)

// scope is what an evaluation may use.
type scope struct {
	o    Options
	vars map[string]any
	cost int // bounds what is made
}

// What ends the evaluation of a text that holds use_nil or use_default.
var (
	errUseNil     = errors.New("use_nil")
	errUseDefault = errors.New("use_default")
)

// rubyError is what Ruby itself would have raised: rescue catches it.
type rubyError struct{ what string }

func (e *rubyError) Error() string { return e.what }

func raise(format string, args ...any) error { return &rubyError{fmt.Sprintf(format, args...)} }

// embedded reads Ruby behind #{ up to its } and adds what it comes to.
func (p *parser) embedded(out *result) error {
	from := p.at - len("#{")
	out.ruby = true
	r := &ruby{parser: p}
	e, err := r.block('}')
	if err != nil {
		return err
	}
	v, err := e(&scope{o: p.o, vars: map[string]any{}})
	var placed *syntaxError
	switch {
	case errors.As(err, &placed):
		return err
	case errors.Is(err, errUseNil):
		out.null = true
	case errors.Is(err, errUseDefault):
		out.def = true
	case err != nil:
		return p.errorAt(from, "set what it needs, or write the value", "cannot evaluate #{%s}: %v", short(p.text[from+2:p.at-1]), err)
	default:
		out.text.WriteString(toText(v))
	}
	return nil
}

func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "..."
	}
	return strings.ReplaceAll(s, "\n", " ")
}

// ruby reads Ruby.
type ruby struct {
	*parser
	depth int
}

// refuse is a form of Ruby that is not understood.
func (r *ruby) refuse(at int, format string, args ...any) error {
	return r.errorAt(at, "use ENV['NAME'] || 'default' or the like, or write the value", "cannot evaluate this Ruby: "+format, args...)
}

// space goes past blanks and comments, and the ends of lines too where lines.
func (r *ruby) space(lines bool) {
	for {
		r.blanks()
		if !lines || !r.skip("\n") && !r.skip("\\\n") {
			return
		}
	}
}

// block reads statements up to end: their value is the last one's.
func (r *ruby) block(end byte) (expr, error) {
	from := r.at
	if r.depth++; r.depth > maxDepth {
		return nil, r.refuse(from, "it nests too deep")
	}
	defer func() { r.depth-- }()
	var list []expr
	for {
		r.space(true)
		switch {
		case r.eof():
			return nil, r.refuse(from, "%c is missing", end)
		case r.peek() == end:
			r.at++
			return sequence(list), nil
		case r.skip(";"):
			continue
		}
		e, err := r.statement()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		r.space(false)
		if c := r.peek(); c != ';' && c != '\n' && c != end && !r.eof() {
			return nil, r.refuse(r.at, "did not expect %q", r.rest())
		}
	}
}

func sequence(list []expr) expr {
	return func(s *scope) (v any, err error) {
		for _, e := range list {
			if v, err = e(s); err != nil {
				return nil, err
			}
		}
		return v, nil
	}
}

// keyword goes past a word, if it comes next.
func (r *ruby) keyword(word string) bool {
	r.space(false)
	if r.has(word) && !nameByte(r.byteAt(r.at+len(word))) {
		r.at += len(word)
		return true
	}
	return false
}

func (r *ruby) byteAt(i int) byte {
	if i >= len(r.text) {
		return 0
	}
	return r.text[i]
}

func nameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// statement is an expression with what may stand behind it.
func (r *ruby) statement() (expr, error) {
	e, err := r.lowest()
	for err == nil {
		var cond expr
		switch {
		case r.keyword("rescue"):
			cond, err = r.lowest()
			e = rescue(e, cond)
		case r.keyword("if"):
			cond, err = r.lowest()
			e = choose(cond, e, null)
		case r.keyword("unless"):
			cond, err = r.lowest()
			e = choose(cond, null, e)
		default:
			return e, nil
		}
	}
	return nil, err
}

func null(*scope) (any, error) { return nil, nil }

func rescue(e, other expr) expr {
	return func(s *scope) (any, error) {
		v, err := e(s)
		var raised *rubyError
		if errors.As(err, &raised) {
			return other(s)
		}
		return v, err
	}
}

func choose(cond, yes, no expr) expr {
	return func(s *scope) (any, error) {
		v, err := cond(s)
		if err != nil {
			return nil, err
		}
		if truthy(v) {
			return yes(s)
		}
		return no(s)
	}
}

// lowest reads `and`, `or` and `not`.
func (r *ruby) lowest() (expr, error) {
	e, err := r.expression()
	for err == nil {
		var right expr
		switch {
		case r.keyword("or"):
			r.space(true)
			right, err = r.expression()
			e = orElse(e, right)
		case r.keyword("and"):
			r.space(true)
			right, err = r.expression()
			e = andThen(e, right)
		default:
			return e, nil
		}
	}
	return nil, err
}

func orElse(a, b expr) expr {
	return func(s *scope) (any, error) {
		v, err := a(s)
		if err != nil || truthy(v) {
			return v, err
		}
		return b(s)
	}
}

func andThen(a, b expr) expr {
	return func(s *scope) (any, error) {
		v, err := a(s)
		if err != nil || !truthy(v) {
			return v, err
		}
		return b(s)
	}
}

// expression is an assignment or a ternary.
func (r *ruby) expression() (expr, error) {
	r.space(true)
	from := r.at
	if r.depth++; r.depth > maxDepth {
		return nil, r.refuse(from, "it nests too deep")
	}
	defer func() { r.depth-- }()
	if name := r.name(); name != "" && name[0] >= 'a' && name[0] <= 'z' {
		r.space(false)
		if r.peek() == '=' && !slices.Contains([]byte("=~>"), r.byteAt(r.at+1)) {
			r.at++
			value, err := r.expression()
			return func(s *scope) (any, error) {
				v, err := value(s)
				s.vars[name] = v
				return v, err
			}, err
		}
	}
	r.at = from
	cond, err := r.binary(0)
	r.space(false)
	if err != nil || r.peek() != '?' {
		return cond, err
	}
	r.at++
	yes, err := r.expression()
	if err != nil {
		return nil, err
	}
	r.space(true)
	if !r.skip(":") {
		return nil, r.refuse(r.at, "the ternary's : is missing before %q", r.rest())
	}
	no, err := r.expression()
	return choose(cond, yes, no), err
}

// name reads an identifier.
func (r *ruby) name() string {
	from := r.at
	if c := r.peek(); c >= '0' && c <= '9' {
		return ""
	}
	for nameByte(r.peek()) {
		r.at++
	}
	return r.text[from:r.at]
}

// levels are the binary operators, the loosest first.
var levels = [][]string{{"||"}, {"&&"}, {"==", "!=", "=~"}, {"<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}}

func (r *ruby) operator(level int) string {
	for _, op := range levels[level] {
		if r.has(op) && !(len(op) == 1 && strings.IndexByte("=<>*", r.byteAt(r.at+1)) >= 0 && op != "-" && op != "+") {
			return op
		}
	}
	return ""
}

func (r *ruby) binary(level int) (expr, error) {
	if level == len(levels) {
		return r.unary()
	}
	left, err := r.binary(level + 1)
	for err == nil {
		r.space(false)
		op := r.operator(level)
		if op == "" {
			return left, nil
		}
		r.at += len(op)
		r.space(true)
		var right expr
		right, err = r.binary(level + 1)
		left = combine(op, left, right)
	}
	return nil, err
}

func combine(op string, a, b expr) expr {
	switch op {
	case "||":
		return orElse(a, b)
	case "&&":
		return andThen(a, b)
	}
	return func(s *scope) (any, error) {
		x, err := a(s)
		if err != nil {
			return nil, err
		}
		y, err := b(s)
		if err != nil {
			return nil, err
		}
		return operate(s, op, x, y)
	}
}

func (r *ruby) unary() (expr, error) {
	r.space(true)
	if r.depth++; r.depth > maxDepth {
		return nil, r.refuse(r.at, "it nests too deep")
	}
	defer func() { r.depth-- }()
	switch {
	case r.peek() == '!' && r.byteAt(r.at+1) != '=':
		r.at++
		return r.negated(r.unary)
	case r.keyword("not"):
		return r.negated(r.expression)
	case r.peek() == '-':
		r.at++
		e, err := r.unary()
		return combine("-", func(*scope) (any, error) { return int64(0), nil }, e), err
	}
	return r.postfix()
}

func (r *ruby) negated(read func() (expr, error)) (expr, error) {
	e, err := read()
	return func(s *scope) (any, error) {
		v, err := e(s)
		return !truthy(v), err
	}, err
}

func (r *ruby) number() (expr, error) {
	from := r.at
	for c := r.peek(); c >= '0' && c <= '9' || c == '_' || c == '.' && r.byteAt(r.at+1) >= '0' && r.byteAt(r.at+1) <= '9'; c = r.peek() {
		r.at++
	}
	text := strings.ReplaceAll(r.text[from:r.at], "_", "")
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return func(*scope) (any, error) { return n, nil }, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, r.refuse(from, "%q is no number", text)
	}
	return func(*scope) (any, error) { return f, nil }, nil
}
