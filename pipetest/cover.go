package pipetest

import (
	"maps"
	"slices"
	"strings"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
)

// Point is a filter or a match, and what came to it.
type Point struct {
	Kind    string `json:"kind"` // filter or match
	Name    string `json:"name"`
	Pattern string `json:"pattern"`
	Label   string `json:"label,omitempty"` // empty: the root
	Place   string `json:"place"`           // file:line:col
	Records int    `json:"records"`
	Dropped int    `json:"dropped"`
}

// watch puts watchers into the pipeline's steps. The points are the root's
// and then those of labels, by name; within one in the order of the file.
func (r *recorder) watch(p *forwarder.Pipeline, place func(step string) conf.Pos) (points []*Point, err error) {
	every, err := forwarder.ParsePattern("**")
	if err != nil {
		return nil, err
	}
	watched := func(label string, steps []forwarder.Step) (list []forwarder.Step) {
		for _, s := range steps {
			pt := &Point{Kind: "filter", Name: s.Name, Pattern: s.Match.String(), Label: label, Place: place(s.Name).String()}
			if s.Filter == nil && s.Stage == nil {
				pt.Kind = "match"
			}
			if !strings.HasPrefix(label, "source ") { // steps that the configuration does not have as such
				points = append(points, pt)
			}
			list = append(list, r.step(s, pt)...)
		}
		rest := forwarder.Step{Match: every, Name: NoMatch, Filter: &watcher{r: r, all: NoMatch}}
		return append(list, rest)
	}
	p.Root = watched("", p.Root)
	for _, label := range slices.Sorted(maps.Keys(p.Labels)) {
		p.Labels[label] = watched(label, p.Labels[label])
	}
	return points, nil
}

// step is s between its watchers.
func (r *recorder) step(s forwarder.Step, pt *Point) []forwarder.Step {
	w := &watcher{r: r, point: pt}
	if s.Filter != nil {
		w.filter, s.Filter = s.Filter, w
		return []forwarder.Step{s}
	}
	if s.Stage == nil && slices.ContainsFunc(s.Outputs, func(o forwarder.Output) bool { return o.Null }) {
		w.all = s.Name
	}
	s.Outputs = slices.Clone(s.Outputs)
	for i, o := range s.Outputs {
		s.Outputs[i].Turn = slices.Clone(o.Turn)
		for j, turn := range o.Turn {
			if turn.Null {
				s.Outputs[i].Turn[j] = forwarder.Output{Retag: retagger{nowhere{}, w}}
			}
		}
		if o.Retag != nil {
			s.Outputs[i].Retag = retagger{o.Retag, w}
		}
	}
	return []forwarder.Step{{Match: s.Match, Name: s.Name, Filter: w}, s}
}

// watcher counts the records that come by, and notes those that end there.
type watcher struct {
	r      *recorder
	point  *Point           // may be nil
	filter forwarder.Filter // may be nil
	all    string           // what drops all that come; empty: nothing does
}

// Apply implements forwarder.Filter.
func (w *watcher) Apply(b *event.Batch) {
	came := make([]bool, len(b.Recs))
	for i := range b.Recs {
		came[i] = b.Recs[i].State == event.Live
		if came[i] && w.point != nil {
			w.point.Records++
		}
	}
	if w.filter != nil {
		w.filter.Apply(b)
	}
	for i := range came {
		switch {
		case came[i] && w.all != "":
			w.drop(w.all, b, i)
		case came[i] && b.Recs[i].State == event.Dropped:
			w.drop(w.point.Name, b, i)
		}
	}
}

func (w *watcher) drop(by string, b *event.Batch, i int) {
	if w.point != nil {
		w.point.Dropped++
	}
	w.r.note(Outcome{Dropped: by}, b, i)
}

// nowhere gives no tag to any record.
type nowhere struct{}

// Retag implements forwarder.Retagger.
func (nowhere) Retag(*event.Batch, []string) {}

// retagger notes the records that get no tag.
type retagger struct {
	forwarder.Retagger
	w *watcher
}

// Retag implements forwarder.Retagger.
func (t retagger) Retag(b *event.Batch, tags []string) {
	t.Retagger.Retag(b, tags)
	for i := range b.Recs {
		if b.Recs[i].State == event.Live && tags[i] == "" {
			t.w.drop(t.w.point.Name, b, i)
		}
	}
}
