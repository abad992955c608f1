package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"sluice/bench/soak"
)

// runStorm rotates files under the agent, once with it up and once with kills.
func runStorm(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("storm", flag.ContinueOnError)
	files := fs.Int("files", 10, "files")
	every := fs.Duration("every", 100*time.Millisecond, "each is rotated so often")
	length := fs.Duration("length", time.Minute, "of each of the two runs")
	life := fs.Duration("life", 6*time.Second, "with kills, a life lasts from a quarter of it to a quarter more")
	seed := fs.Uint64("seed", uint64(time.Now().UnixNano()), "of the plan")
	binary := fs.String("binary", "bin/sluice", "the agent")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	whole := true
	for _, life := range []time.Duration{0, *life} {
		dir, err := os.MkdirTemp("", "sluice-storm-")
		if err != nil {
			return err
		}
		r, err := soak.Storm(ctx, soak.StormConfig{Config: soak.Config{
			Dir: dir, Command: sluiceRun(*binary), Buffer: "memory", Tail: true, Files: *files, Seed: *seed, Say: out,
		}, Every: *every, Length: *length, Life: life})
		if err != nil {
			return fmt.Errorf("storm (see %s): %w", dir, err)
		}
		fmt.Fprintf(out, "storm of %d files, each rotated every %v, seed=%d: %s\n", *files, *every, *seed, r.Storm())
		if !r.Verdict.Whole() || r.Lost+r.Dead > 0 {
			fmt.Fprintf(out, "  the run's files are kept: %s\n", dir)
			whole = false
		} else if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if !whole {
		return errFound
	}
	return nil
}
