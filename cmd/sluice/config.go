package main

import (
	"github.com/spf13/cobra"

	"sluice/conf"
)

func configCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Look at the configuration",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{"config needs a subcommand: show"}
		},
	}
	cmd.AddCommand(configShowCommand(p))
	return cmd
}

func configShowCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Print the effective configuration with every default",
		Long: `Print the effective configuration as a settings file: every setting, and in a
comment where its value came from. Secrets are masked. Without FILE it is what
run would use.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := ""
			if len(args) > 0 {
				file = args[0]
			}
			settings, t, err := p.loadGood(cmd, file)
			if err != nil {
				return err
			}
			return conf.Show(cmd.OutOrStdout(), t, settings)
		},
	}
	settingsFlags(cmd, p)
	return cmd
}
