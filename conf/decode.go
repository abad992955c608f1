package conf

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Decode fills into, a pointer to a struct that holds the defaults, from e and
// reports what does not fit: an unknown name, a wrong kind or unit, a required
// setting that is missing. What e does not name keeps its default; the items of
// a list of sections get theirs from the method SetDefaults, if there is one. taken names
// the parameters that the caller has read already, such as "type".
func Decode(e *Element, into any, taken ...string) Problems {
	d := &decoder{top: reflect.TypeOf(into).Elem(), fluentd: e.Dialect == Fluentd}
	d.section(e, reflect.ValueOf(into).Elem(), e.Name, taken)
	d.problems.Sort()
	return d.problems
}

type decoder struct {
	top      reflect.Type
	fluentd  bool
	problems Problems
}

func (d *decoder) section(e *Element, v reflect.Value, path string, taken []string) {
	fields := fieldsOf(v.Type())
	for _, f := range allFields(v.Type()) {
		if f.arg {
			v.FieldByIndex(f.index).SetString(e.Arg)
		}
	}
	for i := range e.Params {
		p := &e.Params[i]
		if slices.Contains(taken, p.Name) {
			continue
		}
		if f := d.find(fields, p.Name, path, p.Pos); f != nil {
			d.param(p, f, v.FieldByIndex(f.index), join(path, f.name))
			again(p, f, v)
		}
	}
	fresh := map[string]bool{} // lists begun: the default goes, then each item is added
	for _, c := range e.Children {
		if slices.Contains(taken, c.Name) {
			continue
		}
		if f := d.find(fields, c.Name, path, c.Pos); f != nil {
			d.child(c, f, v.FieldByIndex(f.index), join(path, f.name), !fresh[f.name])
			fresh[f.name] = true
		}
	}
	for i := range fields {
		f := &fields[i]
		fv := v.FieldByIndex(f.index)
		if f.kind == kindSection && !fresh[f.name] { // what is required in it is required still
			d.section(&Element{Pos: e.Pos}, fv, join(path, f.name), nil)
		}
		if f.required && (fv.IsZero() || fv.Kind() == reflect.Slice && fv.Len() == 0) {
			d.missing(e, f, join(path, f.name))
		}
	}
}

func (d *decoder) missing(e *Element, f *field, path string) {
	pos := e.Pos
	if p := e.Param(f.name); p != nil {
		if p.failed {
			return
		}
		pos = p.Pos
	}
	fix := "write " + f.name + ": VALUE"
	if d.fluentd {
		fix = "add " + f.name + " VALUE"
		if !f.kind.scalar() {
			fix = "add <" + f.name + ">"
		}
	} else if f.kind.scalar() && !strings.Contains(path, "[") {
		fix += " or set " + EnvName(path)
	}
	d.problems.add(pos, path+" is required", fix)
}

// find returns the setting of that name; where there is none it reports where
// the name belongs, or the nearest one.
func (d *decoder) find(fields []field, name, path string, pos Pos) *field {
	for i := range fields {
		if fields[i].name == name || slices.Contains(fields[i].aliases, name) || d.fluentd && "@"+fields[i].name == name {
			return &fields[i]
		}
	}
	if d.fluentd {
		d.unused(fields, name, path, pos)
		return nil
	}
	p := UnknownName(pos, "setting", join(path, name), nil)
	p.Fix = nameFix(name, names(fields))
	if _, near := nearest(name, names(fields)); !near || strings.Contains(name, ".") {
		if home := d.home(name); home != "" {
			p.Fix = "write " + strings.ReplaceAll(home, ".", ": { ") + ": ..." + strings.Repeat(" }", strings.Count(home, "."))
		}
	}
	d.problems = append(d.problems, p)
	return nil
}

// home is the dotted name of the setting that somebody wrote in a wrong place,
// or whose dotted name somebody wrote.
func (d *decoder) home(name string) (home string) {
	walk(reflect.New(d.top).Elem(), "", func(path string, _ *field, _ reflect.Value) {
		if home == "" && (path == name || strings.HasSuffix(path, "."+name)) {
			home = path
		}
	})
	return home
}

func (d *decoder) param(p *Param, f *field, v reflect.Value, path string) {
	switch {
	case p.Null, p.failed:
	case d.fluentd:
		d.fluentParam(p, f, v, path)
	case f.kind == kindStrings:
		d.strings(p, f, v, path)
	case f.kind.scalar() && p.List != nil:
		d.problems.add(p.Pos, path+" is a list", "write "+f.name+": "+examples[f.kind])
	case f.kind.scalar():
		d.scalar(p, f, v, path)
	case p.List != nil && len(p.List) == 0 && f.kind != kindSection:
		v.SetZero()
	case f.kind == kindMap:
		d.problems.add(p.Pos, path+" must be a section", "write "+f.name+": { NAME: VALUE }")
	case f.kind == kindSection:
		d.problems.add(p.Pos, path+" must be a section", "write "+f.name+": { "+example(v.Type())+" }")
	case f.kind == kindElements:
		d.problems.add(p.Pos, path+" must be a list of sections", "write "+f.name+": [{ type: ... }]")
	default:
		d.problems.add(p.Pos, path+" must be a list of sections", "write "+f.name+": [{ "+example(v.Type().Elem())+" }]")
	}
}

// example is how a section's first setting is written.
func example(t reflect.Type) string {
	if fields := fieldsOf(t); len(fields) > 0 {
		return fields[0].name + ": ..."
	}
	return ""
}

func (d *decoder) child(c *Element, f *field, v reflect.Value, path string, first bool) {
	switch f.kind {
	case kindSection:
		if !first {
			d.problems.add(c.Pos, path+" is a list", "write one section")
			return
		}
		d.section(c, v, path, nil)
	case kindSections:
		if first {
			v.SetZero()
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if i, ok := item.Addr().Interface().(interface{ SetDefaults() }); ok {
			i.SetDefaults()
		}
		d.section(c, item, fmt.Sprintf("%s[%d]", path, v.Len()), nil)
		v.Set(reflect.Append(v, item))
	case kindMap:
		if first {
			v.SetZero()
		}
		d.pairs(c, v, path)
	case kindElements:
		if first {
			v.SetZero()
		}
		v.Set(reflect.Append(v, reflect.ValueOf(c.as(f.element))))
	default:
		d.problems.add(c.Pos, path+" is a section", "write "+f.name+": "+examples[f.kind])
	}
}

// as is a copy of e under another name, its parameter tag turned into its
// argument.
func (e *Element) as(name string) *Element {
	c := *e
	c.Name, c.Arg, c.ArgPos, c.Params = name, "**", e.Pos, nil
	for _, p := range e.Params {
		if p.Name != "tag" || p.List != nil {
			c.Params = append(c.Params, p)
		} else if !p.Null {
			c.Arg, c.ArgPos = p.Value, p.Pos
		}
	}
	return &c
}

func (d *decoder) pairs(c *Element, v reflect.Value, path string) {
	for _, p := range c.Params {
		switch {
		case p.List != nil:
			d.problems.add(p.Pos, join(path, p.Name)+" is a list", "write one text")
		case p.Null:
			d.problems.add(p.Pos, join(path, p.Name)+" is empty", `write a text, or ""`)
		}
		item := reflect.New(v.Type().Elem()).Elem()
		item.FieldByName("Name").SetString(p.Name)
		item.FieldByName("Value").SetString(p.Value)
		v.Set(reflect.Append(v, item))
	}
	for _, sub := range c.Children {
		d.problems.add(sub.Pos, join(path, sub.Name)+" is a section", "write one text")
	}
}
