package fluent

import (
	"strings"

	"sluice/conf"
)

// literal reads a parameter's value: JSON, or a text.
func (p *parser) literal() (conf.Param, error) {
	if c := p.peek(); c == '[' || c == '{' {
		return p.json()
	}
	return p.str(p.valueEnd)
}

// valueEnd reports whether an unquoted value ends here: at the end of the
// line, or before blanks and a comment.
func (p *parser) valueEnd() bool {
	c := p.peek()
	if c == '\n' {
		return true
	}
	if !blank(c) {
		return false
	}
	rest := strings.TrimLeft(p.text[p.at:], " \t\r")
	return rest == "" || rest[0] == '\n' || rest[0] == '#'
}

// str reads a text: quoted, or up to where end says.
func (p *parser) str(end func() bool) (conf.Param, error) {
	v := conf.Param{Pos: p.pos(p.at)}
	from := p.at
	switch {
	case p.skip(`"`):
		parts := &result{}
		err := p.double(from, parts)
		v.Value, v.Null, v.Default = parts.text.String(), parts.null || parts.def, parts.def
		if v.Null {
			v.Value = ""
		}
		if parts.ruby {
			v.Raw = p.text[from:p.at]
		}
		return v, err
	case p.skip("'"):
		err := p.single(from, &v)
		return v, err
	}
	for !p.eof() && !end() {
		p.at++
	}
	v.Value = p.text[from:p.at]
	return v, nil
}

// single reads the rest of a '...' text: only \' and \\ are escapes.
func (p *parser) single(from int, v *conf.Param) error {
	var out strings.Builder
	for !p.eof() {
		switch {
		case p.skip("'"):
			v.Value = out.String()
			return nil
		case p.skip(`\'`):
			out.WriteByte('\'')
		case p.skip(`\\`):
			out.WriteByte('\\')
		default:
			out.WriteByte(p.text[p.at])
			p.at++
		}
	}
	return p.errorAt(from, "add '", "the text in single quotes has no end")
}

// result is what a text in double quotes comes to.
type result struct {
	text      strings.Builder
	null, def bool // use_nil, use_default stood in it
	ruby      bool
}

// double reads the rest of a "..." text, its escapes and its Ruby.
func (p *parser) double(from int, out *result) error {
	for !p.eof() {
		switch {
		case p.skip(`"`):
			return nil
		case p.skip("#{"):
			if err := p.embedded(out); err != nil {
				return err
			}
		case p.skip("\\\r\n"), p.skip("\\\n"): // joins lines
		case p.skip(`\`):
			if err := p.escape(&out.text); err != nil {
				return err
			}
		case p.skip("\r\n"):
			out.text.WriteByte('\n')
		default:
			out.text.WriteByte(p.text[p.at])
			p.at++
		}
	}
	return p.errorAt(from, `add "`, "the text in double quotes has no end")
}

var escapes = map[byte]byte{'"': '"', '\'': '\'', 'r': '\r', 'n': '\n', 't': '\t', 'f': '\f', 'b': '\b', '0': 0}

func (p *parser) escape(out *strings.Builder) error {
	c := p.peek()
	if e, ok := escapes[c]; ok {
		out.WriteByte(e)
		p.at++
		return nil
	}
	if c == 0 && p.eof() || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return p.errorAt(p.at-1, `write \\ for a backslash, or use single quotes`, "%q is no escape in double quotes", `\`+string(c))
	}
	out.WriteByte(c) // the rest of a longer character follows as it is
	p.at++
	return nil
}
