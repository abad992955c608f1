package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"sluice/bench/load"
	"sluice/bench/proc"
	"sluice/bench/report"
	"sluice/bench/tally"
)

// runCrowd holds many connections open until its standard input ends.
func runCrowd(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("crowd", flag.ContinueOnError)
	c := load.CrowdConfig{}
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:24224", "host:port of the server")
	fs.IntVar(&c.Connections, "connections", 10_000, "connections")
	fs.BoolVar(&c.Slow, "slow", false, "begin frames and send a byte a second; else: one event with an ack, then silence")
	fs.IntVar(&c.Stream, "stream", 0, "number of the events' stream")
	manifest := fs.String("manifest", "", "file to write what was acknowledged into, for verify")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	ctx, cancel := untilInputEnds(ctx)
	defer cancel()
	var failed error
	err := load.Crowd(ctx, c, func(made int64) {
		sent := make([]int64, c.Stream+1)
		sent[c.Stream] = made
		failed = writeManifest(*manifest, sent)
		fmt.Fprintln(out, "open")
	})
	if err != nil {
		return err
	}
	return failed
}

// What many connections are held to.
const (
	idleConns  = 10_000
	idleRSS    = 150_000_000 // bytes
	slowConns  = 1000
	slowGrowth = 16 << 20 // bytes
	slowRate   = 5000     // messages a second of the others
)

// settled is how long after the last event idle connections are looked at: a
// connection gives back what only a busy one needs after five seconds.
const settled = 8 * time.Second

// runCrowds measures what connections cost that are there and do little.
func runCrowds(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("crowds", flag.ContinueOnError)
	short := fs.Bool("short", false, "small runs; writes nothing")
	binary := fs.String("sluice", "bin/sluice", "the binary to measure")
	results := fs.String("results", "bench/results", "directory for the results as JSON")
	page := fs.String("page", "docs/performance.md", "page whose table is replaced")
	profiles := fs.String("profile", "", "directory for the agent's profiles beside slow connections; writes nothing else")
	if err := parse(fs, args, false); err != nil {
		return err
	}
	r, err := newRunner(*binary, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	r.profiles = *profiles
	found := report.CrowdChecks(origin(ctx, r.binary))
	idle, slow, length := idleConns, slowConns, 20*time.Second
	if *short {
		idle, slow, length = 200, 100, time.Second
	}
	if r.profiles == "" {
		if err := r.idle(ctx, found, idle); err != nil {
			return fmt.Errorf("idle connections: %w", err)
		}
	}
	if err := r.slow(ctx, found, slow, length); err != nil {
		return fmt.Errorf("slow connections: %w", err)
	}
	return conclude(out, found, !*short && *profiles == "", *results, *page)
}

// idle is the memory of an agent whose clients have each had one event
// acknowledged and are silent.
func (r *runner) idle(ctx context.Context, found *report.Checks, n int) error {
	store, err := r.startStore(ctx)
	if err != nil {
		return err
	}
	defer store.stop()
	a, err := startAgent(ctx, agentSetup{binary: r.binary, dir: filepath.Join(r.dir, "idle"), store: store.url, forward: true, anyone: true, buffer: memory})
	if err != nil {
		return err
	}
	defer a.kill()
	before, err := proc.ReadRSS(a.cmd.Process.Pid)
	if err != nil {
		return err
	}
	manifest := filepath.Join(r.dir, "idle.json")
	_, end, err := r.startHelper(ctx, "crowd", "-addr", a.forward, "-connections", strconv.Itoa(n), "-manifest", manifest)
	if err != nil {
		return err
	}
	defer end()
	if err := sleep(ctx, settled); err != nil {
		return err
	}
	with, err := proc.ReadRSS(a.cmd.Process.Pid)
	if err != nil {
		return err
	}
	if open, _ := a.metric(ctx, "sluice_forward_connections"); int(open) != n {
		return fmt.Errorf("%.0f of %d connections are open", open, n)
	}
	made, err := readManifests([]string{manifest})
	if err != nil {
		return err
	}
	if err := a.stop(); err != nil {
		return err
	}
	answer, err := tally.Client{URL: store.url}.Verify(ctx, made)
	if err != nil {
		return err
	}
	v := answer.Verdict
	found.Lost, found.Doubled = found.Lost+v.Lost, found.Doubled+v.Doubled+v.Strange
	found.Rows = append(found.Rows, report.Check{
		What:     thousands(int64(n)) + " idle connections: RSS, highest (KiB a connection)",
		Measured: fmt.Sprintf("%s (%.1f)", mb(float64(with.Peak)), float64(with.Peak-before.Now)/float64(n)/1024),
		Beside:   mb(float64(before.Now)), Target: "at most " + mb(idleRSS), Missed: with.Peak > idleRSS,
	})
	return nil
}

// slow is what others feel of clients that do not end their frames: the same
// load with them and without.
func (r *runner) slow(ctx context.Context, found *report.Checks, n int, length time.Duration) error {
	s := scenario{
		name: "slow", title: "slow connections", mode: load.Message, ack: true, rate: slowRate, buffer: memory,
		records: int64(length.Seconds() * slowRate),
	}
	var runs [2]report.Run
	for i := range runs {
		s.slow = i * n
		p := newProgress(os.Stderr, s.title, s.records)
		m, err := r.measure(ctx, s, p)
		p.end()
		if err != nil {
			return err
		}
		found.Lost, found.Doubled = found.Lost+m.Lost, found.Doubled+m.Doubled+m.Strange
		runs[i] = m
	}
	what := thousands(int64(n)) + " slow connections: "
	growth := runs[1].RSSMax - runs[0].RSSMax
	p99 := func(m report.Run) string {
		return fmt.Sprintf("%s / %s, %.2f", ms(m.Delays.P50), ms(m.Delays.P99), m.CPU)
	}
	found.Rows = append(found.Rows, report.Check{
		What: what + "RSS, highest", Measured: mb(float64(runs[1].RSSMax)), Beside: mb(float64(runs[0].RSSMax)),
		Target: "at most " + mb(slowGrowth) + " more", Missed: growth > slowGrowth,
	}, report.Check{
		What:     what + fmt.Sprintf("p50 / p99 of %s messages/s of others, CPU s per million", thousands(slowRate)),
		Measured: p99(runs[1]), Beside: p99(runs[0]),
	})
	return nil
}
