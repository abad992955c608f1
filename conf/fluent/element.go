package fluent

import (
	"fmt"
	"slices"
	"strings"

	"sluice/conf"
)

// parser reads one file of fluent.conf.
type parser struct {
	*build
	scanner
	via   []string // the files that include this one, and this one
	depth int
}

// body reads parameters and sections into e up to </name>; name nil: up to the
// end of the file.
func (p *parser) body(e *conf.Element, name *string) error {
	if p.depth++; p.depth > maxDepth {
		return p.errorAt(p.at, "close some with </NAME>", "sections nest deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	for {
		p.spacing()
		at := p.at
		switch {
		case p.eof():
			if name == nil {
				return nil
			}
			return &syntaxError{e.Pos, fmt.Sprintf("<%s> is not closed: the file ends in it", *name), fmt.Sprintf("add </%s>", *name)}
		case p.skip("</"):
			return p.endTag(at, e, name)
		case p.skip("<"):
			if err := p.section(e, at); err != nil {
				return err
			}
		default:
			if err := p.param(e, name == nil, at); err != nil {
				return err
			}
		}
	}
}

func (p *parser) endTag(at int, e *conf.Element, name *string) error {
	got := p.word()
	p.blanks()
	if !p.skip(">") {
		return p.errorAt(p.at, "write </"+got+">", "expected > after </%s, got %q", got, p.rest())
	}
	switch {
	case name == nil:
		return p.errorAt(at, "remove it, or open <"+got+"> before", "</%s> closes nothing", got)
	case got != *name:
		return p.errorAt(at, "write </"+*name+">", "</%s> does not close <%s> of line %d", got, *name, e.Pos.Line)
	case !p.lineEnd():
		return p.errorAt(p.at, "begin a new line", "expected the end of the line after </%s>, got %q", got, p.rest())
	}
	return nil
}

// word reads a section's name.
func (p *parser) word() string {
	from := p.at
	for !p.eof() {
		c := p.text[p.at]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			break
		}
		p.at++
	}
	return p.text[from:p.at]
}

// section reads what follows a < in e.
func (p *parser) section(e *conf.Element, at int) error {
	s := &conf.Element{Name: p.word(), Pos: p.pos(at), Dialect: conf.Fluentd}
	if s.Name == "" {
		return p.errorAt(p.at, "write <NAME>", "expected a section's name after <, got %q", p.rest())
	}
	p.spacing()
	s.ArgPos = p.pos(p.at)
	if p.peek() != '>' {
		arg, err := p.str(p.argEnd)
		if err != nil {
			return err
		}
		s.Arg = arg.Value
	}
	p.spacing()
	if !p.skip(">") {
		return p.errorAt(p.at, "write <"+s.Name+" ARGUMENT>", "expected > at the end of <%s, got %q", s.Name, p.rest())
	}
	if !p.lineEnd() {
		return p.errorAt(p.at, "begin a new line", "expected the end of the line after <%s>, got %q", s.Name, p.rest())
	}
	e.Children = append(e.Children, s)
	return p.body(s, &s.Name)
}

// argEnd reports whether an unquoted argument ends here.
func (p *parser) argEnd() bool {
	c := p.peek()
	return c == '>' || c == '\n' || blank(c) && strings.HasPrefix(strings.TrimLeft(p.text[p.at:], " \t\r"), ">")
}

// reserved are the only names that may begin with @ where parts are configured.
var reserved = []string{"@type", "@id", "@label", "@log_level", "@include"}

// param reads a parameter or an include into e. top: e is a file's top.
func (p *parser) param(e *conf.Element, top bool, at int) error {
	key, err := p.str(func() bool { return blank(p.peek()) || p.peek() == '\n' })
	if err != nil {
		return err
	}
	key.Name = key.Value
	p.blanks()
	if p.eof() || p.peek() == '\n' {
		key.Value = ""
		e.Set(key)
		return nil
	}
	if key.Name == "@include" || key.Name == "include" && top {
		return p.includeLine(e, key.Name, at)
	}
	if err := p.checkName(e, top, &key, at); err != nil {
		return err
	}
	value, err := p.literal()
	if err != nil {
		return err
	}
	if !p.lineEnd() {
		return p.errorAt(p.at, "quote the whole value, or put a \\ before a quote within it", "expected the end of the line after the value of %s, got %q", key.Name, p.rest())
	}
	value.Name, value.Pos = key.Name, key.Pos
	e.Set(value)
	return nil
}

func (p *parser) checkName(e *conf.Element, top bool, key *conf.Param, at int) error {
	if !strings.HasPrefix(key.Name, "@") || slices.Contains(reserved, key.Name) || e.Name == "record" { // there names are fields
		return nil
	}
	problem := conf.UnknownName(key.Pos, "name", key.Name, reserved)
	if top && e.Name == "ROOT" || slices.Contains([]string{"match", "source", "filter", "system"}, e.Name) {
		return p.errorAt(at, problem.Fix, "%s: names that begin with @ are Fluentd's own", problem.What)
	}
	p.add(key.Pos, conf.Warning, problem.What+": names that begin with @ are Fluentd's own", problem.Fix)
	return nil
}

func (p *parser) includeLine(e *conf.Element, word string, at int) error {
	path, err := p.str(p.valueEnd)
	if err != nil {
		return err
	}
	if !p.lineEnd() {
		return p.errorAt(p.at, "quote the whole path", "expected the end of the line after the path, got %q", p.rest())
	}
	pos := p.pos(at)
	if word == "include" {
		p.add(pos, conf.Warning, "include is the old word", "write @include")
	}
	p.include(pos, p.file, path.Value, p.via, func(file string, data []byte) {
		p.confFile(e, file, data, p.via)
	})
	return nil
}
