package report

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// marks are two lines of the page: what is between them is a measurement's to
// write.
type marks struct{ begin, end string }

var benchMarks = marks{"<!-- measured: written by make bench -->", "<!-- /measured -->"}

// WritePage puts the results between the two marks of the page at path, and
// leaves the rest of it as it is.
func (r *Results) WritePage(path string) error { return benchMarks.write(path, r.markdown()) }

// write puts a text between the marks of the page at path.
func (m marks) write(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot write the results' page: %w", err)
	}
	page, err := m.replace(old, text)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return os.WriteFile(path, page, 0o644)
}

func (m marks) replace(page []byte, text string) ([]byte, error) {
	head, rest, ok := bytes.Cut(page, []byte(m.begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(m.end))
	if !ok || !ok2 {
		return nil, fmt.Errorf("want the lines %q and %q", m.begin, m.end)
	}
	var b bytes.Buffer
	b.Write(head)
	fmt.Fprintf(&b, "%s\n\n%s\n%s", m.begin, text, m.end)
	b.Write(tail)
	return b.Bytes(), nil
}

// String is the origin as sentences.
func (o Origin) String() string {
	m := o.Machine
	return fmt.Sprintf("Measured on %s with sluice %s: %s, %d cores, %.0f GiB of memory, Linux %s, %s.",
		o.Date.UTC().Format("2006-01-02"), o.Version, m.CPU, m.Cores, float64(m.Memory)/(1<<30), m.Kernel, m.Go)
}

// loaded tells of the machine's other work.
func (o Origin) loaded() string {
	text := fmt.Sprintf("Load average before the first: %.2f.", o.Load)
	if o.Load > float64(o.Machine.Cores)/4 {
		text += " The machine had other work to do, which makes CPU figures higher and records/s lower."
	}
	return text
}

func (r *Results) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%d runs of each scenario. %s", r.Origin, r.mostRuns(), r.loaded())
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
