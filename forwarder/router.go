package forwarder

import (
	"slices"
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

// Step is a filter, a stage or, when both are nil, a match with its outputs. A record
// passes each filter whose pattern fits its tag, up to the first match that
// does, which takes it: its outputs all get it.
type Step struct {
	Match   Pattern
	Name    string // of the filter, for metrics
	Filter  Filter
	Stage   Stage
	Late    string // the label that a stage's late records go to; empty: on, as all others
	Outputs []Output
}

// Output is a lane or a label.
type Output struct {
	Lane  *Lane
	Label string
}

// path is a Pipeline compiled for one tag.
type path struct {
	tag     string
	filters []Step        // and stages
	late    map[int]*path // by stage
	lanes   []*branch
	labels  []*path
	failed  *path     // the @ERROR label's; nil: failed records stay as they are
	all     []*branch // every lane reachable, for Admit
	beyond  *beyond   // and under other tags
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
	p := r.compile(route{tag: tag, beyond: &beyond{}}, "", r.pipeline.Root)
	r.paths[tag] = p
	return p
}

// route is the way that compile has come.
type route struct {
	tag    string
	via    []string // labels
	beyond *beyond
}

// compile follows the steps for a tag. A label that leads back to itself ends
// there.
func (r *router) compile(at route, label string, steps []Step) *path {
	p := &path{tag: at.tag, beyond: at.beyond}
	if slices.Contains(at.via, label) {
		return p
	}
	at.via = append(at.via[:len(at.via):len(at.via)], label)
	follow := func(label string) *path {
		next := r.compile(at, label, r.pipeline.Labels[label])
		p.all = append(p.all, next.all...)
		return next
	}
	if _, ok := r.pipeline.Labels[ErrorLabel]; ok && label != ErrorLabel {
		p.failed = follow(ErrorLabel)
	}
	for _, s := range steps {
		if !s.Match.Match(at.tag) {
			continue
		}
		if s.Filter != nil || s.Stage != nil {
			if s.Stage != nil && s.Late != "" {
				if p.late == nil {
					p.late = map[int]*path{}
				}
				p.late[len(p.filters)] = follow(s.Late)
			}
			p.filters = append(p.filters, s)
			continue
		}
		for _, o := range s.Outputs {
			if o.Lane != nil {
				b := &branch{lane: o.Lane}
				p.lanes, p.all = append(p.lanes, b), append(p.all, b)
				continue
			}
			p.labels = append(p.labels, follow(o.Label))
		}
		break
	}
	return p
}

// reach is every lane that the tag's records may come to.
func (p *path) reach() []*branch {
	if more := p.beyond.all.Load(); more != nil {
		return slices.Concat(p.all, *more)
	}
	return p.all
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
