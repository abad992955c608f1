package pipetest

import (
	"fmt"
	"io"
	"strings"
)

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var out strings.Builder
	good := 0
	for _, t := range r.Tests {
		t.text(&out, r.Dir)
		if t.OK {
			good++
		}
	}
	fmt.Fprintf(&out, "%s: %d of %d tests good; %d of %d filters and matches reached\n", r.Dir, good, len(r.Tests), r.Reached(), len(r.Coverage))
	for _, p := range r.Coverage {
		if p.Records == 0 {
			fmt.Fprintf(&out, "%s: never reached: <%s %s> %s%s\n", p.Place, p.Kind, p.Pattern, p.Name, in(p.Label))
		}
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}

func in(label string) string {
	if label == "" {
		return ""
	}
	return " in <label " + label + ">"
}

func (t *Result) text(out *strings.Builder, dir string) {
	switch {
	case t.Error != "":
		fmt.Fprintf(out, "FAIL %s %s: %s\n", dir, t.Name, t.Error)
	case len(t.Changes) > 0:
		fmt.Fprintf(out, "FAIL %s %s: - expected, + came\n", dir, t.Name)
	case t.Updated:
		fmt.Fprintf(out, "updated %s %s\n", dir, t.Name)
	default:
		fmt.Fprintf(out, "ok   %s %s\n", dir, t.Name)
	}
	for _, c := range t.Changes {
		if c.Want != "" {
			fmt.Fprintf(out, "  - %s\n", c.Want)
		}
		if c.Got != "" {
			fmt.Fprintf(out, "  + %s\n", c.Got)
		}
		for _, f := range c.Fields {
			fmt.Fprintf(out, "      %s\n", f)
		}
	}
}
