package conf

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

type kind uint8

const (
	kindString kind = iota
	kindBool
	kindInt
	kindFloat
	kindSize
	kindDuration
	kindStrings
	kindSection
	kindSections
	kindMap
	kindElements
)

func (k kind) scalar() bool { return k <= kindStrings }

// typeNames say what a setting holds, by kind.
var typeNames = [...]string{
	"text", "true or false", "whole number", "number", "size", "duration", "list of texts",
	"section", "list of sections", "section of texts", "list of sections",
}

// examples show how a scalar is written, by kind.
var examples = [...]string{"TEXT", "true", "10", "0.5", "5MiB", "10s", "[TEXT, TEXT]"}

// field is one setting of a struct, as its tag describes it.
type field struct {
	name             string
	kind             kind
	index            []int
	secret, required bool
	oneof            []string
	element          string
	aliases          []string
	arg              bool // holds the section's argument, not a setting
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	elementsType = reflect.TypeFor[[]*Element]()
)

// fieldsOf lists a struct's settings in the order of its fields, without the
// one that holds the section's argument.
func fieldsOf(t reflect.Type) []field {
	return slices.DeleteFunc(allFields(t), func(f field) bool { return f.arg })
}

// allFields is fieldsOf with the argument. A wrong tag is the programmer's
// mistake.
func allFields(t reflect.Type) (fields []field) {
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, ok := sf.Tag.Lookup("conf")
		if !ok {
			continue
		}
		opts := strings.Split(tag, ",")
		if slices.Contains(opts[1:], "inline") {
			for _, f := range allFields(sf.Type) {
				f.index = append([]int{i}, f.index...)
				fields = append(fields, f)
			}
			continue
		}
		f := field{name: opts[0], index: []int{i}, kind: kindOf(sf)}
		for _, o := range opts[1:] {
			f.option(o, t.String()+"."+sf.Name)
		}
		fields = append(fields, f)
	}
	return fields
}

func (f *field) option(o, where string) {
	name, arg, _ := strings.Cut(o, "=")
	switch {
	case name == "size" && f.kind == kindInt:
		f.kind = kindSize
	case name == "map" && f.kind == kindSections:
		f.kind = kindMap
	case name == "alias":
		f.aliases = strings.Split(arg, "|")
	case name == "element" && f.kind == kindElements:
		f.element = arg
	case name == "secret":
		f.secret = true
	case name == "arg" && f.kind == kindString:
		f.arg = true
	case name == "required":
		f.required = true
	case name == "oneof":
		f.oneof = strings.Split(arg, "|")
	default:
		panic(fmt.Sprintf("BUG: %s: conf does not know the option %q there", where, o))
	}
}

func kindOf(sf reflect.StructField) kind {
	t := sf.Type
	switch {
	case t == durationType:
		return kindDuration
	case t == elementsType:
		return kindElements
	case t.Kind() == reflect.String:
		return kindString
	case t.Kind() == reflect.Bool:
		return kindBool
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return kindInt
	case t.Kind() == reflect.Float64:
		return kindFloat
	case t.Kind() == reflect.Struct:
		return kindSection
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return kindStrings
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return kindSections
	}
	panic(fmt.Sprintf("BUG: conf cannot set the field %s of type %s", sf.Name, t))
}

func names(fields []field) []string {
	list := make([]string, len(fields))
	for i := range fields {
		list[i] = fields[i].name
	}
	return list
}

// Setting describes one setting, for documentation and completion.
type Setting struct {
	Name     string   // dotted: log.level
	Type     string   // what to write: text, size, duration...
	Default  string   // as written in a settings file
	Env      string   // its environment variable; empty: it has none
	Flag     string   // its flag, where one is registered: see AddFlags
	OneOf    []string // the only values
	Secret   bool
	Required bool
}

// Settings lists every setting of schema, a pointer to a struct that holds the
// defaults, in the order of the fields. Lists of sections are one setting.
func Settings(schema any) (list []Setting) {
	walk(reflect.ValueOf(schema).Elem(), "", func(path string, f *field, v reflect.Value) {
		s := Setting{Name: path, Type: typeNames[f.kind], OneOf: f.oneof, Secret: f.secret, Required: f.required, Default: "[]"}
		if f.kind.scalar() {
			s.Env, s.Flag, s.Default = EnvName(path), FlagName(path), formatScalar(f, v)
		}
		list = append(list, s)
	})
	return list
}

// walk calls visit for every setting below v, sections opened.
func walk(v reflect.Value, path string, visit func(path string, f *field, v reflect.Value)) {
	for _, f := range fieldsOf(v.Type()) {
		fv, name := v.FieldByIndex(f.index), join(path, f.name)
		if f.kind == kindSection {
			walk(fv, name, visit)
			continue
		}
		visit(name, &f, fv)
	}
}

// EnvName is the environment variable of a setting.
func EnvName(setting string) string {
	return "SLUICE_" + strings.ToUpper(strings.ReplaceAll(setting, ".", "_"))
}

// FlagName is the flag of a setting, without the dashes before it.
func FlagName(setting string) string { return strings.NewReplacer(".", "-", "_", "-").Replace(setting) }

// formatScalar writes a value as a settings file has it.
func formatScalar(f *field, v reflect.Value) string {
	switch f.kind {
	case kindBool:
		return strconv.FormatBool(v.Bool())
	case kindInt:
		return strconv.FormatInt(v.Int(), 10)
	case kindFloat:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case kindSize:
		return FormatSize(v.Int())
	case kindDuration:
		return formatDuration(time.Duration(v.Int()))
	case kindStrings:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = quote(v.Index(i).String())
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return quote(v.String())
}
