package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// DiskRow is one thing that was measured of the disk buffer.
type DiskRow struct {
	What     string `json:"what"`
	Measured string `json:"measured"`
	Disk     string `json:"disk"`   // what the disk itself did, in the same run; empty: it is not compared
	Target   string `json:"target"` // empty: none
	Missed   bool   `json:"missed"`
}

// Disk is what was measured of the disk buffer.
type Disk struct {
	Origin
	Rows    []DiskRow `json:"rows"`
	Lost    int64     `json:"lost"` // over all of it
	Doubled int64     `json:"doubled"`
}

var diskMarks = marks{"<!-- measured: written by make bench SCENARIOS=disk -->", "<!-- /measured disk -->"}

var diskHeads = []string{"buffer on the disk", "measured", "the disk itself", "target"}

func (r DiskRow) cells() []string {
	target := r.Target
	switch {
	case target == "":
		target = "-"
	case r.Missed:
		target += ": missed"
	}
	disk := r.Disk
	if disk == "" {
		disk = "-"
	}
	return []string{r.What, r.Measured, disk, target}
}

// Table writes the rows for a terminal.
func (d *Disk) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(diskHeads, "\t"))
	for _, r := range d.Rows {
		fmt.Fprintln(t, strings.Join(r.cells(), "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "lost %d doubled %d\n", d.Lost, d.Doubled)
	return err
}

// Save writes the rows as DIR/disk-DATE.json and returns the path.
func (d *Disk) Save(dir string) (string, error) { return save(dir, "disk-", d.Date, d) }

// WritePage puts the rows between their marks of the page at path.
func (d *Disk) WritePage(path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n\n", d.Origin, d.loaded())
	fmt.Fprintf(&b, "| %s |\n|---|---|---|---|\n", strings.Join(diskHeads, " | "))
	for _, r := range d.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r.cells(), " | "))
	}
	fmt.Fprintf(&b, "\nLost %d, doubled %d.\n", d.Lost, d.Doubled)
	return diskMarks.write(path, b.String())
}
