package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// column is one column of the table, for a terminal and for the page.
type column struct {
	head string
	cell func(s Scenario) string
}

var columns = []column{
	{"scenario", func(s Scenario) string { return s.Title }},
	{"CPU s/M min", func(s Scenario) string { return fmt.Sprintf("%.2f", s.spread(cpu).min) }},
	{"median", func(s Scenario) string { return fmt.Sprintf("%.2f", s.spread(cpu).median) }},
	{"max", func(s Scenario) string { return fmt.Sprintf("%.2f", s.spread(cpu).max) }},
	{"target (goal)", target},
	{"in kernel", func(s Scenario) string { return fmt.Sprintf("%.2f", s.median(func(r Run) float64 { return r.System })) }},
	{"records/s", func(s Scenario) string { return thousands(s.median(func(r Run) float64 { return r.Rate })) }},
	{"B/doc", func(s Scenario) string {
		return fmt.Sprintf("%.0f", s.median(func(r Run) float64 { return r.DocBytes }))
	}},
	{"B/doc in bulk", func(s Scenario) string {
		return fmt.Sprintf("%.0f", s.median(func(r Run) float64 { return r.TextBytes }))
	}},
	{"B/doc sent", func(s Scenario) string {
		return fmt.Sprintf("%.0f", s.median(func(r Run) float64 { return r.WireBytes }))
	}},
	{"allocs/record", allocs},
	{"RSS max MB", rss},
	{"p50 / p99 ms", delays},
	{"lost", func(s Scenario) string { return fmt.Sprint(s.sum(func(r Run) int64 { return r.Lost })) }},
	{"doubled", func(s Scenario) string { return fmt.Sprint(s.sum(func(r Run) int64 { return r.Doubled })) }},
}

func cpu(r Run) float64 { return r.CPU }

func target(s Scenario) string {
	switch {
	case s.Target == 0:
		return "-"
	case s.Goal == 0:
		return fmt.Sprintf("%.1f", s.Target)
	}
	return fmt.Sprintf("%.1f (%.1f)", s.Target, s.Goal)
}

func allocs(s Scenario) string {
	v := s.median(func(r Run) float64 { return r.Allocs })
	if v < 0 {
		return "?"
	}
	return fmt.Sprintf("%.3f", v)
}

func rss(s Scenario) string {
	v := fmt.Sprintf("%.1f", s.spread(func(r Run) float64 { return float64(r.RSSMax) }).max/1e6)
	if s.RSSTarget > 0 {
		v += fmt.Sprintf(" (target %.0f)", float64(s.RSSTarget)/1e6)
	}
	return v
}

func delays(s Scenario) string {
	p50 := s.median(func(r Run) float64 { return float64(r.Delays.P50) / float64(time.Millisecond) })
	p99 := s.median(func(r Run) float64 { return float64(r.Delays.P99) / float64(time.Millisecond) })
	if p99 == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f / %.0f", p50, p99)
}

// row is a scenario's cells; of one without a run, its name and why.
func row(s Scenario) []string {
	if len(s.Runs) == 0 {
		return []string{s.Title, "failed"}
	}
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.cell(s)
	}
	return cells
}

// Table writes the results for a terminal.
func (r *Results) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.head
	}
	fmt.Fprintf(t, "%s\t\n", strings.Join(heads, "\t"))
	for _, s := range r.Scenarios {
		fmt.Fprintf(t, "%s\t\n", strings.Join(row(s), "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, s := range r.Scenarios {
		if s.Failed != "" {
			fmt.Fprintf(w, "%s: %s\n", s.Title, s.Failed)
		}
	}
	return nil
}

// thousands writes a whole number with a comma between groups of three digits.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
