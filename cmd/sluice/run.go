package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"sluice/logging"
)

func runCommand(p program) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "run [--config FILE]",
		Short: "Run until TERM or INT",
		Long: `Run until TERM or INT: then stop the inputs, give out what is in flight and
exit with status 0. A second TERM or INT exits at once with status 1; nothing
that was safe is lost. HUP or USR2 reads the configuration again: if it is good
the inputs stop, what is in flight is given out, and all starts anew with it; if
it has an error nothing changes. USR1 sends at once what is buffered.

FILE is a settings file, a fluent.conf or Fluentd's YAML; its content tells.
Without --config: ` + p.file + ` if it is there, else the built-in
defaults and the environment.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Sprintf("run takes no argument %q: write --config FILE", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, _, err := p.loadGood(cmd, file)
			if err != nil {
				return err
			}
			errOut := &lines{to: cmd.ErrOrStderr()}
			cmd.SetErr(errOut)
			log, flush := logging.New(p.logging(settings), errOut)
			defer flush()
			signals, reload, release := catchSignals()
			defer release()
			ctx, stop := untilSignal(cmd.Context(), signals, log, os.Exit)
			defer stop()
			l := lives{p: p, reload: reload, errOut: errOut, load: func() (any, error) {
				settings, _, err := p.loadGood(cmd, file)
				return settings, err
			}}
			if err := l.run(ctx, settings); err != nil {
				return fmt.Errorf("cannot go on: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "settings file, fluent.conf or Fluentd's YAML")
	settingsFlags(cmd, p)
	return cmd
}
