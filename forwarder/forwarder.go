package forwarder

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
)

// Config is what a Forwarder is made of. Nothing in it is running yet.
type Config struct {
	Sources  map[string]Source // by the input's name
	Lanes    []*Lane
	Pipeline Pipeline
	Grace    time.Duration // how long lanes may drain after the stop
}

// Forwarder runs sources, filters, router and lanes. It implements Out.
type Forwarder struct {
	cfg     Config
	log     *slog.Logger
	router  router
	dropped *prometheus.CounterVec // {filter, reason}
	stages  []Stage
}

// New puts a forwarder together; Run starts it.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Forwarder, error) {
	f := &Forwarder{
		cfg: cfg, log: log, stages: cfg.Pipeline.stages(),
		router: router{pipeline: cfg.Pipeline, paths: map[string]*path{}},
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sluice_filter_dropped_records_total",
			Help: "Source records that a filter dropped, or that no match took (filter=router).",
		}, []string{"filter", "reason"}),
	}
	if err := reg.Register(f.dropped); err != nil {
		return nil, fmt.Errorf("cannot register metrics: %w", err)
	}
	return f, nil
}

// Admit implements Out.
func (f *Forwarder) Admit(tag string) <-chan struct{} {
	for _, b := range f.router.path(tag).reach() {
		if wait := b.lane.admit(b.key.Load()); wait != nil {
			return wait
		}
	}
	return nil
}

// Emit implements Out.
func (f *Forwarder) Emit(ctx context.Context, b *event.Batch) error {
	return f.walk(ctx, f.router.path(b.Tag), 0, b, true)
}

// walk takes a batch along a path from a step on. main is true until the first copy into a
// label: only there does a drop count in the stream's account, because beyond
// it the same record also lives elsewhere.
func (f *Forwarder) walk(ctx context.Context, p *path, from int, b *event.Batch, main bool) error {
	if stage, err := f.filter(ctx, p, from, b, main); stage || err != nil {
		return err
	}
	live := b.Weight(event.Live)
	if live == 0 {
		return nil
	}
	if p.ends() {
		f.drop(b, "router", "no_match", live, main)
		return nil
	}
	for _, out := range p.lanes {
		if err := out.lane.offer(b, &out.key); err != nil {
			return err
		}
	}
	for i, next := range p.labels {
		part := b
		last := i == len(p.labels)-1
		if !last || len(p.lanes) > 0 {
			part = b.Branch()
		}
		if err := f.walk(ctx, next, 0, part, main && last && i == 0 && len(p.lanes) == 0); err != nil {
			return err
		}
	}
	return nil
}

// filter takes a batch through the path's filters; stage: as far as a stage,
// which has it now.
func (f *Forwarder) filter(ctx context.Context, p *path, from int, b *event.Batch, main bool) (stage bool, err error) {
	if from > 0 { // a stage may have failed some
		if err := f.failed(ctx, p, b); err != nil {
			return false, err
		}
	}
	for i, s := range p.filters[from:] {
		if s.Stage != nil {
			emit, late := f.ways(p, from+i, main)
			return true, s.Stage.Process(ctx, b, emit, late)
		}
		before := b.Weight(event.Dropped)
		s.Filter.Apply(b)
		if d := b.Weight(event.Dropped) - before; d > 0 {
			f.drop(b, s.Name, "filtered", d, main)
		}
		if err := f.failed(ctx, p, b); err != nil {
			return false, err
		}
	}
	return false, nil
}

// failed takes the records that a filter could not work on to the @ERROR
// label; without one they go on as they came.
func (f *Forwarder) failed(ctx context.Context, p *path, b *event.Batch) error {
	if p.failed != nil {
		if failed := splitFailed(b); failed != nil {
			return f.walk(ctx, p.failed, 0, failed, false)
		}
		return nil
	}
	for i := range b.Recs {
		if b.Recs[i].State == event.Failed {
			b.Recs[i].State = event.Live
		}
	}
	return nil
}

func (f *Forwarder) drop(b *event.Batch, filter, reason string, weight int, main bool) {
	f.dropped.WithLabelValues(filter, reason).Add(float64(weight))
	if main {
		b.Ack.Drop(weight)
	}
}

// Run starts lanes and sources and returns when all have ended: after ctx is
// done, or after a source failed. The order of a graceful stop: sources stop
// reading; what is in flight is delivered until the grace is over; senders
// stop. What is not delivered then has no receipt, and is read again.
func (f *Forwarder) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	laneCtx, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()

	var lanes, sources sync.WaitGroup
	var failure error // of the first source that failed
	var once sync.Once
	for _, l := range f.cfg.Lanes {
		lanes.Go(func() { l.run(laneCtx) })
	}
	for name, s := range f.cfg.Sources {
		sources.Go(func() {
			if err := s.Run(ctx, f); err != nil && ctx.Err() == nil {
				once.Do(func() { failure = fmt.Errorf("input %s: %w", name, err) })
				stop()
			}
		})
	}
	ended := make(chan struct{}) // the sources
	var flusher sync.WaitGroup
	if len(f.stages) > 0 {
		flusher.Go(func() { f.flusher(ctx, ended) })
	}
	<-ctx.Done()
	for _, l := range f.cfg.Lanes {
		l.buf.Flush()
	}
	grace := time.AfterFunc(f.cfg.Grace, kill)
	defer grace.Stop()
	sources.Wait()
	close(ended)
	flusher.Wait()
	f.flush(laneCtx, true)
	for _, l := range f.cfg.Lanes {
		l.buf.Close()
	}
	lanes.Wait()
	return failure
}

// Lanes are the lanes, in the settings' order.
func (f *Forwarder) Lanes() []*Lane { return f.cfg.Lanes }

// Check compares every lane's account with what its buffer holds.
func (f *Forwarder) Check() error {
	for _, l := range f.cfg.Lanes {
		if err := l.check(); err != nil {
			return err
		}
	}
	return nil
}
