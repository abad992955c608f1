package forwarder

import (
	"sync"
	"sync/atomic"

	"sluice/event"
)

// ErrorLabel is where records go that a filter could not work on.
const ErrorLabel = "@ERROR"

// Pipeline is what the configuration says happens to a record: the steps of
// the root and of each label, in order.
type Pipeline struct {
	Root   []Step
	Labels map[string][]Step
}

// Step is a filter, or, when Filter is nil, a match with its outputs. A record
// passes each filter whose pattern fits its tag, up to the first match that
// does, which takes it: its outputs all get it.
type Step struct {
	Match   Pattern
	Name    string // of the filter, for metrics
	Filter  Filter
	Outputs []Output
}

// Output is a lane or a label.
type Output struct {
	Lane  *Lane
	Label string
}

// path is a Pipeline compiled for one tag.
type path struct {
	filters []Step
	lanes   []*branch
	labels  []*path
	failed  *path     // the @ERROR label's; nil: failed records stay as they are
	all     []*branch // every lane reachable, for Admit
}

// branch is a lane as one tag sees it. key is where the tag's records last
// went, so that Admit can hold the tag back when just that key is parked.
type branch struct {
	lane *Lane
	key  atomic.Pointer[string]
}

// router compiles paths, once per tag.
type router struct {
	pipeline Pipeline
	mu       sync.Mutex
	paths    map[string]*path
}

// maxPaths bounds what is kept for tags that are no longer used.
const maxPaths = 10000

func (r *router) path(tag string) *path {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.paths[tag]; p != nil {
		return p
	}
	if len(r.paths) >= maxPaths {
		clear(r.paths)
	}
	p := r.compile(tag, "", r.pipeline.Root, nil)
	r.paths[tag] = p
	return p
}

// compile follows the steps for a tag. via holds the labels on the way here; a
// label that leads back to itself ends there.
func (r *router) compile(tag, label string, steps []Step, via []string) *path {
	for _, l := range via {
		if l == label {
			return &path{}
		}
	}
	via = append(via, label)
	p := &path{}
	if errs, ok := r.pipeline.Labels[ErrorLabel]; ok && label != ErrorLabel {
		p.failed = r.compile(tag, ErrorLabel, errs, via)
		p.all = append(p.all, p.failed.all...)
	}
	for _, s := range steps {
		if !s.Match.Match(tag) {
			continue
		}
		if s.Filter != nil {
			p.filters = append(p.filters, s)
			continue
		}
		for _, o := range s.Outputs {
			if o.Lane != nil {
				b := &branch{lane: o.Lane}
				p.lanes, p.all = append(p.lanes, b), append(p.all, b)
				continue
			}
			next := r.compile(tag, o.Label, r.pipeline.Labels[o.Label], via)
			p.labels, p.all = append(p.labels, next), append(p.all, next.all...)
		}
		break
	}
	return p
}

func (p *path) ends() bool { return len(p.lanes)+len(p.labels) == 0 }

// splitFailed moves failed records to a batch of their own, all others dropped
// in it, and drops them here. nil when there are none.
func splitFailed(b *event.Batch) *event.Batch {
	if b.Weight(event.Failed) == 0 {
		return nil
	}
	f := b.Branch()
	for i := range b.Recs {
		if b.Recs[i].State == event.Failed {
			b.Recs[i].State, f.Recs[i].State = event.Dropped, event.Live
		} else {
			f.Recs[i].State = event.Dropped
		}
	}
	return f
}
