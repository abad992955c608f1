package conf

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// strings takes a list, or one text with commas between the items.
func (d *decoder) strings(p *Param, f *field, v reflect.Value, path string) {
	items := p.List
	if items == nil {
		for s := range strings.SplitSeq(p.Value, ",") {
			if s = strings.TrimSpace(s); s != "" {
				items = append(items, Param{Value: s, Pos: p.Pos})
			}
		}
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i := range items {
		d.choice(&items[i], f, path)
		list.Index(i).SetString(items[i].Value)
	}
	v.Set(list)
}

func (d *decoder) scalar(p *Param, f *field, v reflect.Value, path string) {
	wrong := func(what, fix string) {
		d.problems.add(p.Pos, fmt.Sprintf("%s: %s is not %s", path, shortQuote(p.Value), what), fix)
	}
	switch f.kind {
	case kindString:
		d.choice(p, f, path)
		if f.secret && p.Value == mask {
			d.problems = append(d.problems, Problem{
				Pos: p.Pos, Severity: Warning,
				What: path + " holds the mask of a secret", Fix: "write the secret, or ${file:PATH}",
			})
		}
		v.SetString(p.Value)
	case kindBool:
		switch strings.ToLower(p.Value) {
		case "true", "false":
			v.SetBool(len(p.Value) == len("true"))
		case "no", "off", "0", "n", "f":
			wrong("true or false", "write false")
		default:
			wrong("true or false", "write true")
		}
	case kindInt:
		n, err := strconv.ParseInt(p.Value, 10, v.Type().Bits())
		if err != nil {
			wrong("a whole number", "write a number such as 10")
		}
		v.SetInt(n)
	case kindFloat:
		n, err := strconv.ParseFloat(p.Value, 64)
		if err != nil || n-n != 0 {
			wrong("a number", "write a number such as 0.5")
		}
		v.SetFloat(n)
	case kindSize:
		n, err := ParseSize(p.Value)
		if err != nil || v.OverflowInt(n) {
			wrong("a size", sizeFix(p.Value))
		}
		v.SetInt(n)
	case kindDuration:
		n, err := time.ParseDuration(p.Value)
		if err != nil || n < 0 {
			wrong("a duration", durationFix(p.Value))
		}
		v.SetInt(int64(n))
	}
}

// choice checks a value against the only ones allowed.
func (d *decoder) choice(p *Param, f *field, path string) {
	if f.oneof == nil || slices.Contains(f.oneof, p.Value) {
		return
	}
	best, ok := nearest(p.Value, f.oneof)
	fix := "write " + quoteEmpty(best)
	if !ok {
		fix = "write one of these"
	}
	all := strings.Join(f.oneof, ", ")
	if f.oneof[0] == "" {
		all = quoteEmpty("") + all
	}
	d.problems.add(p.Pos, fmt.Sprintf("%s: %s is not one of %s", path, shortQuote(p.Value), all), fix)
}

// shortQuote keeps a problem on one readable line, whatever was written.
func shortQuote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "..."
	}
	return strconv.Quote(s)
}
