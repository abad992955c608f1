package conf

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// reserved are names that every element of Fluentd's may have: whoever builds
// the pipeline reads them, no part does.
var reserved = []string{"@type", "@id", "@label", "@log_level", "type", "id", "log_level"}

// unused warns of a name that nothing reads, as Fluentd does.
func (d *decoder) unused(fields []field, name, path string, pos Pos) {
	if slices.Contains(reserved, name) {
		return
	}
	d.problems = append(d.problems, Problem{
		Pos: pos, Severity: Warning, What: fmt.Sprintf("parameter %q of %s is not used", name, path), Fix: nameFix(name, names(fields)),
	})
}

// surprise warns of a value that Fluentd reads in a way nobody expects.
func (d *decoder) surprise(p *Param, path, why string) {
	if why != "" {
		what, fix, _ := strings.Cut(why, ": ")
		d.problems = append(d.problems, Problem{
			Pos: p.Pos, Severity: Warning, What: fmt.Sprintf("%s is %s, and %s", path, shortQuote(p.Value), what), Fix: fix,
		})
	}
}

// fluentParam sets a field as Fluentd reads the value.
func (d *decoder) fluentParam(p *Param, f *field, v reflect.Value, path string) {
	var why string
	switch f.kind {
	case kindString:
		if f.oneof != nil {
			d.choice(p, f, path)
		}
		v.SetString(p.Value)
	case kindBool:
		var b bool
		b, why = FluentBool(p.Value)
		v.SetBool(b)
	case kindInt:
		var n int64
		n, why = FluentInt(p.Value)
		v.SetInt(n)
	case kindFloat:
		var n float64
		n, why = FluentFloat(p.Value)
		v.SetFloat(n)
	case kindSize:
		var n int64
		n, why = FluentSize(p.Value)
		v.SetInt(n)
	case kindDuration:
		n, w := FluentTime(p.Value)
		v.SetInt(int64(n))
		why = w
	case kindStrings:
		d.fluentList(p, v, path)
	case kindMap:
		d.fluentMap(p, v, path)
	default:
		d.problems.add(p.Pos, path+" must be a section", "write <"+f.name+"> ... </"+f.name+">")
	}
	d.surprise(p, path, why)
}

func (d *decoder) fluentList(p *Param, v reflect.Value, path string) {
	items, why := FluentArray(p.Value)
	if why != "" {
		what, fix, _ := strings.Cut(why, ": ")
		d.problems.add(p.Pos, path+" cannot be read, "+what, fix)
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, s := range items {
		list.Index(i).SetString(s)
	}
	v.Set(list)
}

func (d *decoder) fluentMap(p *Param, v reflect.Value, path string) {
	pairs, why := FluentHash(p.Value)
	if why != "" {
		what, fix, _ := strings.Cut(why, ": ")
		d.problems.add(p.Pos, path+" cannot be read, "+what, fix)
	}
	for i := range pairs {
		pairs[i].Pos = p.Pos
	}
	v.SetZero()
	d.pairs(&Element{Params: pairs}, v, path)
}
