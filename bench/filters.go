package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sluice/bench/proc"
	"sluice/bench/report"
	"sluice/event"
	"sluice/forwarder/filter"
	"sluice/parser"
)

// What filters are held to.
const (
	overFluentd = 10.0 // times Fluentd's speed
	startLines  = 2000
	startTime   = 100 * time.Millisecond
)

// fluentdScript measures the same filters in Fluentd: ruby runs it, with
// Fluentd on its load path. It gets nothing and prints NAME NANOSECONDS.
//
//go:embed filters.rb
var fluentdScript []byte

// What the records of the filters' measurement are.
const (
	accessRecord = `{"message":"10.1.2.3 - - [02/Jan/2026:03:04:05 +0000] \"GET /api/v1/things/4711 HTTP/1.1\" 200 5120 \"-\" \"curl/8.5.0\"","stream":"stdout"}`
	jsonRecord   = `{"stream":"stdout","log":"{\"time\":\"2026-01-02T03:04:05.123456789Z\",\"level\":\"info\",\"msg\":\"request served\",\"status\":200,\"took\":0.031,\"peer\":{\"ip\":\"10.1.2.3\"}}"}`
	accessLine   = `/^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")?$/`
)

// filterCase is one filter and what it works on.
type filterCase struct {
	name, what, record string
	make               func() (interface{ Apply(*event.Batch) }, error)
}

func filterCases() []filterCase {
	return []filterCase{
		{"grep", "grep, one pattern", accessRecord, func() (interface{ Apply(*event.Batch) }, error) {
			return filter.NewGrep(filter.GrepConfig{Regexp: []filter.Match{{Key: "message", Pattern: `/GET .* HTTP/`}}})
		}},
		{"record_transformer", "record_transformer, 3 static and 2 computed fields", accessRecord, func() (interface{ Apply(*event.Batch) }, error) {
			cfg := filter.DefaultRecordTransformerConfig()
			cfg.EnableRuby = true
			cfg.Record = []event.Pair{
				{Name: "env", Value: "prod"},
				{Name: "team", Value: "shop"},
				{Name: "cluster", Value: "blue"},
				{Name: "source", Value: `${record["stream"].upcase}`},
				{Name: "size", Value: `${record["message"].length > 100 ? "long" : "short"}`},
			}
			return filter.NewRecordTransformer(cfg)
		}},
		{"parser_regexp", "parser regexp, an access line with its time", accessRecord, func() (interface{ Apply(*event.Batch) }, error) {
			cfg := filter.DefaultParserConfig()
			cfg.KeyName, cfg.Parse.Type, cfg.Parse.Expression, cfg.Parse.TimeFormat = "message", "regexp", accessLine, "%d/%b/%Y:%H:%M:%S %z"
			return filter.NewParser(cfg)
		}},
		{"parser_json", "parser json", jsonRecord, func() (interface{ Apply(*event.Batch) }, error) {
			cfg := filter.DefaultParserConfig()
			cfg.KeyName, cfg.Parse.Type, cfg.Parse.TimeType, cfg.Parse.TimeFormat = "log", "json", "string", "%Y-%m-%dT%H:%M:%S.%N%z"
			return filter.NewParser(cfg)
		}},
		{"redact", "redact, all detectors, nothing found", accessRecord, func() (interface{ Apply(*event.Batch) }, error) {
			return filter.NewRedact(filter.DefaultRedactConfig())
		}},
	}
}

