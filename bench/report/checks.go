package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Check is one thing that was measured and has a target, or stands beside
// something else that was measured in the same run.
type Check struct {
	What     string `json:"what"`
	Measured string `json:"measured"`
	Beside   string `json:"beside"` // empty: it is not compared
	Target   string `json:"target"` // empty: none
	Missed   bool   `json:"missed"`
}

// Checks are what was measured of one matter.
type Checks struct {
	Origin
	Rows    []Check `json:"rows"`
	Lost    int64   `json:"lost"` // over all of it
	Doubled int64   `json:"doubled"`

	matter string // as make bench's SCENARIOS calls it
	heads  []string

	noRecords bool // none went through, so none was lost
}

// DiskChecks are those of the disk buffer; beside each stands what the disk
// itself did.
func DiskChecks(o Origin) *Checks {
	return &Checks{Origin: o, matter: "disk", heads: []string{"buffer on the disk", "measured", "the disk itself", "target"}}
}

// CrowdChecks are those of many connections; beside each stands what there is
// without them.
func CrowdChecks(o Origin) *Checks {
	return &Checks{Origin: o, matter: "crowds", heads: []string{"connections", "with them", "without them", "target"}}
}

// StarvedChecks are those of an output that takes too little; beside each stands
// what was in the memory when it was most.
func StarvedChecks(o Origin) *Checks {
	return &Checks{Origin: o, matter: "starved", heads: []string{"load, and what the output does at first", "RSS, highest", "at that time the heap, and of it the buffers", "target"}}
}

// FilterChecks are those of filters and of the start; beside each stands what
// Fluentd took in the same minutes.
func FilterChecks(o Origin) *Checks {
	return &Checks{Origin: o, matter: "filters", heads: []string{"for a record", "measured", "Fluentd", "target"}, noRecords: true}
}

func (c *Checks) marks() marks {
	return marks{"<!-- measured: written by make bench SCENARIOS=" + c.matter + " -->", "<!-- /measured " + c.matter + " -->"}
}

func (r Check) cells() []string {
	target := r.Target
	switch {
	case target == "":
		target = "-"
	case r.Missed:
		target += ": missed"
	}
	beside := r.Beside
	if beside == "" {
		beside = "-"
	}
	return []string{r.What, r.Measured, beside, target}
}

// Table writes the rows for a terminal.
func (c *Checks) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(c.heads, "\t"))
	for _, r := range c.Rows {
		fmt.Fprintln(t, strings.Join(r.cells(), "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if c.noRecords {
		return nil
	}
	_, err := fmt.Fprintf(w, "lost %d doubled %d\n", c.Lost, c.Doubled)
	return err
}

// Save writes the rows as DIR/MATTER-DATE.json and returns the path.
func (c *Checks) Save(dir string) (string, error) { return save(dir, c.matter+"-", c.Date, c) }

// WritePage puts the rows between their marks of the page at path.
func (c *Checks) WritePage(path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n\n", c.Origin, c.loaded())
	fmt.Fprintf(&b, "| %s |\n|---|---|---|---|\n", strings.Join(c.heads, " | "))
	for _, r := range c.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r.cells(), " | "))
	}
	if c.noRecords {
		return c.marks().write(path, b.String())
	}
	fmt.Fprintf(&b, "\nLost %d, doubled %d.\n", c.Lost, c.Doubled)
	return c.marks().write(path, b.String())
}
