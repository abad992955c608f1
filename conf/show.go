package conf

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mask stands for a secret.
const mask = "********"

// Show writes the effective configuration as a settings file: every setting of
// schema, which Load filled, with a comment that says where its value came
// from. A secret is masked; one that is a reference, or came from the
// environment, is written as that reference, so that the output still works.
func Show(w io.Writer, t *Tree, schema any) error {
	s := &shower{tree: t}
	s.section(reflect.ValueOf(schema).Elem(), "", 0)
	width := 0
	for _, l := range s.lines {
		width = max(width, min(len(l.text), 60))
	}
	out := bufio.NewWriter(w)
	for _, l := range s.lines {
		if l.from != "" {
			fmt.Fprintf(out, "%-*s  # %s\n", width, l.text, l.from)
		} else {
			fmt.Fprintln(out, l.text)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("cannot write the settings: %w", err)
	}
	return nil
}

type shower struct {
	tree  *Tree
	lines []struct{ text, from string }
}

func (s *shower) line(depth int, text, from string) {
	text = strings.Repeat("  ", depth) + text
	s.lines = append(s.lines, struct{ text, from string }{text, from})
}

// from says where a setting was written.
func (s *shower) from(path string) string {
	if pos, exact := s.tree.Locate(path); exact {
		return pos.Short()
	}
	return Pos{}.Short()
}

func (s *shower) section(v reflect.Value, path string, depth int) {
	for _, f := range fieldsOf(v.Type()) {
		fv, name := v.FieldByIndex(f.index), join(path, f.name)
		switch {
		case f.kind == kindSection:
			s.line(depth, f.name+":", "")
			s.section(fv, name, depth+1)
		case f.kind.scalar():
			s.line(depth, f.name+": "+s.scalar(&f, fv, name), s.from(name))
		case f.kind == kindMap:
			s.line(depth, f.name+": "+flowMap(fv), s.from(name))
		case fv.Len() == 0:
			s.line(depth, f.name+": []", s.from(name))
		default:
			s.line(depth, f.name+":", "")
			for i := range fv.Len() {
				item := fmt.Sprintf("%s[%d]", name, i)
				s.line(depth+1, "- "+s.flowItem(fv.Index(i), item), s.from(item))
			}
		}
	}
}

// scalar writes one setting's value, a secret masked.
func (s *shower) scalar(f *field, v reflect.Value, path string) string {
	if f.kind == kindString && f.secret && v.String() != "" {
		p := s.tree.param(path)
		switch {
		case p != nil && reference(p.Raw):
			return quote(p.Raw)
		case p != nil && p.Pos.Origin == FromEnv:
			return quote("${env:" + p.Pos.Name + "}")
		}
		return quote(mask)
	}
	if f.kind == kindStrings && f.secret && v.Len() > 0 {
		return "[" + quote(mask) + "]"
	}
	return hidePasswords(formatScalar(f, v))
}

func (s *shower) flowItem(v reflect.Value, path string) string {
	if v.Kind() == reflect.Pointer {
		return flowElement(v.Interface().(*Element))
	}
	var parts []string
	for _, f := range fieldsOf(v.Type()) {
		fv, name := v.FieldByIndex(f.index), join(path, f.name)
		switch {
		case f.kind.scalar() && f.secret && !fv.IsZero():
			parts = append(parts, f.name+": "+quote(mask))
		case f.kind.scalar():
			parts = append(parts, f.name+": "+hidePasswords(formatScalar(&f, fv)))
		case f.kind == kindSection:
			parts = append(parts, f.name+": "+s.flowItem(fv, name))
		case f.kind == kindMap:
			parts = append(parts, f.name+": "+flowMap(fv))
		default:
			items := make([]string, fv.Len())
			for i := range items {
				items[i] = s.flowItem(fv.Index(i), name)
			}
			parts = append(parts, f.name+": ["+strings.Join(items, ", ")+"]")
		}
	}
	return flow(parts)
}

func flow(parts []string) string {
	if len(parts) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func flowMap(v reflect.Value) string {
	parts := make([]string, v.Len())
	for i := range parts {
		pair := v.Index(i)
		parts[i] = quote(pair.FieldByName("Name").String()) + ": " + hidePasswords(quote(pair.FieldByName("Value").String()))
	}
	return flow(parts)
}

// flowElement writes an element whose schema is somebody else's, as it was
// written.
func flowElement(e *Element) string {
	var parts []string
	for _, p := range e.Params {
		if !p.Null {
			parts = append(parts, quote(p.Name)+": "+flowParam(&p))
		}
	}
	if e.Arg != "" { // after the type, which is first as a rule
		parts = slices.Insert(parts, min(1, len(parts)), "tag: "+quote(e.Arg))
	}
	done := map[string]bool{}
	for _, c := range e.Children {
		if done[c.Name] {
			continue
		}
		done[c.Name] = true
		var items []string
		for i := 0; e.Child(c.Name, i) != nil; i++ {
			items = append(items, flowElement(e.Child(c.Name, i)))
		}
		text := items[0]
		if len(items) > 1 {
			text = "[" + strings.Join(items, ", ") + "]"
		}
		parts = append(parts, quote(c.Name)+": "+text)
	}
	return flow(parts)
}

func flowParam(p *Param) string {
	if p.List == nil {
		return hidePasswords(quote(p.Value))
	}
	items := make([]string, len(p.List))
	for i := range items {
		items[i] = flowParam(&p.List[i])
	}
	return "[" + strings.Join(items, ", ") + "]"
}

var (
	plain    = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./-]*$`)
	password = regexp.MustCompile(`(://[^/@\s:"]*:)[^/@\s"]+@`)
)

// quote writes a text so that YAML reads it back as that text.
func quote(s string) string {
	if plain.MatchString(s) && !strings.EqualFold(s, "null") {
		return s
	}
	return strconv.Quote(s)
}

// hidePasswords masks what stands between user: and @ in addresses.
func hidePasswords(s string) string { return password.ReplaceAllString(s, "${1}"+mask+"@") }
