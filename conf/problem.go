package conf

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Severity of a problem.
type Severity uint8

// An Error refuses the configuration; a Warning does not.
const (
	Error Severity = iota
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Problem is one thing that is wrong with a configuration. It never quotes a
// secret.
type Problem struct {
	Pos      Pos
	Severity Severity
	What     string
	Fix      string // what to write instead
}

// String is "file:line:col: error: what (what to write instead)".
func (p Problem) String() string {
	s := p.Pos.String() + ": " + p.Severity.String() + ": " + p.What
	if p.Fix != "" {
		s += " (" + p.Fix + ")"
	}
	return s
}

// MarshalJSON writes the problem for programs.
func (p Problem) MarshalJSON() ([]byte, error) {
	out := struct {
		File     string `json:"file,omitempty"`
		Line     int    `json:"line,omitempty"`
		Col      int    `json:"col,omitempty"`
		Env      string `json:"env,omitempty"`
		Flag     string `json:"flag,omitempty"`
		Severity string `json:"severity"`
		What     string `json:"what"`
		Fix      string `json:"fix,omitempty"`
	}{Line: p.Pos.Line, Col: p.Pos.Col, Severity: p.Severity.String(), What: p.What, Fix: p.Fix}
	switch p.Pos.Origin {
	case FromFile:
		out.File = p.Pos.Name
	case FromEnv:
		out.Env = p.Pos.Name
	case FromFlag:
		out.Flag = p.Pos.Name
	}
	return json.Marshal(out)
}

// Problems is what is wrong, in the order of the places.
type Problems []Problem

// Bad reports whether the configuration must be refused.
func (ps Problems) Bad() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Error })
}

// String is one line per problem.
func (ps Problems) String() string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// Sort puts problems of files first, by line; equal places keep their order.
func (ps Problems) Sort() {
	rank := func(o Origin) int { return (int(o) + 3) % 4 } // file, env, flag, default
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank(a.Pos.Origin), rank(b.Pos.Origin)), cmp.Compare(a.Pos.Name, b.Pos.Name),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
}

func (ps *Problems) add(pos Pos, what, fix string) {
	*ps = append(*ps, Problem{Pos: pos, What: what, Fix: fix})
}
