package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"sluice/bench/fsync"
	"sluice/bench/load"
	"sluice/bench/proc"
	"sluice/bench/report"
	"sluice/bench/tally"
)

// runOf measures a scenario three times (once if short).
func (b *diskBench) runOf(ctx context.Context, s scenario) (runs []report.Run, err error) {
	if b.o.short {
		s.records = min(s.records, 50_000)
	}
	if err := b.backlog(ctx, s); err != nil {
		return nil, err
	}
	for range map[bool]int{true: 1, false: 3}[b.o.short] {
		p := newProgress(os.Stderr, s.title, s.records)
		m, err := b.measure(ctx, s, p)
		p.end()
		if err != nil {
			return nil, err
		}
		b.count(m.Lost, m.Doubled, m.Strange)
		runs = append(runs, m)
	}
	slices.SortFunc(runs, func(a, b report.Run) int { return int((a.CPU - b.CPU) * 1e6) })
	return runs, nil
}

// packed is what a buffer that writes everything costs while all is well.
func (b *diskBench) packed(ctx context.Context) error {
	runs, err := b.runOf(ctx, scenario{name: "disk-packed", title: "forward packed, ack", mode: load.Packed, ack: true, buffer: "disk", records: 1_000_000})
	if err != nil {
		return err
	}
	m := runs[len(runs)/2]
	b.row("`disk`, forward packed, ack, no gzip: CPU s per million records",
		fmt.Sprintf("%.2f (%.2f to %.2f), %.2f of it in the kernel", m.CPU, runs[0].CPU, runs[len(runs)-1].CPU, m.System), "",
		fmt.Sprintf("at most %.1f", diskCPU), m.CPU > diskCPU)
	b.row("the same: records/s, B written/record", fmt.Sprintf("%s, %d", thousands(int64(m.Rate)), m.BufferBytes/max(m.Records, 1)), "", "", false)
	return nil
}

// healthy is what auto writes while the sink takes everything.
func (b *diskBench) healthy(ctx context.Context) error {
	runs, err := b.runOf(ctx, scenario{name: "disk-healthy", title: "tail 10 files, buffer auto", files: 10, buffer: "auto", records: 1_000_000})
	if err != nil {
		return err
	}
	written := int64(0)
	for _, m := range runs {
		written += m.BufferBytes
	}
	b.row("`auto`, tail 10 files, a healthy sink: bytes written", fmt.Sprint(written), "", "0", written > 0)
	return nil
}

// station is an agent with a disk buffer, and its directory.
type station struct {
	*agent
	dir string
}

func (b *diskBench) station(ctx context.Context, store string) (st station, err error) {
	b.runs++
	st.dir = filepath.Join(b.dir, strconv.Itoa(b.runs))
	st.agent, err = startAgent(ctx, agentSetup{binary: b.binary, dir: st.dir, store: store, forward: true, buffer: "disk", limit: "16GiB"})
	return st, err
}

// settle stops the agent, and compares what is stored with what was made.
func (b *diskBench) settle(ctx context.Context, st station, store string, made []int64) error {
	if err := st.stop(); err != nil {
		return err
	}
	answer, err := tally.Client{URL: store}.Verify(ctx, made)
	if err != nil {
		return err
	}
	v := answer.Verdict
	b.count(v.Lost, v.Doubled, v.Strange)
	return os.RemoveAll(st.dir)
}

// messages is how long single messages wait for their acknowledgement: of many
// clients at a rate, and of one that does nothing but wait.
func (b *diskBench) messages(ctx context.Context) error {
	n := int64(b.o.length.Seconds() * messageRate)
	if err := b.acks(ctx, messageConns, messageRate, n); err != nil {
		return err
	}
	return b.acks(ctx, 1, 0, n/10)
}

// acks sends n messages. The disk's own fsyncs are timed before and after, with
// as many bytes as a commit had.
func (b *diskBench) acks(ctx context.Context, conns, rate int, n int64) error {
	const each = 300 // fsyncs
	store, err := b.startStore(ctx)
	if err != nil {
		return err
	}
	defer store.stop()
	st, err := b.station(ctx, store.url)
	if err != nil {
		return err
	}
	defer st.kill()
	before, err := fsync.Append(b.dir, 4096, each)
	if err != nil {
		return err
	}
	times, made, err := load.AckTimes(ctx, load.ForwardConfig{
		Addr: st.forward, Connections: conns, Records: n, Rate: rate, Size: eventSize, Seed: 1, Tag: "bench.app",
	})
	if err != nil {
		return err
	}
	now, err := st.read(ctx)
	if err != nil {
		return err
	}
	after, err := fsync.Append(b.dir, max(int(now.buffer/max(now.commits, 1)), 1), each)
	if err != nil {
		return err
	}
	b.ackRow(conns, times, before.With(after), now)
	return b.settle(ctx, st, store.url, made)
}

