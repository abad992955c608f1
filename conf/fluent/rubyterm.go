package fluent

import (
	"regexp"
	"strings"

	"sluice/conf"
)

// postfix reads a term and the calls and indexes behind it.
func (r *ruby) postfix() (expr, error) {
	e, err := r.primary()
	for err == nil {
		at := r.at
		switch {
		case r.peek() == '[':
			r.at++
			var args []expr
			args, err = r.list(']')
			e = r.call(at, e, "[]", args, false)
		case r.dot():
			e, err = r.method(at, e, r.text[at] == '&')
		default:
			return e, nil
		}
	}
	return nil, err
}

// dot goes past . or &. before a method's name, also on the next line.
func (r *ruby) dot() bool {
	from := r.at
	r.space(true)
	if r.skip("&.") || r.peek() == '.' && r.byteAt(r.at+1) != '.' && r.skip(".") {
		return true
	}
	r.at = from
	return false
}

// method reads a method's name and its arguments.
func (r *ruby) method(at int, on expr, safe bool) (expr, error) {
	name := r.name()
	if name == "" {
		return nil, r.refuse(r.at, "a method's name is missing before %q", r.rest())
	}
	if c := r.peek(); (c == '?' || c == '!') && r.byteAt(r.at+1) != '=' {
		name += string(c)
		r.at++
	}
	args, err := r.arguments()
	return r.call(at, on, name, args, safe), err
}

// arguments reads (a, b), or 'a', b behind a blank.
func (r *ruby) arguments() (args []expr, err error) {
	if r.skip("(") {
		return r.list(')')
	}
	if next := r.byteAt(r.at + 1); r.peek() != ' ' || next != '\'' && next != '"' {
		return nil, nil
	}
	for {
		e, err := r.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, e)
		r.space(false)
		if !r.skip(",") {
			return args, nil
		}
	}
}

// list reads expressions with commas between them, up to end.
func (r *ruby) list(end byte) (list []expr, err error) {
	from := r.at
	for {
		r.space(true)
		if r.peek() == end {
			r.at++
			return list, nil
		}
		e, err := r.expression()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		r.space(true)
		if !r.skip(",") && r.peek() != end {
			return nil, r.refuse(from, "%c is missing before %q", end, r.rest())
		}
	}
}

// call makes a call whose method is known; whether it fits what it is called
// on shows when it runs.
func (r *ruby) call(at int, on expr, name string, args []expr, safe bool) expr {
	pos := r.pos(at)
	return func(s *scope) (any, error) {
		v, err := on(s)
		if err != nil || safe && v == nil {
			return nil, err
		}
		values := make([]any, len(args))
		for i, a := range args {
			if values[i], err = a(s); err != nil {
				return nil, err
			}
		}
		out, err := invoke(s, v, name, values)
		if err == errUnknownMethod {
			return nil, &syntaxError{pos, "cannot evaluate this Ruby: the method " + name + " of " + kindName(v) + " is not known", "use ENV['NAME'] || 'default' or the like, or write the value"}
		}
		return out, err
	}
}

func (r *ruby) primary() (expr, error) {
	r.space(true)
	from := r.at
	switch c := r.peek(); {
	case r.skip("("):
		return r.block(')')
	case c == '"':
		return r.text2()
	case r.skip("'"):
		return r.text1(from)
	case r.skip("["):
		items, err := r.list(']')
		return array(items), err
	case r.skip("{"):
		return r.hash()
	case c == '/':
		return r.regexp()
	case c == ':' && nameByte(r.byteAt(r.at+1)):
		r.at++
		return constant(r.name()), nil
	case r.skip("%w"):
		return r.words()
	case c >= '0' && c <= '9':
		return r.number()
	}
	r.skip("::")
	name := r.name()
	if name == "" {
		return nil, r.refuse(from, "did not expect %q", r.rest())
	}
	return r.named(from, name)
}

func constant(v any) expr { return func(*scope) (any, error) { return v, nil } }

