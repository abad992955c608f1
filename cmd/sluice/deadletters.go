package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"sluice/conf"
	"sluice/forwarder/deadletter"
)

func deadLettersCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: "Look at what an output refused for good, send it again, or drop it",
		Long: `Look at what an output refused for good, or an input could not take apart; send
it again, or drop it. The agent may be running or not. The directory is that of
the settings: --config FILE as for run, or --data-dir DIR alone.

A letter is called by its document's id, or by the name that ls shows.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{"dead-letters needs a subcommand: ls, show, replay or drop"}
		},
	}
	cmd.AddCommand(deadLettersList(p), deadLettersShow(p), deadLettersReplay(p), deadLettersDrop(p))
	return cmd
}

// letterFlags are the flags that all subcommands have.
type letterFlags struct {
	p             program
	cmd           *cobra.Command
	file          string
	since, until  string
	reason, index string
	ids           []string
}

func newLetterFlags(p program, cmd *cobra.Command) *letterFlags {
	f := &letterFlags{p: p, cmd: cmd}
	fs := cmd.Flags()
	fs.StringVar(&f.file, "config", "", "settings file")
	fs.StringVar(&f.since, "since", "", "refused at this time or later: 2026-11-30T12:00:00Z, or 2h ago as 2h")
	fs.StringVar(&f.until, "until", "", "refused before this time")
	fs.StringVar(&f.reason, "reason", "", "part of the error's type or reason, in any case of letters")
	fs.StringVar(&f.index, "index", "", "glob of the target index or data stream")
	fs.StringSliceVar(&f.ids, "id", nil, "documents' ids or letters' names, separated by commas")
	settingsFlags(cmd, p)
	return f
}

// filter is what the flags and the arguments choose.
func (f *letterFlags) filter(args []string) (*deadletter.Filter, error) {
	since, err := moment("since", f.since)
	until, err2 := moment("until", f.until)
	filter := &deadletter.Filter{Since: since, Until: until, Reason: f.reason, Index: f.index, IDs: append(f.ids, args...)}
	for _, err := range []error{err, err2, filter.Check()} {
		if err != nil {
			return nil, usageError{err.Error()}
		}
	}
	return filter, nil
}

// moment reads a time, or how long ago it was. Empty: no time.
func moment(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s is %q: write a time as 2026-11-30T12:00:00Z, a day as 2026-11-30, or how long ago as 90m", flag, text)
}

// some is filter for commands that change something: without a filter they
// want to hear --all.
func (f *letterFlags) some(args []string, all bool) (*deadletter.Filter, error) {
	filter, err := f.filter(args)
	switch {
	case err != nil:
		return nil, err
	case filter.All() && !all:
		return nil, usageError{"say which letters: an id or a name, a filter, or --all"}
	case !filter.All() && all:
		return nil, usageError{"--all and a filter: write one of them"}
	}
	return filter, nil
}

// dir is the directory that the settings name; they need not be whole.
func (f *letterFlags) dir() (string, error) {
	settings, _, problems := f.p.read(f.cmd, f.file)
	if err := f.say(problems); err != nil {
		return "", err
	}
	return f.p.deadLetters(settings), nil
}

func (f *letterFlags) say(problems conf.Problems) error {
	fmt.Fprint(f.cmd.ErrOrStderr(), problems)
	if problems.Bad() {
		return errFound
	}
	return nil
}

func deadLettersDrop(p program) *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:   "drop [ID|NAME...]",
		Short: "Remove letters for good",
	}
	flags := newLetterFlags(p, cmd)
	cmd.Flags().BoolVar(&all, "all", false, "every letter")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		filter, err := flags.some(args, all)
		if err != nil {
			return err
		}
		dir, err := flags.dir()
		if err != nil {
			return err
		}
		var chosen []*deadletter.Entry
		err = deadletter.Scan(dir, func(e *deadletter.Entry) error {
			if filter.Match(e) {
				chosen = append(chosen, &deadletter.Entry{Segment: e.Segment, Line: e.Line})
			}
			return nil
		})
		if err := errors.Join(err, deadletter.Remove(dir, chosen)); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%d dropped\n", len(chosen))
		return nil
	}
	return cmd
}

func deadLettersReplay(p program) *cobra.Command {
	all, patience := false, time.Minute
	cmd := &cobra.Command{
		Use:   "replay [ID|NAME...]",
		Short: "Send letters again, with the ids they had",
		Long: `Send letters again to the output that refused them, with the ids they had: what
was stored after all is not stored twice. What the output takes is removed from
the dead letters; what it refuses again stays, and the exit status is 1.

This process sends by itself, with the settings' outputs; the agent may be
running or not. Replayed records are not part of the agent's accounts again.`,
	}
	flags := newLetterFlags(p, cmd)
	cmd.Flags().BoolVar(&all, "all", false, "every letter")
	cmd.Flags().DurationVar(&patience, "patience", patience, "how long one request is tried again while the output is busy or away")
	asJSON := formatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		inJSON, err := asJSON()
		if err != nil {
			return err
		}
		filter, err := flags.some(args, all)
		if err != nil {
			return err
		}
		settings, t, err := p.loadGood(cmd, flags.file)
		if err != nil {
			return err
		}
		sinks, free, problems := p.sinks(t, settings)
		defer free()
		if err := flags.say(problems); err != nil {
			return err
		}
		r := deadletter.Replay{
			Dir: p.deadLetters(settings), Sinks: sinks, Patience: patience,
			Tell: func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), clean(text)) },
		}
		outcome, err := r.Run(cmd.Context(), filter)
		printOutcome(cmd.OutOrStdout(), outcome, inJSON)
		if err == nil && !outcome.Whole() {
			return errFound
		}
		return err
	}
	return cmd
}
