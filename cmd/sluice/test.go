package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"sluice/conf"
	"sluice/pipetest"
)

func testCommand(p program) *cobra.Command {
	var update bool
	var config string
	cmd := &cobra.Command{
		Use:   "test DIR...",
		Short: "Run a pipeline over records from files and compare what comes out",
		Long: `Run the unit tests of pipelines. Each DIR holds a configuration (sluice.yaml,
fluent.conf or fluent.yaml; --config names another) and tests:

  NAME.in.jsonl    records that come in, one a line: {"tag":"app.web",
                   "time":"2026-01-31T23:59:59Z","record":{"message":"x"}}
  NAME.out.jsonl   where they went: {"output":"es","tag":...,"time":...,
                   "record":...}, or "dropped" in the place of "output"

Outputs are named by their @id. Nothing connects, listens or writes.
The exit status is 1 if anything differs. --update writes the out files.`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVar(&update, "update", false, "write what comes out to the out files")
	cmd.Flags().StringVar(&config, "config", "", "the configuration, instead of the one in DIR")
	asJSON := formatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		inJSON, err := asJSON()
		if err != nil {
			return err
		}
		reports, failed := []*pipetest.Report{}, false
		for _, dir := range dirs {
			report, err := p.testDir(cmd, dir, config, update)
			if err != nil {
				return err
			}
			failed = failed || report.Failed()
			reports = append(reports, report)
			if inJSON {
				continue
			}
			if err := report.Text(cmd.OutOrStdout()); err != nil {
				return err
			}
		}
		if inJSON {
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(reports); err != nil {
				return fmt.Errorf("cannot write the report: %w", err)
			}
		}
		if failed {
			return errFound
		}
		return nil
	}
	return cmd
}

// testDir runs the tests of a directory, with the configuration in it where
// none is named.
func (p program) testDir(cmd *cobra.Command, dir, file string, update bool) (report *pipetest.Report, err error) {
	if file == "" {
		if file, err = pipetest.FindConfig(dir); err != nil {
			return nil, err
		}
	}
	settings, t, problems := p.read(cmd, file)
	if !problems.Bad() {
		var found conf.Problems
		report, found, err = p.test(cmd.Context(), dir, t, settings, update)
		problems = append(problems, found...)
	}
	if problems.Bad() {
		problems.Sort()
		fmt.Fprint(cmd.ErrOrStderr(), problems)
		return nil, errFound
	}
	return report, err
}
