package main

import (
	"fmt"
	"io"
	"os"

	"sluice/bench/report"
)

// conclude prints what was found and, if it is to be kept, writes it to the
// directory results and into the page. What was lost or doubled ends the command.
func conclude(out io.Writer, found *report.Checks, keep bool, results, page string) error {
	if err := found.Table(out); err != nil {
		return err
	}
	if keep {
		path, err := found.Save(results)
		if err != nil {
			return fmt.Errorf("cannot keep the results: %w", err)
		}
		if err := found.WritePage(page); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "written: %s, %s\n", path, page)
	}
	if found.Lost+found.Doubled > 0 {
		return errFound
	}
	return nil
}
