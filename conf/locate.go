package conf

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// Locate returns the place of a setting, named with dots and, in lists, an
// index from 0: inputs.containers.path, filters[1].exclude[0].pattern. exact
// is false when it is not written anywhere; the place is then the nearest
// section's around it, or the default's.
func (t *Tree) Locate(setting string) (pos Pos, exact bool) { return t.Root.locate(setting) }

func (e *Element) locate(setting string) (pos Pos, exact bool) {
	pos = e.Pos
	segments := strings.Split(setting, ".")
	for n, s := range segments {
		name, index := splitIndex(s)
		p := e.Param(name)
		if p == nil && e.Dialect == Fluentd {
			p = e.Param("@" + name)
		}
		if p != nil && n == len(segments)-1 {
			if index < len(p.List) && strings.HasSuffix(s, "]") {
				return p.List[index].Pos, true
			}
			return p.Pos, !p.Null
		}
		c := e.Child(name, index)
		if c == nil {
			return pos, false
		}
		e, pos = c, c.Pos
	}
	return pos, true
}

// splitIndex takes name[3] apart; without an index it is 0.
func splitIndex(s string) (name string, index int) {
	name, rest, ok := strings.Cut(s, "[")
	if !ok {
		return s, 0
	}
	n, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil || n < 0 {
		return s, 0
	}
	return name, n
}

// Explain turns the error of a part's constructor into problems. The setting
// that it is about, below section, is named by its method Field() string, or
// dotted in its text; several joined errors become several problems.
func (t *Tree) Explain(section string, err error) Problems {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var problems Problems
		for _, one := range many.Unwrap() {
			problems = append(problems, t.Explain(section, one)...)
		}
		return problems
	}
	setting, what := section, err.Error()
	var at interface{ Field() string }
	if errors.As(err, &at) {
		setting = join(section, at.Field())
	} else if m := regexp.MustCompile(regexp.QuoteMeta(section) + `(?:\.\w+|\[\d+\])+`).FindString(what); m != "" {
		setting = m
	}
	if !strings.Contains(what, setting) {
		what = setting + ": " + what
	}
	pos, _ := t.Locate(setting)
	return Problems{{Pos: pos, What: what}}
}

// Explain turns the error of a constructor that was given the element into
// problems, each at the parameter that the error's Field() string names, else
// at the element. Several joined errors become several problems.
func (e *Element) Explain(err error) (problems Problems) {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			problems = append(problems, e.Explain(one)...)
		}
		return problems
	}
	p := Problem{Pos: e.Pos, What: err.Error()}
	var at interface{ Field() string }
	if errors.As(err, &at) {
		p.Pos, _ = e.locate(at.Field())
		p.What = at.Field() + ": " + p.What
	}
	var fix interface{ Fix() string }
	if errors.As(err, &fix) {
		p.Fix = fix.Fix()
	}
	return Problems{p}
}

// param finds a dotted setting's parameter, nil when nobody wrote it.
func (t *Tree) param(setting string) *Param {
	e := t.Root
	sections := strings.Split(setting, ".")
	last := len(sections) - 1
	for _, name := range sections[:last] {
		if e = e.Child(name, 0); e == nil {
			return nil
		}
	}
	return e.Param(sections[last])
}

// put writes a dotted setting, making the sections around it.
func (t *Tree) put(setting string, p Param) {
	e := t.Root
	sections := strings.Split(setting, ".")
	for _, name := range sections[:len(sections)-1] {
		c := e.Child(name, 0)
		if c == nil {
			c = &Element{Name: name, Pos: e.Pos}
			e.Children = append(e.Children, c)
		}
		e = c
	}
	e.Set(p)
}
