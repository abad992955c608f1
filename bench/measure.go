package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"sluice/bench/load"
	"sluice/bench/proc"
	"sluice/bench/report"
	"sluice/bench/tally"
)

// filesSeed is that of the names and texts of container files.
const filesSeed = 1

// runner measures scenarios, one run after the other.
type runner struct {
	binary string              // the agent
	self   string              // this program, for store and generators
	dir    string              // scratch
	files  map[int]*load.Files // backlogs, by how many files; written once
	runs   int                 // made so far

	profiles string // directory for the agent's profiles; empty: none is taken
}

// measure runs a scenario once. A run in which records were lost or doubled
// is one that failed: err is nil, m says so.
func (r *runner) measure(ctx context.Context, s scenario, p *progress) (m report.Run, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.runs++
	dir := filepath.Join(r.dir, strconv.Itoa(r.runs))                            // short: it is in each document, as /var/log is
	if err := os.MkdirAll(filepath.Join(dir, "containers"), 0o755); err != nil { // it is there before an agent is
		return m, err
	}
	defer os.RemoveAll(dir)
	store, err := r.startStore(ctx, s.storeArgs()...)
	if err != nil {
		return m, err
	}
	defer store.stop()
	setup, err := r.setup(s, dir, store.url)
	if err != nil {
		return m, err
	}
	around, err := newSurroundings(ctx, s, dir)
	if err != nil {
		return m, err
	}
	defer around.close()
	setup.kube = around.kubeconfig
	a, err := startAgent(ctx, setup)
	if err != nil {
		return m, err
	}
	defer a.kill()
	if err := around.settle(ctx, store, p); err != nil {
		return m, err
	}
	m, made, err := r.watched(ctx, s, dir, setup, a, store, around, p)
	if err != nil {
		return m, err
	}
	if err := a.stop(); err != nil { // what it still held is in the store now
		return m, err
	}
	err = verify(ctx, &m, s, store.url, append(made, around.made...))
	return m, err
}

// watched lets the load come, until all of it is stored, and watches the agent.
func (r *runner) watched(ctx context.Context, s scenario, dir string, setup agentSetup, a *agent, store *storeProcess, around *surroundings, p *progress) (m report.Run, made []int64, err error) {
	watch := proc.StartWatch(ctx, a.cmd.Process.Pid, 100*time.Millisecond)
	before, err := a.read(ctx)
	if err != nil {
		return m, nil, err
	}
	profile := r.profile(ctx, s, setup.pprof)
	defer profile.stop()
	peak := r.watchPeak(ctx, s, a, setup.pprof)
	defer peak()
	if s.slow > 0 {
		_, end, err := r.startHelper(ctx, "crowd", "-slow", "-addr", a.forward, "-connections", strconv.Itoa(s.slow))
		if err != nil {
			return m, nil, err
		}
		defer end()
	}
	load, err := r.load(ctx, s, dir, a)
	if err != nil {
		return m, nil, err
	}
	defer load.stop()
	totals, err := store.arrival(ctx, s.records+around.lines, p)
	if err != nil {
		return m, nil, fmt.Errorf("%w; the agent's log:\n%s", err, a.log())
	}
	profile.stop()
	after, err := a.read(ctx)
	if err != nil {
		return m, nil, err
	}
	totals.Records -= around.lines
	m = result(totals, before, after)
	m.RSSMax = max(after.rss.Peak, watch.Max())
	at := peak()
	m.HeapAtMax, m.BudgetAtMax = at.heap, at.budget
	made, err = load.made()
	return m, made, err
}

// verify has the store compare what came with what was made.
func verify(ctx context.Context, m *report.Run, s scenario, store string, made []int64) error {
	answer, err := tally.Client{URL: store}.Verify(ctx, made)
	if s.rate > 0 {
		m.Delays = answer.Delays
	}
	m.Lost, m.Doubled, m.Strange = answer.Verdict.Lost, answer.Verdict.Doubled, answer.Verdict.Strange
	return err
}

func (r *runner) setup(s scenario, dir, store string) (a agentSetup, err error) {
	a = agentSetup{binary: r.binary, dir: filepath.Join(dir, "agent"), store: store, gzip: s.gzip, buffer: s.buffer, forward: s.files == 0}
	if s.files > 0 {
		a.logs = filepath.Join(dir, "containers")
	}
	if s.metadata {
		a.fields = podMetadata
	}
	if r.profiles != "" {
		a.pprof, err = freeAddr()
	}
	return a, err
}

// reading is what the kernel and the agent itself say of the agent at one time.
type reading struct {
	cpu     proc.CPU
	rss     proc.RSS
	mallocs float64 // since its start; negative: it does not say
	buffer  float64 // bytes written to the disk buffer since its start
	commits float64 // that they were written in
}

func (a *agent) read(ctx context.Context) (r reading, err error) {
	r.mallocs = -1
	if r.cpu, err = proc.ReadCPU(a.cmd.Process.Pid); err != nil {
		return r, fmt.Errorf("the agent ended by itself: %w\n%s", err, a.log())
	}
	if r.rss, err = proc.ReadRSS(a.cmd.Process.Pid); err != nil {
		return r, err
	}
	if v, ok := a.metric(ctx, "go_memstats_mallocs_total"); ok {
		r.mallocs = v
	}
	r.buffer, _ = a.metric(ctx, "sluice_buffer_written_bytes_total")
	r.commits, _ = a.metric(ctx, "sluice_buffer_commits_total")
	return r, nil
}

// result are a run's numbers, memory and delays aside.
func result(t tally.Totals, before, after reading) (m report.Run) {
	n := float64(max(t.Records, 1))
	cpu := after.cpu.Sub(before.cpu)
	m.CPU, m.System = cpu.Total().Seconds()/n*1e6, cpu.System.Seconds()/n*1e6
	m.Records, m.BufferBytes = t.Records, int64(after.buffer-before.buffer)
	if d := t.Last.Sub(t.First).Seconds(); d > 0 {
		m.Rate = n / d
	}
	m.DocBytes, m.TextBytes, m.WireBytes = float64(t.DocBytes)/n, float64(t.TextBytes)/n, float64(t.WireBytes)/n
	m.Requests, m.Repeats = t.Requests, t.Conflicts
	if m.Allocs = -1; before.mallocs >= 0 && after.mallocs >= 0 {
		m.Allocs = (after.mallocs - before.mallocs) / n
	}
	return m
}
