package forwarder

import (
	"cmp"
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
	Labels   map[string]string // of a source: where its records begin; not named: the root
	Lanes    []*Lane
	Pipeline Pipeline
	Held     []Held        // what stages held when an earlier process ended
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
		router: router{pipeline: cfg.Pipeline, paths: map[place]*path{}},
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

// Admit implements Out for sources that begin at the root.
func (f *Forwarder) Admit(tag string) <-chan struct{} { return entry{f, RootLabel}.Admit(tag) }

// Emit implements Out for sources that begin at the root.
func (f *Forwarder) Emit(ctx context.Context, b *event.Batch) error {
	return entry{f, RootLabel}.Emit(ctx, b)
}

// At is the Out for records that begin at a label.
func (f *Forwarder) At(label string) Out { return entry{f, label} }

// entry is the Out of sources that begin at a label.
type entry struct {
	f     *Forwarder
	label string
}

// Admit implements Out.
func (e entry) Admit(tag string) <-chan struct{} {
	for _, b := range e.f.router.path(e.label, tag).reach() {
		if wait := b.lane.admit(tag, b.key.Load()); wait != nil {
			return wait
		}
	}
	return nil
}

// Emit implements Out.
func (e entry) Emit(ctx context.Context, b *event.Batch) error {
	return e.f.walk(ctx, e.f.router.path(e.label, b.Tag), 0, b, trip{main: true})
}

func (f *Forwarder) drop(b *event.Batch, filter string, reason event.Reason, weight int, main bool) {
	f.dropped.WithLabelValues(filter, reason.String()).Add(float64(weight))
	if main {
		b.Ack.Drop(reason, weight)
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
	f.restore(laneCtx)
	for name, s := range f.cfg.Sources {
		sources.Go(func() {
			if err := s.Run(ctx, entry{f, cmp.Or(f.cfg.Labels[name], RootLabel)}); err != nil && ctx.Err() == nil {
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

// Push has every lane send what waits in it now, whatever its age.
func (f *Forwarder) Push() {
	for _, l := range f.cfg.Lanes {
		l.buf.Push()
	}
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
