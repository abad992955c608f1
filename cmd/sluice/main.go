// Command sluice collects logs and brings them to Elasticsearch.
//
// Promise: this package is subcommands, flags and signals, nothing else. What
// a script reads goes to standard output, everything else to standard error;
// the exit status is 0 done, 1 it failed or found something, 2 the command
// line was wrong.
package main

import (
	"context"
	"log/slog"
	"os"

	_ "golang.org/x/crypto/x509roots/fallback" // an image from scratch has no other authorities

	"sluice/conf"
	"sluice/forwarder/deadletter"
	"sluice/logging"
	"sluice/pipetest"
)

// Stamped by the linker: -X main.version=... -X main.commit=...
var version, commit string

// program is what the subcommands work on. settings is what defaults returned,
// filled in by conf.Load.
type program struct {
	defaults func() any
	// file is read where no file is named, if it is there.
	file string
	// env and envDefaults are conf.LoadOptions' Env and EnvDefaults.
	env, envDefaults map[string]string
	// flags are the settings that have a flag, with their help text.
	flags map[string]string
	// logging returns how the settings want the program to log.
	logging func(settings any) logging.Config
	// tree makes what a file in Fluentd's language says the settings' pipeline;
	// nil: no such file can be used.
	tree func(settings any, root *conf.Element) conf.Problems
	// check finds what is wrong beyond names, kinds and units; it starts nothing.
	check func(t *conf.Tree, settings any) conf.Problems
	// connect reaches the outputs; nil: it cannot be asked for.
	connect func(ctx context.Context, t *conf.Tree, settings any) conf.Problems
	// test runs the pipeline tests of a directory with settings that were read
	// and not checked.
	test func(ctx context.Context, dir string, t *conf.Tree, settings any, update bool) (*pipetest.Report, conf.Problems, error)
	// dataDir returns the data directory.
	dataDir func(settings any) string
	// deadLetters returns the directory of the dead letters.
	deadLetters func(settings any) string
	// sinks makes the outputs, by name; nothing is connected yet.
	sinks func(t *conf.Tree, settings any) (sinks map[string]deadletter.Sink, free func(), problems conf.Problems)
	// run runs until ctx ends; it returns nil when everything stopped in order,
	// notStarted when it could not begin. It may be called again when it ended.
	run func(ctx context.Context, settings any, log *slog.Logger) error
}

func main() {
	os.Exit(execute(sluice(), os.Args[1:], os.Stdout, os.Stderr))
}
