package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"sluice/conf"
	"sluice/conf/fluent"
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
	root, _, problems := parseFluentd(file, "0")
	if root != nil && p.tree != nil {
		if problems.Bad() {
			return settings, &conf.Tree{Root: root}, problems
		}
		problems = append(problems, p.tree(settings, root)...)
		file = "" // the environment and the flags are laid over it
	}
	t, found := conf.Load(conf.LoadOptions{File: file, Schema: settings, Env: p.env, EnvDefaults: p.envDefaults, Flags: cmd.Flags()})
	return settings, t, append(problems, found...)
}

// parseFluentd reads a file that is written in one of Fluentd's languages;
// root is nil when it is not. worker is what worker_id stands for.
func parseFluentd(file, worker string) (root *conf.Element, syntax fluent.Syntax, problems conf.Problems) {
	if file == "" {
		return nil, fluent.Settings, nil
	}
	data, err := os.ReadFile(file)
	if err == nil {
		syntax = fluent.Detect(data)
	}
	if syntax == fluent.Settings { // conf.Load reports what cannot be read
		return nil, syntax, nil
	}
	root, problems = fluent.Parse(file, data, fluent.Options{Worker: worker})
	return root, syntax, problems
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
