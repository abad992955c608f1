package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"sluice/bench/report"
)

// What the disk buffer is held to. Where a figure depends on the disk, the disk
// is measured in the same run.
const (
	diskCPU      = 2.5     // CPU seconds per million records, forward packed with ack
	diskShare    = 0.5     // of the disk's own sequential bytes a second
	diskAck      = 3.0     // fsyncs in the 99th percentile of acknowledgements
	diskSerial   = 0.5     // messages in the time of an fsync, of one client
	drainRate    = 100_000 // records a second: five times an ordinary busy node's
	drainGrowth  = 20 << 20
	messageRate  = 1000 // a second, with ack
	messageConns = 100
)

// diskOptions are the flags of bench disk.
type diskOptions struct {
	short                        bool
	records                      int64
	length                       time.Duration
	only                         string
	binary, results, page, where string
}

func (o *diskOptions) parse(args []string) error {
	fs := flag.NewFlagSet("disk", flag.ContinueOnError)
	fs.BoolVar(&o.short, "short", false, "small runs; writes nothing")
	fs.Int64Var(&o.records, "records", 4_000_000, "records that an outage leaves on the disk, about 650 bytes each")
	fs.DurationVar(&o.length, "length", 15*time.Second, "how long messages are sent for")
	fs.StringVar(&o.only, "only", "", "regular expression: only parts whose name it matches (packed, healthy, messages, outage); writes nothing")
	fs.StringVar(&o.binary, "sluice", "bin/sluice", "the binary to measure")
	fs.StringVar(&o.results, "results", "bench/results", "directory for the results as JSON")
	fs.StringVar(&o.page, "page", "docs/performance.md", "page whose table is replaced")
	fs.StringVar(&o.where, "tmp", "", "a directory on the disk to measure")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	if o.short {
		o.records, o.length = min(o.records, 100_000), min(o.length, time.Second)
	}
	return nil
}

// diskBench measures the disk buffer, part by part.
type diskBench struct {
	*runner
	o     diskOptions
	found *report.Checks
}

func runDisk(ctx context.Context, args []string, out io.Writer) error {
	var o diskOptions
	if err := o.parse(args); err != nil {
		return err
	}
	only, err := regexp.Compile(o.only)
	if err != nil {
		return fmt.Errorf("cannot read -only: %w", err)
	}
	r, err := newRunner(o.binary, o.where)
	if err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	b := &diskBench{runner: r, o: o, found: report.DiskChecks(origin(ctx, r.binary))}
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{{"packed", b.packed}, {"healthy", b.healthy}, {"messages", b.messages}, {"outage", b.outage}} {
		if !only.MatchString(part.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "disk: %s\n", part.name)
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return conclude(out, b.found, !o.short && o.only == "", o.results, o.page)
}

// row adds a result; missed says that it is not what it should be.
func (b *diskBench) row(what, measured, disk, target string, missed bool) {
	b.found.Rows = append(b.found.Rows, report.Check{What: what, Measured: measured, Beside: disk, Target: target, Missed: missed})
}

// count adds what a run lost and doubled.
func (b *diskBench) count(lost, doubled, strange int64) {
	b.found.Lost += lost
	b.found.Doubled += doubled + strange
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func mb(bytes float64) string { return fmt.Sprintf("%.0f MB", bytes/1e6) }
