package report

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// What is between these lines of the page is the measurement's to write.
const (
	beginMark = "<!-- measured: written by make bench -->"
	endMark   = "<!-- /measured -->"
)

// WritePage puts the results between the two marks of the page at path, and
// leaves the rest of it as it is.
func (r *Results) WritePage(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot write the results' page: %w", err)
	}
	page, err := replace(old, r.markdown())
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return os.WriteFile(path, page, 0o644)
}

func replace(page []byte, text string) ([]byte, error) {
	head, rest, ok := bytes.Cut(page, []byte(beginMark))
	_, tail, ok2 := bytes.Cut(rest, []byte(endMark))
	if !ok || !ok2 {
		return nil, fmt.Errorf("want the lines %q and %q", beginMark, endMark)
	}
	var b bytes.Buffer
	b.Write(head)
	fmt.Fprintf(&b, "%s\n\n%s\n%s", beginMark, text, endMark)
	b.Write(tail)
	return b.Bytes(), nil
}

func (r *Results) markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "Measured on %s with sluice %s: %s, %d cores, %.0f GiB of memory, Linux %s, %s.\n",
		r.Date.UTC().Format("2006-01-02"), r.Version, m.CPU, m.Cores, float64(m.Memory)/(1<<30), m.Kernel, m.Go)
	fmt.Fprintf(&b, "%d runs of each scenario. Load average before the first: %.2f.", r.mostRuns(), r.Load)
	if r.Load > float64(m.Cores)/4 {
		b.WriteString(" The machine had other work to do, which makes CPU figures higher and records/s lower.")
	}
	b.WriteString("\n\n")
	for _, c := range columns {
		fmt.Fprintf(&b, "| %s ", c.head)
	}
	b.WriteString("|\n|---|" + strings.Repeat("---:|", len(columns)-1) + "\n")
	for _, s := range r.Scenarios {
		cells := row(s)
		for len(cells) < len(columns) {
			cells = append(cells, "")
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	for _, s := range r.Scenarios {
		if s.Failed != "" {
			fmt.Fprintf(&b, "\n%s failed: %s\n", s.Title, strings.ReplaceAll(s.Failed, "\n", " "))
		}
	}
	return b.String()
}

func (r *Results) mostRuns() (n int) {
	for _, s := range r.Scenarios {
		n = max(n, len(s.Runs))
	}
	return n
}
