package forwarder

import (
	"context"
	"strings"
	"sync"

	"sluice/event"
)

// trip is what a batch has behind it.
type trip struct {
	// main holds until the first copy: only there does a drop count in the
	// stream's account, because beyond it the same record also lives elsewhere.
	main bool
	hops int // how often it began again under another tag
}

// maxHops ends a record that is given new tags for ever.
const maxHops = 16

// walk takes a batch along a path from a step on.
func (f *Forwarder) walk(ctx context.Context, p *path, from int, b *event.Batch, t trip) error {
	if stage, err := f.filter(ctx, p, from, b, t); stage || err != nil {
		return err
	}
	if !b.Has(event.Live) {
		return nil
	}
	if len(p.outs) == 0 {
		f.dropEnd(p, b, t)
		return nil
	}
	t.main = t.main && len(p.outs) == 1
	for i := range p.outs {
		part := b
		if p.outs[i].lane == nil && i < len(p.outs)-1 { // what comes after must see what came here
			part = b.Branch()
		}
		if err := f.send(ctx, p, &p.outs[i], part, t); err != nil {
			return err
		}
	}
	return nil
}

// dropEnd counts records that go nowhere, because a match says so or because
// none took them.
func (f *Forwarder) dropEnd(p *path, b *event.Batch, t trip) {
	live := b.Weight(event.Live)
	if p.name != "" {
		f.drop(b, p.name, event.Null, live, t.main)
		return
	}
	if !p.told.Swap(true) {
		f.log.Warn("no match takes these records: they are dropped and counted", "tag", b.Tag, "label", p.label)
	}
	f.drop(b, "router", event.NoMatch, live, t.main)
}

func (f *Forwarder) send(ctx context.Context, p *path, out *outlet, b *event.Batch, t trip) error {
	switch {
	case out.lane != nil:
		return out.lane.lane.offer(b, &out.lane.key)
	case out.next != nil:
		return f.walk(ctx, out.next, 0, b, t)
	case out.retag != nil:
		return f.retag(ctx, p, out, b, t)
	}
	n := out.at.Add(1) - 1
	return f.send(ctx, p, &out.turn[int(n)%len(out.turn)], b, t)
}

// tagLists are what Retag fills in.
var tagLists = sync.Pool{New: func() any { return new([]string) }}

// retag walks each record from the top of the outlet's label under its new tag.
func (f *Forwarder) retag(ctx context.Context, p *path, out *outlet, b *event.Batch, t trip) error {
	list := tagLists.Get().(*[]string)
	defer func() {
		clear(*list)
		tagLists.Put(list)
	}()
	tags := (*list)[:0]
	for range b.Recs {
		tags = append(tags, "")
	}
	*list = tags
	out.retag.Retag(b, tags)
	first, several, dropped := sortOut(b, tags)
	if dropped > 0 && !out.some {
		f.drop(b, p.name, event.NoRule, dropped, t.main)
	}
	if !several {
		return f.under(ctx, p, out.label, first, b, t)
	}
	for first != "" {
		part, next := takeOut(b, tags, first)
		if err := f.under(ctx, p, out.label, first, part, t); err != nil {
			return err
		}
		first = next
	}
	return nil
}

// sortOut drops the live records without a new tag and takes the tags from
// those that are not live. first is the first tag; several: there are others.
func sortOut(b *event.Batch, tags []string) (first string, several bool, dropped int) {
	for i := range b.Recs {
		switch rec := &b.Recs[i]; {
		case rec.State != event.Live:
			tags[i] = ""
		case tags[i] == "":
			rec.State = event.Dropped
			dropped += int(rec.Weight)
		case first == "":
			first = tags[i]
		default:
			several = several || tags[i] != first
		}
	}
	return first, several, dropped
}

// takeOut copies b with only the records under tag live, and forgets their
// tags. next is a tag that is still there.
func takeOut(b *event.Batch, tags []string, tag string) (part *event.Batch, next string) {
	part = b.Branch()
	for i := range tags {
		if tags[i] == tag {
			tags[i] = ""
			continue
		}
		part.Recs[i].State = event.Dropped
		if next == "" {
			next = tags[i]
		}
	}
	return part, next
}

// under walks the batch under another tag; the batch's own comes back.
func (f *Forwarder) under(ctx context.Context, p *path, label, tag string, b *event.Batch, t trip) error {
	if tag == "" {
		return nil
	}
	if other, rest, ok := strings.Cut(tag, "\x00"); ok {
		label, tag = other, rest
	}
	own := b.Tag
	b.Tag = tag
	err := f.again(ctx, p, label, b, t)
	b.Tag = own
	return err
}

// again takes a batch that has got another tag on path p to the top of a label.
func (f *Forwarder) again(ctx context.Context, p *path, label string, b *event.Batch, t trip) error {
	if t.hops++; t.hops > maxHops {
		f.drop(b, p.name, event.EndlessTags, b.Weight(event.Live), t.main)
		return nil
	}
	return f.walk(ctx, f.router.retagged(p, label, b.Tag), 0, b, t)
}

// filter takes a batch through the path's filters; stage: as far as a stage,
// which has it now.
func (f *Forwarder) filter(ctx context.Context, p *path, from int, b *event.Batch, t trip) (stage bool, err error) {
	if from > 0 { // a stage may have failed some
		if err := f.failed(ctx, p, b, t); err != nil {
			return false, err
		}
	}
	for i, s := range p.filters[from:] {
		if s.Stage != nil {
			emit, late := f.ways(p, from+i, t)
			return true, s.Stage.Process(ctx, b, emit, late)
		}
		before := b.Weight(event.Dropped)
		s.Filter.Apply(b)
		if d := b.Weight(event.Dropped) - before; d > 0 {
			f.drop(b, s.Name, event.Filtered, d, t.main)
		}
		if err := f.failed(ctx, p, b, t); err != nil {
			return false, err
		}
	}
	return false, nil
}

// failed takes the records that a filter could not work on to the @ERROR
// label; without one they go on as they came.
func (f *Forwarder) failed(ctx context.Context, p *path, b *event.Batch, t trip) error {
	if p.failed != nil {
		if failed := splitFailed(b); failed != nil {
			return f.walk(ctx, p.failed, 0, failed, t)
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