func array(items []expr) expr {
	return func(s *scope) (any, error) {
		list := make([]any, len(items))
		for i, e := range items {
			var err error
			if list[i], err = e(s); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
}

// text1 reads the rest of a text in single quotes.
func (r *ruby) text1(from int) (expr, error) {
	var v conf.Param
	err := r.single(from, &v)
	return constant(v.Value), err
}

// text2 reads a text in double quotes, with Ruby in it.
func (r *ruby) text2() (expr, error) {
	from := r.at
	r.at++
	var parts []expr
	var lit strings.Builder
	for !r.eof() {
		switch {
		case r.skip(`"`):
			parts = append(parts, constant(lit.String()))
			return concat(parts), nil
		case r.skip("#{"):
			parts = append(parts, constant(lit.String()))
			lit.Reset()
			e, err := r.block('}')
			if err != nil {
				return nil, err
			}
			parts = append(parts, e)
		case r.skip(`\`):
			if err := r.escape(&lit); err != nil {
				return nil, err
			}
		default:
			lit.WriteByte(r.text[r.at])
			r.at++
		}
	}
	return nil, r.errorAt(from, `add "`, "the text in double quotes has no end")
}

func concat(parts []expr) expr {
	return func(s *scope) (any, error) {
		var out strings.Builder
		for _, e := range parts {
			v, err := e(s)
			if err != nil {
				return nil, err
			}
			out.WriteString(toText(v))
		}
		return s.made(out.String())
	}
}

// hash reads what follows the { of a hash.
func (r *ruby) hash() (expr, error) {
	var keys, values []expr
	for {
		r.space(true)
		if r.skip("}") {
			return newHash(keys, values), nil
		}
		from := r.at
		var key expr
		var err error
		if name := r.name(); name != "" && r.peek() == ':' && r.byteAt(r.at+1) != ':' {
			key = constant(name)
			r.at++
		} else {
			r.at = from
			key, err = r.expression()
			r.space(true)
			if err == nil && !r.skip("=>") && !r.skip(":") {
				err = r.refuse(r.at, "=> is missing before %q", r.rest())
			}
		}
		if err != nil {
			return nil, err
		}
		value, err := r.expression()
		if err != nil {
			return nil, err
		}
		keys, values = append(keys, key), append(values, value)
		r.space(true)
		if !r.skip(",") && r.peek() != '}' {
			return nil, r.refuse(r.at, "} is missing before %q", r.rest())
		}
	}
}

func (r *ruby) regexp() (expr, error) {
	from := r.at
	for r.at++; r.peek() != '/' || r.text[r.at-1] == '\\'; r.at++ {
		if r.eof() || r.peek() == '\n' {
			return nil, r.refuse(from, "the regular expression has no end")
		}
	}
	pattern := strings.ReplaceAll(r.text[from+1:r.at], `\/`, "/")
	r.at++
	flags := "(?m)"
	for c := r.peek(); c == 'i' || c == 'm'; c = r.peek() {
		flags += map[byte]string{'i': "(?i)", 'm': "(?s)"}[c]
		r.at++
	}
	re, err := regexp.Compile(flags + strings.NewReplacer(`\A`, `\A`, `\z`, `\z`, `\Z`, `\z`, `\h`, "[0-9a-fA-F]").Replace(pattern))
	if err != nil {
		return nil, r.refuse(from, "%v", err)
	}
	return constant(re), nil
}

// words reads %w[a b].
func (r *ruby) words() (expr, error) {
	from := r.at
	open := r.peek()
	end, ok := map[byte]byte{'[': ']', '(': ')', '{': '}'}[open]
	n := strings.IndexByte(r.text[r.at:], end)
	if !ok || n < 0 {
		return nil, r.refuse(from, "%%w has no end")
	}
	var list []any
	for _, w := range strings.Fields(r.text[r.at+1 : r.at+n]) {
		list = append(list, w)
	}
	r.at += n + 1
	return constant(list), nil
}
