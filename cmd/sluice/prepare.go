package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// prepareCommand makes a directory of the host usable for an agent that is not
// root. It is what an init container runs, as root and without any capability:
// root may give its own directory's group what it has itself.
func prepareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prepare DIR",
		Short: "Make a data directory that the directory's group may use: run as root, before an agent that is not",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o770); err != nil {
				return fmt.Errorf("cannot make data directory: %w", err)
			}
			if err := os.Chmod(args[0], 0o770); err != nil {
				return fmt.Errorf("cannot prepare data directory: %w", err)
			}
			return nil
		},
	}
}
