package forwarder

import (
	"context"

	"sluice/event"
)

// Held is records that a stage held when an earlier process ended: as they
// came to it, with the receipt that lets go what keeps them.
type Held struct {
	Stage, Label string // where the stage was
	Batch        *event.Batch
}

// restore gives the stages back what they held, before anything else comes.
// Where a stage is no more, its records go on one by one, as parts.
func (f *Forwarder) restore(ctx context.Context) {
	var weight, alone int
	for _, h := range f.cfg.Held {
		weight += h.Batch.Weight(event.Live)
		p := f.router.path(h.Label, h.Batch.Tag)
		step := p.stage(h.Stage)
		var err error
		if step < 0 {
			alone += h.Batch.Weight(event.Live)
			err = f.orphan(ctx, h)
		} else {
			emit, late := f.ways(p, step, trip{main: true})
			err = p.filters[step].Stage.Process(ctx, h.Batch, emit, late)
		}
		if err != nil {
			f.log.Error("cannot hand on what a filter held; it is tried again after a restart", "filter", h.Stage, "err", err)
			continue
		}
		h.Batch.Ack.Done()
	}
	if weight > 0 {
		f.log.Info("acknowledged records that a join held open are there again", "records", weight, "without_their_filter", alone)
	}
	f.cfg.Held = nil
}

// stage is the step of the path that has the name; -1: none.
func (p *path) stage(name string) int {
	for i, s := range p.filters {
		if s.Stage != nil && s.Name == name {
			return i
		}
	}
	return -1
}

func (f *Forwarder) orphan(ctx context.Context, h Held) error {
	for i := range h.Batch.Recs {
		h.Batch.Recs[i].Flags |= event.Partial
	}
	label := h.Label
	if f.cfg.Pipeline.steps(label) == nil {
		label = RootLabel
	}
	return entry{f, label}.Emit(ctx, h.Batch)
}
