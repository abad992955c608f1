package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sluice/bench/soak"
	"sluice/conf"
	"sluice/forwarder/catalog"
)

// inputsOf are the combinations of inputs that soak-kill knows.
var inputsOf = []string{"tail", "forward", "both"}

// bufferTypes are the types that a buffer may have.
func bufferTypes() []string {
	for _, s := range conf.Settings(catalog.Default()) {
		if s.Name == "buffer.type" {
			return s.OneOf
		}
	}
	panic("BUG: there is no setting buffer.type")
}

// runSoakKill kills the agent at random moments, for each combination of
// inputs and buffer, and reports what was lost and doubled.
func runSoakKill(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("soak-kill", flag.ContinueOnError)
	kills := fs.Int("n", 1000, "kills of each combination")
	rate := fs.Int("rate", 20_000, "lines a second, and as many forward records, at most")
	seed := fs.Uint64("seed", uint64(time.Now().UnixNano()), "of the plan")
	inputs := fs.String("inputs", strings.Join(inputsOf, ","), "which combinations of inputs")
	buffers := fs.String("buffers", strings.Join(bufferTypes(), ","), "which types of buffer")
	binary := fs.String("binary", "bin/sluice", "the agent")
	life := fs.Duration("life", 3*time.Second, "a life lasts a random part of it, from when it is ready")
	disk := fs.String("disk", "", "bench/powerdisk: it holds the agent's data, and loses power at each kill")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	for _, name := range strings.Split(*inputs, ",") {
		if !slices.Contains(inputsOf, name) {
			return fmt.Errorf("-inputs %q is none of %q", name, inputsOf)
		}
	}
	fmt.Fprintf(out, "soak-kill -n %d -seed %d\n", *kills, *seed)
	whole := true
	for _, buffer := range strings.Split(*buffers, ",") {
		for _, name := range strings.Split(*inputs, ",") {
			ok, err := soakKill(ctx, out, soak.KillConfig{Config: soak.Config{
				Command: sluiceRun(*binary), Buffer: buffer, Tail: name != "forward", Forward: name != "tail",
				Rate: *rate, Behind: 200_000, Seed: *seed, Say: out,
			}, Kills: *kills, Life: *life}, name, *disk)
			if errors.Is(err, soak.ErrNoFUSE) {
				fmt.Fprintf(out, "SKIP: %v\n", err)
				return nil
			}
			if err != nil {
				return err
			}
			whole = whole && ok
		}
	}
	if !whole {
		return errFound
	}
	return nil
}

// sluiceRun starts the binary with a settings file.
func sluiceRun(binary string) func(settings string) *exec.Cmd {
	return func(settings string) *exec.Cmd { return exec.Command(binary, "run", "--config", settings) }
}

// soakKill does one combination; what it leaves in its directory is kept when
// something was found.
func soakKill(ctx context.Context, out io.Writer, cfg soak.KillConfig, inputs, disk string) (whole bool, err error) {
	if cfg.Dir, err = os.MkdirTemp("", "sluice-soak-"); err != nil {
		return false, err
	}
	r, err := killOn(ctx, cfg, disk)
	if errors.Is(err, soak.ErrNoFUSE) {
		return false, errors.Join(err, os.RemoveAll(cfg.Dir))
	}
	if err != nil {
		return false, fmt.Errorf("%s, buffer %s (see %s): %w", inputs, cfg.Buffer, cfg.Dir, err)
	}
	fmt.Fprintf(out, "%-7s buffer=%-6s seed=%d %s\n", inputs, cfg.Buffer, cfg.Seed, r)
	if !r.Whole() {
		fmt.Fprintf(out, "  the run's files are kept: %s\n", filepath.Join(cfg.Dir, "agent.log"))
		return false, nil
	}
	return true, os.RemoveAll(cfg.Dir)
}

// killOn does it with the data on the disk that a program makes, if there is one.
func killOn(ctx context.Context, cfg soak.KillConfig, disk string) (r *soak.Result, err error) {
	if disk == "" {
		return soak.Kill(ctx, cfg)
	}
	dir := filepath.Join(cfg.Dir, "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	cuts, err := os.Create(filepath.Join(cfg.Dir, "cuts.log"))
	if err != nil {
		return nil, err
	}
	defer cuts.Close()
	if cfg.Disk, err = soak.StartPowerDisk(disk, dir, cuts); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cfg.Disk.Close()) }()
	return soak.Kill(ctx, cfg)
}

// runSoak lets the agent work through a day in minutes, and reports what it
// held meanwhile.
func runSoak(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("soak", flag.ContinueOnError)
	length := fs.Duration("length", 12*time.Minute, "of the day")
	days := fs.Int("days", 1, "days in a row")
	rate := fs.Int("rate", 5000, "lines a second, and as many forward records, in the busiest hours")
	seed := fs.Uint64("seed", uint64(time.Now().UnixNano()), "of the plan")
	buffers := fs.String("buffers", catalog.Default().Buffer.Type, "which types of buffer")
	binary := fs.String("binary", "bin/sluice", "the agent")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	whole := true
	for _, buffer := range strings.Split(*buffers, ",") {
		dir, err := os.MkdirTemp("", "sluice-soak-")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "soak: %d days, each in %v, buffer=%s seed=%d\n", *days, *length, buffer, *seed)
		d, err := soak.RunDay(ctx, soak.DayConfig{Config: soak.Config{
			Dir: dir, Command: sluiceRun(*binary), Buffer: buffer, Tail: true, Forward: true,
			Rate: *rate, Behind: 1 << 40, Seed: *seed, Say: out,
		}, Length: *length, Days: max(*days, 1)})
		if err != nil {
			return fmt.Errorf("buffer %s (see %s): %w", buffer, dir, err)
		}
		fmt.Fprint(out, d)
		if leaks := d.Leaks(); leaks != "" || !d.Whole() {
			fmt.Fprintf(out, "FOUND %s (the run's files are kept: %s)\n", leaks, dir)
			whole = false
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if !whole {
		return errFound
	}
	return nil
}