func (b *diskBench) ackRow(conns int, times []time.Duration, disk fsync.Times, now reading) {
	at := func(percent int) time.Duration { return times[(len(times)-1)*percent/100] }
	beside := fmt.Sprintf("write and fsync p50 %s, p99 %s", ms(disk.At(50)), ms(disk.At(99)))
	if conns > 1 {
		of := func(percent int) float64 { return float64(at(99)) / float64(disk.At(percent)) }
		b.row(fmt.Sprintf("`disk`, %d clients, %s acked messages/s: ack p50, p99", conns, thousands(messageRate)),
			fmt.Sprintf("%s, %s; p99 is %.1f fsyncs at p99, %.1f at p50; %.1f messages a commit", ms(at(50)), ms(at(99)), of(99), of(50), float64(len(times))/max(now.commits, 1)),
			beside, fmt.Sprintf("p99 at most %.0f fsyncs at p99", diskAck), of(99) > diskAck)
		return
	}
	sum := time.Duration(0)
	for _, d := range times {
		sum += d
	}
	each := sum / time.Duration(len(times))
	ratio := float64(disk.At(50)) / float64(each)
	b.row("`disk`, one client that waits for each ack: messages per fsync", fmt.Sprintf("%.2f (%s each)", ratio, ms(each)), beside,
		fmt.Sprintf("at least %.1f", diskSerial), ratio < diskSerial)
}

// outage fills the buffer while the sink is away, and lets it drain.
func (b *diskBench) outage(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	st, err := b.station(ctx, "http://"+addr)
	if err != nil {
		return err
	}
	defer st.kill()
	empty, err := st.read(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	made, err := b.fill(ctx, st)
	took := time.Since(begun)
	if err != nil {
		return fmt.Errorf("%w; the agent's log:\n%s", err, st.log())
	}
	full, err := st.read(ctx)
	if err != nil {
		return err
	}
	commit := full.buffer / max(full.commits, 1)
	disk, err := fsync.Append(b.dir, int(commit), int(min(full.buffer, 1e9)/commit)) // more tells nothing new
	if err != nil {
		return err
	}
	share := full.buffer / took.Seconds() / disk.BytesPerSecond()
	b.row(fmt.Sprintf("`disk`, the sink away, forward packed with ack: %s written", mb(full.buffer)),
		fmt.Sprintf("%s/s, %s records/s, %.1f cores busy with it", mb(full.buffer/took.Seconds()),
			thousands(int64(float64(b.o.records)/took.Seconds())), full.cpu.Sub(empty.cpu).Total().Seconds()/took.Seconds()),
		fmt.Sprintf("%s/s in writes of %.1f MB with fsync", mb(disk.BytesPerSecond()), commit/1e6),
		fmt.Sprintf("at least %.1f of it", diskShare), share < diskShare)
	return b.drain(ctx, st, addr, made)
}

// fill sends records until all are acknowledged: they are on the disk then.
func (b *diskBench) fill(ctx context.Context, st station) ([]int64, error) {
	p := newProgress(os.Stderr, "filling", b.o.records)
	defer p.end()
	manifest := filepath.Join(st.dir, "made.json")
	g, err := b.generate(ctx, manifest, "forward", "-addr", st.forward, "-records", strconv.FormatInt(b.o.records, 10))
	if err != nil {
		return nil, err
	}
	defer g.stop()
	latest, moved := 0.0, time.Now()
	for {
		n, _ := st.metric(ctx, "sluice_buffer_records")
		p.set(int64(n))
		switch {
		case int64(n) >= b.o.records:
			return g.made()
		case n > latest:
			latest, moved = n, time.Now()
		case time.Since(moved) > patience:
			return nil, fmt.Errorf("%.0f of %d records are in the buffer, and no further one for %v", n, b.o.records, patience)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// drain lets the sink come back.
func (b *diskBench) drain(ctx context.Context, st station, addr string, made []int64) error {
	before, err := st.read(ctx)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	watch := proc.StartWatch(watching, st.cmd.Process.Pid, 100*time.Millisecond)
	store, err := b.startStore(ctx, "-listen", addr)
	if err != nil {
		return err
	}
	defer store.stop()
	p := newProgress(os.Stderr, "draining", b.o.records)
	totals, err := store.arrival(ctx, b.o.records, p)
	p.end()
	if err != nil {
		return fmt.Errorf("%w; the agent's log:\n%s", err, st.log())
	}
	after, err := st.read(ctx)
	if err != nil {
		return err
	}
	m, grown := result(totals, before, after), watch.Max()-before.rss.Now
	b.row(fmt.Sprintf("the sink is back: drain of %.1f million records", float64(b.o.records)/1e6),
		fmt.Sprintf("%s records/s, CPU %.2f s per million", thousands(int64(m.Rate)), m.CPU), "",
		fmt.Sprintf("at least %s records/s", thousands(drainRate)), m.Rate < drainRate)
	b.row("the same: growth of RSS", fmt.Sprintf("%.1f MiB, from %.0f MiB", float64(grown)/(1<<20), float64(before.rss.Now)/(1<<20)), "",
		fmt.Sprintf("at most %d MiB", drainGrowth>>20), grown > drainGrowth)
	return b.settle(ctx, st, store.url, made)
}
