// Command sluice-dev is for trying Sluice out: the agent, two sample
// applications that log through it, a small store in memory and a page to search
// that. Promise: everything listens on loopback only; standard output gets one
// line, the page's URL; what it put on disk is gone after a clean end, unless
// --data-dir was given. Nothing of it is part of sluice.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Set by the linker.
var version, commit = "dev", ""

const usage = `Usage: sluice-dev [flags]

Runs the agent, sample applications and a store in memory, and prints the URL of
a page to search the logs. With ELASTICSEARCH_URL set the logs go there instead.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends at once
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command runs the program and returns its exit status: 0 done, 1 it failed,
// 2 the command line was wrong.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := options{ElasticsearchURL: os.Getenv("ELASTICSEARCH_URL")}
	flags := flag.NewFlagSet("sluice-dev", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "`address` of the page; a free port if it is in use")
	flags.StringVar(&o.DataDir, "data-dir", "", "`folder` that stays, instead of one in the user's cache folder that is removed at the end")
	flags.Float64Var(&o.Rate, "rate", 20, "lines a second of the sample applications together; 0: none")
	flags.Uint64Var(&o.Seed, "seed", 1, "what the sample applications log; the same `number` makes the same logs")
	showVersion := flags.Bool("version", false, "print the version and end")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "sluice-dev: %q is not expected; it takes flags only\n", flags.Arg(0))
		return 2
	case *showVersion:
		fmt.Fprintln(stdout, "sluice-dev", version, commit)
		return 0
	}
	if err := run(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "sluice-dev:", err)
		return 1
	}
	return 0
}
