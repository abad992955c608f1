package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// The exit status.
const (
	exitDone = iota
	exitFailed
	exitUsage
)

// errFound ends a command that has said what it found: status 1, no message.
var errFound = errors.New("found something")

// usageError is what is wrong with the command line, found by a command.
type usageError struct{ what string }

func (e usageError) Error() string { return e.what }

// execute runs one command line and returns the exit status.
func execute(p program, args []string, out, errOut io.Writer) int {
	accepted := false // the command line was, and the command began
	root := &cobra.Command{
		Use:               "sluice",
		Short:             "Container logs and the Fluent forward protocol into Elasticsearch",
		Version:           thisBuild().Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRun:  func(*cobra.Command, []string) { accepted = true },
		DisableAutoGenTag: true,
	}
	root.SetVersionTemplate(thisBuild().String() + "\n")
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	root.AddCommand(runCommand(p), checkCommand(p), configCommand(p), testCommand(p), deadLettersCommand(p), bufferCommand(p), prepareCommand(), versionCommand())
	cmd, err := root.ExecuteC()
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFound):
		return exitFailed
	case !accepted || errors.As(err, &usage):
		fmt.Fprintf(errOut, "sluice: %v\nSee '%s --help'.\n", err, cmd.CommandPath())
		return exitUsage
	}
	fmt.Fprintf(errOut, "sluice: %v\n", err)
	return exitFailed
}

// formatFlag adds --format; the function returns whether it says json.
func formatFlag(cmd *cobra.Command) func() (json bool, err error) {
	format := cmd.Flags().String("format", "text", "text or json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return func() (bool, error) {
		if *format != "text" && *format != "json" {
			return false, usageError{fmt.Sprintf("--format is %q: write text or json", *format)}
		}
		return *format == "json", nil
	}
}
