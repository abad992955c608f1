package catalog

import (
	"io"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
	"sluice/sink/forward"
)

// Recorded makes the pipeline with a sink of the caller's in the place of each
// output's, which it names. Nothing of it connects, listens or writes, and what
// the filter stdout prints is thrown away. Settings that name no place where
// records go are good. p.Close frees the parts.
func Recorded(t *conf.Tree, s *Settings, sink func(output string) forwarder.Sink) (p *Parts, problems conf.Problems) {
	if s.Tree == nil && target(t, s) != nil {
		nowhere := *s
		nowhere.Elasticsearch.URLs = []string{"http://recorded.invalid:9200"}
		nowhere.Forward.Servers = []forward.Server{{Host: "recorded.invalid", Port: 24224, Weight: 60}}
		s = &nowhere
	}
	d := trialDeps()
	d.Record, d.Stdout = sink, io.Discard
	return made(t, s, d)
}

func (p *Parts) stands(step string, at conf.Pos) {
	if p.steps == nil {
		p.steps = map[string]conf.Pos{}
	}
	p.steps[step] = at
}

// Place is where the filter or the match of that name stands.
func (p *Parts) Place(step string) conf.Pos { return p.steps[step] }

// Shared is what the standard inputs say of every record.
func (s *Settings) Shared() *event.Fragment { return origin(s) }
