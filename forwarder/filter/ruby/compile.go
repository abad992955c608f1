package ruby

import (
	"errors"
	"sync"
)

// Options are the surroundings of the expressions.
type Options struct {
	Hostname string
	Getenv   func(name string) (string, bool)
}

// node computes an expression's value.
type node func(e *Env) value

// Program is one compiled expression.
type Program struct {
	run    node
	locals int
	// Varies: the value depends on the record or its time, not only on the tag.
	Varies bool
}

// Compiler compiles expressions that share their Envs.
type Compiler struct {
	opts    Options
	fields  []string // names of the record's fields that are asked for, by slot
	methods [kinds]methods
	consts  map[string]constant
	varies  bool         // of the program at hand
	changes bool         // some program changes collections
	lent    map[int]bool // slots of blocks' parameters: what is in them belongs to others
	pool    sync.Pool
}

// The tables of methods and constants are made once and never change: a long
// configuration has hundreds of compilers.
var (
	everyMethod  = sync.OnceValue(allMethods)
	allConstants = sync.OnceValue(constants)
)

// NewCompiler makes a compiler.
func NewCompiler(opts Options) *Compiler {
	c := &Compiler{opts: opts, consts: allConstants(), methods: everyMethod()}
	c.pool.New = func() any { return &Env{} }
	return c
}

// Expression compiles one expression, or several statements. Its error is an
// *Error.
func (c *Compiler) Expression(src string) (*Program, error) {
	total := 0
	p := &source{src: src, scope: scope{total: &total}, opts: &c.opts}
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.statements()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tEnd {
		return nil, p.unexpected("")
	}
	return c.program(x, total)
}

// Text compiles a text in which ${...} and #{...} stand for values, as
// Fluentd's placeholders do: with the escapes of a Ruby string in double
// quotes. If the text is one ${...} and nothing else, and whole is set, its
// value keeps its type.
func (c *Compiler) Text(src string, whole bool) (*Program, error) {
	total := 0
	p := &source{src: src, scope: scope{total: &total}, opts: &c.opts}
	x, err := p.template(whole)
	if err != nil {
		return nil, err
	}
	return c.program(x, total)
}

// template reads a text with ${} in it to its end.
func (p *source) template(whole bool) (*expr, *Error) {
	x := &expr{op: opText}
	var out []byte
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '\\' && p.pos+1 < len(p.src):
			out = p.escape(out)
		case (c == '$' || c == '#') && p.pos+1 < len(p.src) && p.src[p.pos+1] == '{':
			first := p.pos == 0
			p.pos += 2
			inner, err := p.inner()
			if err != nil {
				return nil, err
			}
			if whole && first && c == '$' && p.pos == len(p.src) {
				return inner, nil
			}
			x.add(out, inner)
			out = out[:0:0]
		default:
			out = append(out, c)
			p.pos++
		}
	}
	x.add(out, nil)
	return x.simple(), nil
}

// Structure compiles a JSON object or array whose texts are such texts.
func (c *Compiler) Structure(src string, whole bool) (*Program, error) {
	total := 0
	x, err := c.structure(fromJSON([]byte(src)), scope{total: &total}, whole)
	if err != nil {
		return nil, err
	}
	return c.program(x, total)
}

func (c *Compiler) structure(v value, s scope, whole bool) (*expr, *Error) {
	v = force(v)
	x := &expr{op: opArray}
	add := func(v value, whole bool) *Error {
		k, err := c.structure(v, s, whole)
		x.kids = append(x.kids, k)
		return err
	}
	switch v.kind {
	case kStr:
		p := &source{src: v.s, scope: s, opts: &c.opts}
		return p.template(whole)
	case kArr:
		for _, one := range v.o.list {
			if err := add(one, whole); err != nil {
				return nil, err
			}
		}
		return x, nil
	case kHash:
		x.op = opHash
		for _, p := range v.o.pairs {
			if err := add(p.k, false); err != nil {
				return nil, err
			}
			if err := add(p.v, whole); err != nil {
				return nil, err
			}
		}
		return x, nil
	}
	return &expr{op: opConst, val: v}, nil
}

func (c *Compiler) program(x *expr, locals int) (p *Program, err error) {
	c.varies, c.lent = false, nil
	run, failure := c.node(x)
	if failure != nil {
		return nil, failure
	}
	return &Program{run: run, locals: locals, Varies: c.varies}, nil
}

// Offset is where in the text an error of this package points.
func Offset(err error) (int, bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.Offset, true
	}
	return 0, false
}

func (c *Compiler) node(x *expr) (node, *Error) {
	switch x.op {
	case opStore:
		c.changes = true
	case opConst:
		v := x.val
		return func(*Env) value { return v }, nil
	case opName:
		return c.surrounding(x), nil
	case opVar:
		slot := x.slot
		return func(e *Env) value { return e.locals[slot] }, nil
	case opGroup:
		n := x.slot
		return func(e *Env) value { return e.group(n) }, nil
	case opConstant:
		return c.constantValue(x)
	case opRegexp:
		return c.regexp(x)
	case opCall:
		return c.call(x)
	}
	kids := make([]node, len(x.kids))
	for i, k := range x.kids {
		if k == nil {
			continue
		}
		if x.op == opCase && i > 0 && i < len(x.kids)-1 && i%2 == 1 {
			continue // patterns
		}
		var err *Error
		if kids[i], err = c.node(k); err != nil {
			return nil, err
		}
	}
	if x.op == opCase {
		return c.caseNode(x, kids)
	}
	return compound(x, kids), nil
}

// surrounding is a value that Fluentd gives.
func (c *Compiler) surrounding(x *expr) node {
	switch x.name {
	case "record":
		c.varies = true
		return func(e *Env) value { return e.wholeRecord() }
	case "time":
		c.varies = true
		return func(e *Env) value { return e.time() }
	case "hostname":
		host := str(c.opts.Hostname)
		return func(*Env) value { return host }
	case "tag":
		return func(e *Env) value { return str(e.batch.Tag) }
	}
	which := map[string]int{"tag_parts": 0, "tag_prefix": 1, "tag_suffix": 2}[x.name]
	return func(e *Env) value { return e.tagArray(which) }
}

func (c *Compiler) regexp(x *expr) (node, *Error) {
	if len(x.kids) == 0 || len(x.kids) == 1 && x.kids[0].op == opConst {
		src := ""
		if len(x.kids) == 1 {
			src = x.kids[0].val.s
		}
		v, err := regexpValue(src, x.name)
		if err != nil {
			return nil, failed(x.pos, "", "%v", err)
		}
		return func(*Env) value { return v }, nil
	}
	text, err := c.node(&expr{op: opText, pos: x.pos, kids: x.kids})
	if err != nil {
		return nil, err
	}
	flags := x.name
	return func(e *Env) value {
		v, err := regexpValue(text(e).s, flags)
		if err != nil {
			return e.fail("RegexpError", "cannot compile a regular expression")
		}
		return v
	}, nil
}
