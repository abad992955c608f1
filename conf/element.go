package conf

import "fmt"

// Origin says what kind of place a value came from.
type Origin uint8

// The origins, the weakest first.
const (
	FromDefault Origin = iota
	FromFile
	FromEnv
	FromFlag
)

// Pos is where something was written. The zero Pos is the built-in default.
type Pos struct {
	Origin Origin
	Name   string // the file's path, the variable's or the flag's name
	Line   int    // from 1; in files only
	Col    int    // from 1, in characters; in files only
}

// String is file:line:col, env NAME, flag --NAME or default.
func (p Pos) String() string {
	if p.Origin == FromFile {
		return fmt.Sprintf("%s:%d:%d", p.Name, p.Line, p.Col)
	}
	return p.Short()
}

// Short is String without the column.
func (p Pos) Short() string {
	switch p.Origin {
	case FromFile:
		return fmt.Sprintf("%s:%d", p.Name, p.Line)
	case FromEnv:
		return "env " + p.Name
	case FromFlag:
		return "flag --" + p.Name
	}
	return "default"
}

// Dialect says by whose rules an element's names and values are read.
type Dialect uint8

// The dialects. In Fluentd's an unknown name is a warning, units and lists are
// Fluentd's, and a name that begins with @ is the one without.
const (
	SettingsFile Dialect = iota
	Fluentd
)

// Element is a section of the configuration: its parameters, and the sections
// within it, each in the order they were written. Several children may have
// one name: a list of sections.
type Element struct {
	Name     string
	Arg      string
	Params   []Param
	Children []*Element
	Pos      Pos
	ArgPos   Pos
	Dialect  Dialect
}

// Param is a name with a value, or with a list of values.
type Param struct {
	Name  string
	Value string  // after expansion
	Raw   string  // before expansion, as written
	List  []Param // not nil: a list; its items have no names
	Null  bool    // a name without a value: as if it were not written
	// Default says that a Null was written as use_default, not as use_nil.
	Default bool
	Pos     Pos // of the name, or of the list's item

	failed bool // could not be expanded, which has been reported
}

// Param returns the parameter of that name, nil when there is none.
func (e *Element) Param(name string) *Param {
	for i := range e.Params {
		if e.Params[i].Name == name {
			return &e.Params[i]
		}
	}
	return nil
}

// Child returns the i-th child of that name, nil when there is none.
func (e *Element) Child(name string, i int) *Element {
	for _, c := range e.Children {
		if c.Name == name {
			if i == 0 {
				return c
			}
			i--
		}
	}
	return nil
}

// Text is the value of the first of the names that is written, and its
// parameter; nil when none is.
func (e *Element) Text(names ...string) (string, *Param) {
	for _, name := range names {
		if p := e.Param(name); p != nil && !p.Null {
			return p.Value, p
		}
	}
	return "", nil
}

// Type is what kind of part the element asks for: @type, or as it once was, type.
func (e *Element) Type() (string, *Param) { return e.Text("@type", "type") }

// ID is the name that the element gives itself; empty: none.
func (e *Element) ID() string {
	id, _ := e.Text("@id", "id")
	return id
}

// Set replaces the parameter of p's name, or adds it.
func (e *Element) Set(p Param) {
	if old := e.Param(p.Name); old != nil {
		*old = p
		return
	}
	e.Params = append(e.Params, p)
}
