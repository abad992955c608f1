package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"sluice/bench/load"
	"sluice/bench/proc"
	"sluice/bench/report"
)

// options are the flags of bench run.
type options struct {
	short   bool
	runs    int
	records int64
	steady  time.Duration
	only    string
	binary  string
	results string
	page    string
	plot    string
	tmp     string
	profile string
}

func (o *options) parse(args []string) error {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	fs.BoolVar(&o.short, "short", false, "one small run of each scenario; writes nothing")
	fs.IntVar(&o.runs, "runs", 3, "runs of each scenario")
	fs.Int64Var(&o.records, "records", 1_000_000, "records of a run, unless at a steady rate")
	fs.DurationVar(&o.steady, "steady", 12*time.Second, "how long the runs at a steady rate last")
	fs.StringVar(&o.only, "only", "", "regular expression: only scenarios whose name it matches; writes nothing")
	fs.StringVar(&o.binary, "sluice", "bin/sluice", "the binary to measure")
	fs.StringVar(&o.results, "results", "bench/results", "directory for the results as JSON")
	fs.StringVar(&o.page, "page", "docs/performance.md", "page whose table is replaced")
	fs.StringVar(&o.plot, "plot", "docs/performance.svg", "picture")
	fs.StringVar(&o.tmp, "tmp", "", "where to put log files and data directories meanwhile; about 400 MB per million records")
	fs.StringVar(&o.profile, "profile", "", "directory for the agent's CPU profiles, one a second, and where it allocated; writes nothing else")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if o.short {
		o.runs, o.records, o.steady = 1, min(o.records, 50_000), min(o.steady, time.Second)
	}
	return nil
}

func runAll(ctx context.Context, args []string, out io.Writer) error {
	var o options
	if err := o.parse(args); err != nil {
		return err
	}
	only, err := regexp.Compile(o.only)
	if err != nil {
		return fmt.Errorf("cannot read -only: %w", err)
	}
	r, err := newRunner(o.binary, o.tmp)
	if err != nil {
		return err
	}
	r.profiles = o.profile
	defer os.RemoveAll(r.dir)
	results := &report.Results{Origin: origin(ctx, r.binary)}
	var todo []scenario
	for _, s := range scenarios(sizes{o.records, o.steady}) {
		if only.MatchString(s.name) {
			todo = append(todo, s)
			results.Scenarios = append(results.Scenarios, report.Scenario{Name: s.name, Title: s.title, Target: s.target, Goal: s.goal, RSSTarget: s.rssTarget})
		}
	}
	for run := range o.runs { // in turn: what else the machine does meets all alike
		for i, s := range todo {
			r.run(ctx, s, &results.Scenarios[i], fmt.Sprintf("%s, run %d of %d", s.title, run+1, o.runs))
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	if err := results.Table(out); err != nil {
		return err
	}
	if !o.short && o.only == "" && o.profile == "" {
		if err := o.write(results); err != nil {
			return err
		}
	}
	if !results.Whole() {
		return errFound
	}
	return nil
}

// newRunner makes a runner with a directory below tmp, which its user removes.
func newRunner(binary, tmp string) (r *runner, err error) {
	r = &runner{files: map[int]*load.Files{}}
	if r.binary, err = filepath.Abs(binary); err != nil {
		return nil, err
	}
	if r.self, err = os.Executable(); err != nil {
		return nil, err
	}
	r.dir, err = os.MkdirTemp(tmp, "bench-")
	return r, err
}

// run makes a run of a scenario, unless one before it failed.
func (r *runner) run(ctx context.Context, s scenario, to *report.Scenario, title string) {
	if to.Failed != "" {
		return
	}
	m, err := report.Run{}, r.backlog(ctx, s)
	if err == nil {
		p := newProgress(os.Stderr, title, s.records)
		m, err = r.measure(ctx, s, p)
		p.end()
	}
	if err != nil {
		to.Failed = err.Error()
		fmt.Fprintf(os.Stderr, "%s: %v\n", title, err)
		return
	}
	fmt.Fprintf(os.Stderr, "%s: %.2f CPU s/M, %s records/s, lost %d doubled %d\n", title, m.CPU, thousands(int64(m.Rate)), m.Lost, m.Doubled)
	to.Runs = append(to.Runs, m)
}

func (o *options) write(results *report.Results) error {
	path, err := results.Save(o.results)
	if err != nil {
		return fmt.Errorf("cannot keep the results: %w", err)
	}
	if err := results.WritePlot(o.plot); err != nil {
		return fmt.Errorf("cannot draw the results: %w", err)
	}
	if err := results.WritePage(o.page); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "written: %s, %s, %s\n", path, o.page, o.plot)
	return nil
}

// origin describes what is measured here and now.
func origin(ctx context.Context, binary string) report.Origin {
	return report.Origin{Date: time.Now().UTC(), Machine: proc.ThisMachine(), Version: versionOf(ctx, binary), Load: proc.Load()}
}

// versionOf is what the binary says of itself.
func versionOf(ctx context.Context, binary string) string {
	out, err := exec.CommandContext(ctx, binary, "--version").Output()
	if err != nil {
		return "of unknown version"
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), " (") // the rest is commit and Go version
	return strings.TrimPrefix(line, "sluice ")
}
