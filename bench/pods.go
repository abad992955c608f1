package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"sluice/bench/proc"
	"sluice/bench/soak"
)

// runPods lets short-lived pods come and go under the agent, and then starts one
// beside files of a backlog.
func runPods(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("pods", flag.ContinueOnError)
	pods := fs.Int("pods", 5000, "pods; 0: none of this")
	length := fs.Duration("length", 150*time.Second, "their beginnings are spread over it")
	life := fs.Duration("life", 2*time.Second, "of a pod, in which it writes 20 lines; every tenth lives a tenth of it")
	backlog := fs.Int("backlog", 2000, "files with lines before the agent starts; 0: none of this")
	lines := fs.Int("lines", 500, "in each of them")
	binary := fs.String("binary", "bin/sluice", "the agent")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sluice-pods-")
	if err != nil {
		return err
	}
	whole := true
	cfg := func(part string) soak.Config {
		return soak.Config{Dir: filepath.Join(dir, part), Command: sluiceRun(*binary), Say: out}
	}
	if *pods > 0 {
		load := proc.Load()
		r, err := soak.Pods(ctx, soak.PodsConfig{Config: cfg("pods"), Pods: *pods, Lines: 20, Life: *life, Length: *length, Rest: time.Minute})
		if err != nil {
			return fmt.Errorf("pods (see %s): %w", dir, err)
		}
		fmt.Fprintf(out, "%d pods made and deleted in %v: %s; load average %.1f before, %.1f after\n", *pods, *length, r, load, proc.Load())
		whole = r.Whole()
	}
	if *backlog > 0 {
		load := proc.Load()
		r, err := soak.Backlog(ctx, soak.BacklogConfig{Config: cfg("backlog"), Backlog: *backlog, Lines: *lines})
		if err != nil {
			return fmt.Errorf("backlog (see %s): %w", dir, err)
		}
		fmt.Fprintf(out, "a start with %d files of %d lines: %s; load average %.1f before\n", *backlog, *lines, r, load)
		whole = whole && r.Whole()
	}
	if !whole {
		fmt.Fprintf(out, "the run's files are kept: %s\n", dir)
		return errFound
	}
	return os.RemoveAll(dir)
}
