package pipetest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/catalog"
	"sluice/parser"
)

// Config is the configuration under test, read and not checked.
type Config struct {
	Tree     *conf.Tree
	Settings *catalog.Settings
}

// pipeline is one, made for one test.
type pipeline struct {
	cfg    Config
	rec    *recorder
	parts  *catalog.Parts
	f      *forwarder.Forwarder
	points []*Point
}

// newPipeline makes the pipeline afresh. The problems are the configuration's.
func newPipeline(cfg Config) (*pipeline, conf.Problems, error) {
	rec, err := newRecorder()
	if err != nil {
		return nil, nil, err
	}
	p := &pipeline{cfg: cfg, rec: rec}
	var problems conf.Problems
	p.parts, problems = catalog.Recorded(cfg.Tree, cfg.Settings, func(name string) forwarder.Sink { return sink{rec, name} })
	if problems.Bad() {
		p.parts.Close()
		return nil, problems, nil
	}
	if p.points, err = rec.watch(&p.parts.Config.Pipeline, p.parts.Place); err == nil {
		p.f, err = forwarder.New(p.parts.Config, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	}
	return p, problems, err
}

// run takes the records through the pipeline, one by one, and lets go what
// filters hold. The lines are the outcomes.
func (p *pipeline) run(ctx context.Context, list []Record) ([]string, error) {
	for n := range list {
		label, err := p.begin(&list[n])
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", n+1, err)
		}
		b, err := p.batch(&list[n], uint64(n))
		if err == nil {
			err = p.f.At(label).Emit(ctx, b)
		}
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", n+1, err)
		}
	}
	if err := p.f.Finish(ctx); err != nil {
		return nil, fmt.Errorf("cannot let go what a filter holds: %w", err)
	}
	return p.rec.lines()
}

// begin is the label at which a record begins.
func (p *pipeline) begin(r *Record) (string, error) {
	cfg := &p.parts.Config
	switch {
	case r.Input != "":
		label, ok := cfg.Labels[r.Input]
		if !ok {
			return "", fmt.Errorf("there is no input %s; there are: %s", r.Input, strings.Join(slices.Sorted(maps.Keys(cfg.Labels)), ", "))
		}
		return label, nil
	case r.Label == "" || r.Label == forwarder.RootLabel:
		return forwarder.RootLabel, nil
	}
	if _, ok := cfg.Pipeline.Labels[r.Label]; !ok {
		return "", fmt.Errorf("there is no label %s; there are: %s", r.Label, strings.Join(slices.Sorted(maps.Keys(cfg.Pipeline.Labels)), ", "))
	}
	return r.Label, nil
}

// batch makes a batch of one record, as an input would.
func (p *pipeline) batch(r *Record, pos uint64) (*event.Batch, error) {
	at := r.time.Std()
	b := &event.Batch{Stream: 1, Tag: r.Tag, Read: at.UnixNano(), Shared: p.cfg.Settings.Shared()}
	b.Begin(event.Record{Time: r.time, ID: event.MakeID(at.UnixMilli(), event.SourceKey{}, pos), Pos: -1, Weight: 1})
	if !parser.ParseObject(b, 0, b.PutString(string(r.Record), event.JSON), "") {
		return nil, fmt.Errorf("it has too many fields, or is no object")
	}
	return b, nil
}
