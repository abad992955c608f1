package forwarder

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"sluice/event"
)

// Labels with a meaning of their own.
const (
	ErrorLabel = "@ERROR" // where records go that a filter could not work on
	RootLabel  = "@ROOT"  // the steps outside of every label
)

// Pipeline is what the configuration says happens to a record: the steps of
// the root and of each label, in order.
type Pipeline struct {
	Root   []Step
	Labels map[string][]Step
}

func (p *Pipeline) steps(label string) []Step {
	if label == RootLabel {
		return p.Root
	}
	return p.Labels[label]
}

// Step is a filter, a stage or, when both are nil, a match with its outputs. A
// record passes each filter whose pattern fits its tag, up to the first match
// that does, which takes it: its outputs all get it.
type Step struct {
	Match   Pattern
	Name    string // of the filter or the match, for metrics
	Filter  Filter
	Stage   Stage
	Late    string // the label that a stage's late records go to; empty: on, as all others
	Outputs []Output
}

// Output is where a match sends its records: one of the fields is set, or
// Label beside Retag.
type Output struct {
	Lane  *Lane
	Label string   // its steps go on; RootLabel: the root's
	Null  bool     // nowhere, on purpose
	Turn  []Output // to one of them, batch by batch in turn; listed as often as it weighs
	Retag Retagger // to the top of the same steps, or of Label's, under other tags
	Some  bool     // with Retag: what gets no tag is another output's, and not counted as dropped
}

// Retagger says under which tag each record goes on.
type Retagger interface {
	// Retag sets tags[i] for the live record i of b; what stays empty is
	// dropped. LABEL\x00TAG stands for a tag under another label. It does not
	// change b, and is called from many goroutines at once.
	Retag(b *event.Batch, tags []string)
}

// path is a Pipeline compiled for one tag, from the top of one label.
type path struct {
	label   string
	tag     string
	name    string        // of the match; empty: none matched
	filters []Step        // and stages
	late    map[int]*path // by stage
	outs    []outlet
	failed  *path     // the @ERROR label's; nil: failed records stay as they are
	all     []*branch // every lane reachable, for Admit
	beyond  *beyond   // and under other tags
	told    atomic.Bool
}

// outlet is an Output as one tag sees it.
type outlet struct {
	lane  *branch
	next  *path
	turn  []outlet
	at    *atomic.Uint32 // which of turn is next
	retag Retagger
	some  bool   // of what it gets
	label string // where retag leads
}

// branch is a lane as one tag sees it. key is where the tag's records last
// went, so that Admit can hold the tag back when just that key is parked.
type branch struct {
	lane *Lane
	key  atomic.Pointer[string]
}

// router compiles paths, once per label and tag.
type router struct {
	pipeline Pipeline
	mu       sync.Mutex
	paths    map[place]*path
}

// place is where a record may stand: at the top of a label, under a tag.
type place struct{ label, tag string }

// maxPaths bounds what is kept for tags that are no longer used.
const maxPaths = 10000

func (r *router) path(label, tag string) *path {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := place{label, tag}
	if p := r.paths[at]; p != nil {
		return p
	}
	if len(r.paths) >= maxPaths {
		clear(r.paths)
	}
	p := r.compile(route{tag: tag, beyond: &beyond{}}, label)
	r.paths[at] = p
	return p
}

// route is the way that compile has come.
type route struct {
	tag    string
	via    []string // labels
	beyond *beyond
}

// compile follows the steps of a label for a tag. A label that leads back to
// itself ends there.
func (r *router) compile(at route, label string) *path {
	p := &path{label: label, tag: at.tag, beyond: at.beyond}
	if slices.Contains(at.via, label) {
		return p
	}
	at.via = append(at.via[:len(at.via):len(at.via)], label)
	follow := func(label string) *path {
		next := r.compile(at, label)
		p.all = append(p.all, next.all...)
		return next
	}
	if _, ok := r.pipeline.Labels[ErrorLabel]; ok && label != ErrorLabel {
		p.failed = follow(ErrorLabel)
	}
	for _, s := range r.pipeline.steps(label) {
		if !s.Match.Match(at.tag) {
			continue
		}
		if s.Filter == nil && s.Stage == nil {
			p.name = s.Name
			p.outs = p.outlets(s.Outputs, follow)
			break
		}
		if s.Stage != nil && s.Late != "" {
			if p.late == nil {
				p.late = map[int]*path{}
			}
			p.late[len(p.filters)] = follow(s.Late)
		}
		p.filters = append(p.filters, s)
	}
	return p
}

func (p *path) outlets(outs []Output, follow func(label string) *path) (list []outlet) {
	for _, o := range outs {
		switch {
		case o.Lane != nil:
			b := &branch{lane: o.Lane}
			p.all = append(p.all, b)
			list = append(list, outlet{lane: b})
		case o.Retag != nil:
			list = append(list, outlet{retag: o.Retag, some: o.Some, label: cmp.Or(o.Label, p.label)})
		case o.Label != "":
			list = append(list, outlet{next: follow(o.Label)})
		case o.Turn != nil:
			list = append(list, outlet{turn: p.turns(o.Turn, follow), at: new(atomic.Uint32)})
		}
	}
	return list
}

// turns are outlets, each Output's own: one that leads nowhere has its turn.
func (p *path) turns(outs []Output, follow func(label string) *path) (list []outlet) {
	for _, o := range outs {
		if o.Null {
			list = append(list, outlet{next: &path{label: p.label, tag: p.tag, name: p.name, beyond: p.beyond}})
			continue
		}
		list = append(list, p.outlets([]Output{o}, follow)...)
	}
	return list
}

// reach is every lane that the tag's records may come to, as far as is known:
// where tags are made of records, a lane is once the first record came there.
func (p *path) reach() []*branch {
	if more := p.beyond.all.Load(); more != nil {
		return slices.Concat(p.all, *more)
	}
	return p.all
}

// splitFailed moves failed records to a batch of their own, all others dropped
// in it, and drops them here. nil when there are none.
func splitFailed(b *event.Batch) *event.Batch {
	if !b.Has(event.Failed) {
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
