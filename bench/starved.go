package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"sluice/bench/load"
	"sluice/bench/report"
	"sluice/sink/elastictest"
)

// troubles are what an output may do while it should take what the agent reads.
var troubles = map[string]elastictest.Fault{
	"busy":   {Kind: elastictest.Refuse, Status: http.StatusTooManyRequests},
	"slow":   {Delay: 3 * time.Second},
	"silent": {Kind: elastictest.Silence, Hold: 10 * time.Second},
}

// troubleWords are for the table.
var troubleWords = map[string]string{
	"": "no trouble", "busy": "429 to all", "slow": "3 s for a request", "silent": "no answer, after 10 s the connection is closed",
}

func troubleNames() string {
	var names []string
	for name := range troubles {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// What an agent with the default memory_limit, 64 MiB, is held to while its
// output takes little, and when it takes everything again: see
// docs/operations.md, Memory.
const (
	starvedLimit = 64 << 20
	starvedRSS   = 2*starvedLimit + 30_000_000
	starvedFor   = 15 * time.Second
)

// runStarved measures the memory of an agent that reads faster than its output
// takes.
func runStarved(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("starved", flag.ContinueOnError)
	short := fs.Bool("short", false, "small runs; writes nothing")
	records := fs.Int64("records", 500_000, "records of each run")
	only := fs.String("only", "", "regular expression: only loads whose name it matches (starved-tail-auto-busy); writes nothing")
	binary := fs.String("sluice", "bin/sluice", "the binary to measure")
	results := fs.String("results", "bench/results", "directory for the results as JSON")
	page := fs.String("page", "docs/performance.md", "page whose table is replaced")
	profiles := fs.String("profile", "", "directory for the agent's heap at the highest RSS; writes nothing else")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("cannot read -only: %w", err)
	}
	r, err := newRunner(*binary, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	r.profiles = *profiles
	length := starvedFor
	if *short {
		*records, length = 50_000, time.Second
	}
	found := report.StarvedChecks(origin(ctx, r.binary))
	for _, s := range starved(*records, length) {
		if !match.MatchString(s.name) {
			continue
		}
		if err := r.starve(ctx, found, s); err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
	}
	return conclude(out, found, !*short && *only == "" && *profiles == "", *results, *page)
}

// starved lists the loads: what stands still in files, and what clients send,
// compressed as bulk requests are by default.
func starved(records int64, length time.Duration) (list []scenario) {
	tail := scenario{name: "starved-tail", title: "tail 10 files, full metadata", files: 10, metadata: true}
	forward := scenario{name: "starved-forward", title: "forward packed, ack", mode: load.Packed, ack: true}
	for _, from := range []struct {
		scenario
		buffer string
	}{{tail, "auto"}, {tail, memory}, {forward, "auto"}} {
		for _, trouble := range []string{"", "busy", "slow", "silent"} {
			s := from.scenario
			s.name += "-" + from.buffer + "-" + cmp.Or(trouble, "none")
			s.title = fmt.Sprintf("%s, buffer `%s`: %s", s.title, from.buffer, troubleWords[trouble])
			s.buffer, s.trouble, s.troubled, s.peak, s.gzip, s.records = from.buffer, trouble, length, true, true, records
			list = append(list, s)
		}
	}
	return list
}

func (r *runner) starve(ctx context.Context, found *report.Checks, s scenario) error {
	if err := r.backlog(ctx, s); err != nil {
		return err
	}
	p := newProgress(os.Stderr, s.title, s.records)
	defer p.end()
	m, err := r.measure(ctx, s, p)
	if err != nil {
		return err
	}
	found.Lost, found.Doubled = found.Lost+m.Lost, found.Doubled+m.Doubled+m.Strange
	found.Rows = append(found.Rows, report.Check{
		What: s.title, Measured: mb(float64(m.RSSMax)), Target: "at most " + mb(starvedRSS), Missed: m.RSSMax > starvedRSS,
		Beside: fmt.Sprintf("%s, %s", mb(m.HeapAtMax), mb(m.BudgetAtMax)),
	})
	return nil
}

// storeArgs are those of bench store.
func (s scenario) storeArgs() []string {
	if s.trouble == "" {
		return nil
	}
	return []string{"-trouble", s.trouble, "-for", s.troubled.String()}
}
