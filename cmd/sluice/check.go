package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sluice/conf"
)

func checkCommand(p program) *cobra.Command {
	var strict, connect bool
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Validate settings without starting anything",
		Long: `Validate settings files, fluent.confs and files in Fluentd's YAML, with this
environment, without starting anything.
One line per problem on standard output:

  file:line:col: error|warning: what (what to write instead)

The exit status is 1 if there is an error.`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "warnings count as errors")
	if p.connect != nil {
		cmd.Flags().BoolVar(&connect, "connect", false, "also reach the outputs")
	}
	asJSON := formatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		inJSON, err := asJSON()
		if err != nil {
			return err
		}
		all := conf.Problems{}
		for _, file := range files {
			settings, t, problems := p.load(cmd, file)
			if connect && !problems.Bad() {
				problems = append(problems, p.connect(cmd.Context(), t, settings)...)
			}
			if len(problems) == 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: good\n", file)
			}
			all = append(all, problems...)
		}
		if err := writeProblems(cmd.OutOrStdout(), all, inJSON); err != nil {
			return err
		}
		if all.Bad() || strict && len(all) > 0 {
			return errFound
		}
		return nil
	}
	return cmd
}

func writeProblems(w io.Writer, problems conf.Problems, inJSON bool) (err error) {
	if inJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(problems)
	} else {
		_, err = io.WriteString(w, problems.String())
	}
	if err != nil {
		return fmt.Errorf("cannot write the problems: %w", err)
	}
	return nil
}
