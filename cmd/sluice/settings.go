package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"sluice/conf"
)

// settingsFlags adds the flags of settings.
func settingsFlags(cmd *cobra.Command, p program) {
	conf.AddFlags(cmd.Flags(), p.defaults(), p.flags)
	for _, s := range conf.Settings(p.defaults()) {
		if s.OneOf != nil && cmd.Flags().Lookup(s.Flag) != nil {
			_ = cmd.RegisterFlagCompletionFunc(s.Flag, cobra.FixedCompletions(s.OneOf, cobra.ShellCompDirectiveNoFileComp))
		}
	}
}

// load reads the settings for cmd: from file, or where that is empty from the
// usual place, if there is one; with the environment and cmd's flags.
func (p program) load(cmd *cobra.Command, file string) (settings any, t *conf.Tree, problems conf.Problems) {
	settings, t, problems = p.read(cmd, file)
	if !problems.Bad() {
		problems = append(problems, p.check(t, settings)...)
		problems.Sort()
	}
	return settings, t, problems
}

// read is load without the check beyond names, kinds and units.
func (p program) read(cmd *cobra.Command, file string) (settings any, t *conf.Tree, problems conf.Problems) {
	if file == "" {
		// What is there but cannot be read is reported by Load.
		if _, err := os.Stat(p.file); !errors.Is(err, fs.ErrNotExist) {
			file = p.file
		}
	}
	settings = p.defaults()
	t, problems = conf.Load(conf.LoadOptions{File: file, Schema: settings, Env: p.env, EnvDefaults: p.envDefaults, Flags: cmd.Flags()})
	return settings, t, problems
}

// loadGood is load for commands that go on only with settings that are good:
// it reports what is wrong, and fails if that refuses them.
func (p program) loadGood(cmd *cobra.Command, file string) (any, *conf.Tree, error) {
	settings, t, problems := p.load(cmd, file)
	fmt.Fprint(cmd.ErrOrStderr(), problems)
	if problems.Bad() {
		return nil, nil, errFound
	}
	return settings, t, nil
}