func runFilters(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("filters", flag.ContinueOnError)
	short := fs.Bool("short", false, "small runs; writes nothing")
	binary := fs.String("sluice", "bin/sluice", "the binary whose start is measured")
	results := fs.String("results", "bench/results", "directory for the results as JSON")
	page := fs.String("page", "docs/performance.md", "page whose table is replaced")
	ruby := fs.String("fluentd", os.Getenv("FLUENTD"), "how to run Ruby with Fluentd on its load path: \"ruby -I DIR ...\"; empty: it is not measured beside")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	found := report.FilterChecks(origin(ctx, *binary))
	rounds := 10
	if *short {
		rounds = 1
	}
	theirs, err := fluentdTimes(ctx, *ruby)
	if err != nil {
		return err
	}
	for _, c := range filterCases() {
		f, err := c.make()
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		ns, allocs, err := measureFilter(f, c.record, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		made, _, err := measureFilter(nothing{}, c.record, rounds)
		if err != nil {
			return err
		}
		ns -= made
		row := report.Check{What: c.what, Measured: fmt.Sprintf("%.0f ns, %.2f allocations", ns, allocs), Missed: allocs >= 0.01, Target: "0 allocations"}
		if t := theirs[c.name]; t > 0 {
			row.Beside, row.Target = fmt.Sprintf("%.0f ns (%.0f times)", t, t/ns), fmt.Sprintf("0 allocations, %.0f times", overFluentd)
			row.Missed = row.Missed || t/ns < overFluentd
		}
		found.Rows = append(found.Rows, row)
	}
	if err := startOf(ctx, found, *binary, rounds); err != nil {
		return err
	}
	return conclude(out, found, !*short, *results, *page)
}

// nothing is a filter that does nothing: what is left is what makes the batches.
type nothing struct{}

// Apply does nothing.
func (nothing) Apply(*event.Batch) {}

// measureFilter is the CPU time that a record takes in a batch of 500, the
// least of some rounds, and the allocations. What makes the batch anew each
// time, a copy of its fields, is part of it.
func measureFilter(f interface{ Apply(*event.Batch) }, record string, rounds int) (ns, allocs float64, err error) {
	const records, batches = 500, 200
	b := &event.Batch{Tag: "kubernetes.var.log.app"}
	b.Begin(event.Record{Time: event.Time{Sec: 1767323045}, Weight: 1})
	if !parser.ParseObject(b, 0, b.PutString(record, event.Text), "") {
		return 0, 0, fmt.Errorf("no record: %s", record)
	}
	first := append([]event.Field(nil), b.FieldsOf(0)...)
	arena := append(make([]byte, 0, 4<<20), b.Arena...)
	turn := func() {
		b.Reset(arena)
		for range records {
			b.Begin(event.Record{Time: event.Time{Sec: 1767323045}, Weight: 1})
			for _, field := range first {
				b.Add(field.Key, field.Val)
			}
		}
		f.Apply(b)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range 10 {
		turn()
	}
	if w := b.Weight(event.Live); w != records {
		return 0, 0, fmt.Errorf("%d of %d records are left", w, records)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		start := threadTime()
		for range batches {
			turn()
		}
		if d := float64(threadTime()-start) / (records * batches); ns == 0 || d < ns {
			ns = d
		}
	}
	runtime.ReadMemStats(&after)
	return ns, float64(after.Mallocs-before.Mallocs) / float64(rounds*batches*records), nil
}

// threadTime is the CPU time of this thread so far.
func threadTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fluentdTimes runs Fluentd's filters.
func fluentdTimes(ctx context.Context, ruby string) (map[string]float64, error) {
	words := strings.Fields(ruby)
	if len(words) == 0 {
		return nil, nil
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], "-")...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(fluentdScript), os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot measure Fluentd: %w", err)
	}
	times := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, ns, _ := strings.Cut(strings.TrimSpace(line), " ")
		if times[name], err = strconv.ParseFloat(ns, 64); err != nil {
			return nil, fmt.Errorf("cannot read what Fluentd's measurement says: %q", line)
		}
	}
	return times, nil
}

// startOf measures how long the binary takes to read a long configuration and
// to make all its parts.
func startOf(ctx context.Context, found *report.Checks, binary string, rounds int) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "fluent.conf")
	if err := os.WriteFile(file, longConf(), 0o600); err != nil {
		return err
	}
	var wall time.Duration
	var cpu proc.CPU
	for range rounds {
		start := time.Now()
		cmd := exec.CommandContext(ctx, binary, "check", file)
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot check the long configuration: %w\n%s", err, text)
		}
		if d := time.Since(start); wall == 0 || d < wall {
			wall, cpu = d, proc.CPU{User: cmd.ProcessState.UserTime(), System: cmd.ProcessState.SystemTime()}
		}
	}
	found.Rows = append(found.Rows, report.Check{
		What:     fmt.Sprintf("a configuration of %d lines, 200 matches: from the process's start until all parts are made", bytes.Count(longConf(), []byte("\n"))),
		Measured: fmt.Sprintf("%s, %s of CPU", ms(wall), ms(cpu.Total())), Target: "at most " + ms(startTime), Missed: wall > startTime,
	})
	return nil
}

// longConf is a fluent.conf of about startLines lines.
func longConf() []byte {
	var b bytes.Buffer
	b.WriteString("<source>\n  @type forward\n  port 24224\n</source>\n")
	for i := 0; bytes.Count(b.Bytes(), []byte("\n")) < startLines; i++ {
		fmt.Fprintf(&b, "<filter app%[1]d.**>\n  @type record_transformer\n  <record>\n    team ${tag_parts[1]}\n  </record>\n</filter>\n<match app%[1]d.** svc%[1]d.{a,b}>\n  @type null\n</match>\n", i)
	}
	return b.Bytes()
}
