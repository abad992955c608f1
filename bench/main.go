// Command bench measures the sluice binary as it ships, from outside: what it
// costs to bring a million records to Elasticsearch, how much memory it takes
// and how long a record is under way. It also holds the parts by themselves:
// generators of container files and of Forward traffic, a store that counts,
// and a verifier.
//
// Promise: agent, store and generator are processes of their own, and only the
// agent's CPU time is counted; beside each number stands how many records were
// lost and doubled, and the command fails when any was. Nothing of this is in
// the sluice binary.
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

// errFound ends a command that has said what it found.
var errFound = errors.New("found something")

// command is one subcommand.
type command struct {
	name, args, about string
	run               func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"run", "[-short]", "run all scenarios against bin/sluice; what bench does without a command", runAll},
		{"disk", "[-short]", "measure the disk buffer of bin/sluice beside the disk itself", runDisk},
		{"crowds", "[-short]", "measure what many connections cost bin/sluice", runCrowds},
		{"starved", "[-short]", "measure the memory of bin/sluice while its output takes less than it reads", runStarved},
		{"filters", "[-short] [-fluentd RUBY]", "measure filters by themselves, beside Fluentd's, and the start with a long configuration", runFilters},
		{"store", "", "serve the counting store until standard input ends", runStore},
		{"files", "-dir DIR", "write container files", runFiles},
		{"forward", "-addr HOST:PORT", "send Forward traffic", runForward},
		{"crowd", "-addr HOST:PORT", "open many Forward connections, print \"open\", hold them until standard input ends", runCrowd},
		{"soak", "[-length DURATION]", "let bin/sluice work through a day in minutes; print memory, goroutines, descriptors", runSoak},
		{"soak-kill", "[-n KILLS] [-seed N]", "kill bin/sluice, or with -disk cut its power, at random moments while its output fails; count what is lost or doubled", runSoakKill},
		{"storm", "[-length DURATION]", "rotate 10 files every 100 ms under bin/sluice, and kill it now and then; count what is lost, doubled or in pieces", runStorm},
		{"pods", "[-pods N] [-length DURATION]", "make and delete 5,000 short-lived pods under bin/sluice; and how soon is a new line there, with 2,000 files of backlog?", runPods},
		{"verify", "-store URL MANIFEST...", "compare a store with what generators made", runVerify},
	}
}

func main() {
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command line. The exit status is 0 done, 1 it failed or
// found something, 2 the command line was wrong.
func execute(args []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	name := "run"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		switch err := c.run(ctx, args, out); {
		case err == nil:
			return 0
		case errors.Is(err, errFound):
			return 1
		case errors.Is(err, flag.ErrHelp):
			return 2
		default:
			fmt.Fprintf(errOut, "bench: %v\n", err)
			return 1
		}
	}
	fmt.Fprintf(errOut, "bench: no command %q. There are:\n", name)
	for _, c := range commands() {
		fmt.Fprintf(errOut, "  bench %s %s\n\t%s\n", c.name, c.args, c.about)
	}
	return 2
}

// parse reads a command's flags; what is wrong has been said when it fails.
func parse(fs *flag.FlagSet, args []string, wantArgs bool) error {
	if err := fs.Parse(args); err != nil {
		return flag.ErrHelp
	}
	if !wantArgs && fs.NArg() > 0 {
		fmt.Fprintf(fs.Output(), "bench %s takes no argument %q\n", fs.Name(), fs.Arg(0))
		return flag.ErrHelp
	}
	return nil
}
