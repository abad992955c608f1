package main

import (
	"context"
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
			}, Kills: *kills, Life: *life}, name)
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
func soakKill(ctx context.Context, out io.Writer, cfg soak.KillConfig, inputs string) (whole bool, err error) {
	if cfg.Dir, err = os.MkdirTemp("", "sluice-soak-"); err != nil {
		return false, err
	}
	r, err := soak.Kill(ctx, cfg)
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
