package soak

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"sluice/sink/elastictest"
)

// DayConfig says how long a day takes.
type DayConfig struct {
	Config
	Length time.Duration // of one
	Days   int
}

// hour is one of the day's 24.
type hour struct {
	load  float64 // of the rate
	fault func(elastictest.Request) elastictest.Fault
}

// hours are a day: a quiet night, a busy morning, a pause at noon, the sink away
// in the afternoon, busy answers, closed connections, and quiet again. The quiet
// hours are those at whose end the agent is looked at to be compared.
func hours(seed uint64) [24]hour {
	away := elastictest.Always(elastictest.Fault{Kind: elastictest.Refuse, Status: http.StatusServiceUnavailable})
	busy := elastictest.Always(elastictest.Fault{Kind: elastictest.Refuse, Status: http.StatusTooManyRequests})
	cut := elastictest.Always(elastictest.Fault{Kind: elastictest.Reset, After: 1000})
	loads := [24]float64{0.1, 0, 0, 0.05, 0.1, 0.3, 0.6, 0.9, 1, 1, 0.8, 0, 0.4, 0.8, 1, 1, 0.9, 0, 0.6, 0.5, 0.4, 0.2, 0, 0}
	var day [24]hour
	for i, load := range loads {
		day[i] = hour{load: load}
	}
	day[9].fault = faults(seed, 0.25, 200*time.Millisecond)
	day[14].fault, day[15].fault, day[19].fault, day[20].fault = away, away, busy, cut
	return day
}

// Day is what a day came to.
type Day struct {
	Verdict
	Days    int
	Samples []Sample
	Nights  []int64 // RSS at the end of each day, bytes
	Took    time.Duration
}

// String is the day in a few lines.
func (d *Day) String() string {
	rest := quiet(d.Samples, 0)
	late := quiet(d.Samples, d.Took/3)
	const mib = 1 << 20
	rss := func(s Sample) int64 { return s.RSS / mib }
	_, peak := span(d.Samples, rss)
	low, high := span(late, rss)
	text := fmt.Sprintf("%s; %v\n", d.Verdict.String(), d.Took.Round(time.Second))
	var nights []int64
	for _, n := range d.Nights {
		nights = append(nights, n/mib)
	}
	text += fmt.Sprintf("RSS at the end of each day: %d MiB\n", nights)
	text += fmt.Sprintf("RSS: at most %d MiB; at rest, from a third of the day on, %d to %d MiB, slope %+.1f MiB an hour of the clock\n", peak, low, high, slope(late)/mib)
	for _, x := range []struct {
		name string
		of   func(Sample) int
	}{
		{"goroutines", func(s Sample) int { return s.Goroutines }},
		{"descriptors", func(s Sample) int { return s.Descriptors }},
	} {
		least, most := span(rest, x.of)
		_, top := span(d.Samples, x.of)
		text += fmt.Sprintf("%s: at most %d; at rest %d to %d\n", x.name, top, least, most)
	}
	return text
}

// Leaks names what the agent holds in the last night and did not at the first
// noon; empty: nothing. It looks at the least of both: files that were rotated
// are still open for a while when all is quiet already.
func (d *Day) Leaks() string {
	const few = 8 // connections more or less
	noon, night := quiet(d.Samples[:len(d.Samples)/d.Days/2], 0), quiet(d.Samples, d.Took-d.Took/time.Duration(10*d.Days))
	before, _ := span(noon, func(s Sample) int { return s.Goroutines })
	after, _ := span(night, func(s Sample) int { return s.Goroutines })
	opened, _ := span(noon, func(s Sample) int { return s.Descriptors })
	open, _ := span(night, func(s Sample) int { return s.Descriptors })
	if after > before+few || open > opened+few {
		return fmt.Sprintf("at noon %d goroutines and %d descriptors, in the last night %d and %d", before, opened, after, open)
	}
	return ""
}

// day is one run.
type day struct {
	*rig
	cfg    DayConfig
	rate   atomic.Int64
	result Day
}

// RunDay lets an agent work through a day in cfg.Length. An error means that
// the run itself did not work.
func RunDay(ctx context.Context, cfg DayConfig) (*Day, error) {
	rig, err := newRig(cfg.Config, filepath.Join(cfg.Dir, "data"))
	if err != nil {
		return nil, err
	}
	defer rig.close()
	d := &day{rig: rig, cfg: cfg, result: Day{Days: cfg.Days}}
	if err := d.run(ctx); err != nil {
		return nil, d.fail(err)
	}
	return &d.result, nil
}

func (d *day) run(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	a, err := d.start()
	if err != nil {
		return err
	}
	if !a.await(ctx) {
		return errors.Join(errors.New("the agent did not start"), a.kill())
	}
	wg.Go(func() {
		err := d.files.write(ctx, stop, func() int { return int(d.rate.Load()) }, d.cfg.Behind, d.store.count)
		if err != nil {
			cancel(err)
		}
	})
	begun := time.Now()
	plan := hours(d.cfg.Seed)
	for i := range 24 * d.cfg.Days {
		if err = d.hour(ctx, a, i, plan[i%24], begun, func(err error) { cancel(err) }, &wg); err != nil {
			close(stop)
			return errors.Join(err, a.kill())
		}
	}
	close(stop)
	d.result.Verdict, err = d.finish(ctx, a, &wg)
	d.result.Took = time.Since(begun)
	return err
}

// hour is the i-th of the day.
func (d *day) hour(ctx context.Context, a *process, i int, h hour, begun time.Time, fail func(error), wg *sync.WaitGroup) error {
	d.server.SetFaults(h.fault)
	rate := int(float64(d.cfg.Rate) * h.load)
	d.rate.Store(int64(rate))
	stop := make(chan struct{})
	defer close(stop)
	if rate >= connections && d.cfg.Forward {
		wg.Go(func() { // beyond the hour, if acknowledgements are missing
			if err := d.send(ctx, stop, fileCount+i*connections, rate); err != nil {
				fail(err)
			}
		})
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // a connection kept would be one of the agent's
	over := begun.Add(time.Duration(i+1) * d.cfg.Length / 24)
	for every := max(d.cfg.Length/240, 50*time.Millisecond); ; {
		pause(ctx, a, min(every, time.Until(over)))
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case a.ended():
			return errors.New("the agent ended by itself")
		}
		s, err := d.sample(ctx, client, a.cmd.Process.Pid)
		if err != nil {
			return fmt.Errorf("cannot look at the agent: %w", err)
		}
		s.At = time.Since(begun)
		s.Quiet = rate == 0 && time.Until(over) < d.cfg.Length/48
		d.result.Samples = append(d.result.Samples, s) // one at least, however late the hour begins
		if !time.Now().Before(over) {
			break
		}
	}
	last := d.result.Samples[len(d.result.Samples)-1]
	if i%24 == 23 {
		d.result.Nights = append(d.result.Nights, last.RSS)
	}
	fmt.Fprintf(d.cfg.Say, "  %02d:00  %6d a second  %8d stored  RSS %3d MiB  %d goroutines  %d descriptors\n",
		i%24+1, rate, d.store.count(), last.RSS>>20, last.Goroutines, last.Descriptors)
	return nil
}
