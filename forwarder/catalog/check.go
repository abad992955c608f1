package catalog

import (
	"context"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/conf"
	"sluice/forwarder"
	"sluice/forwarder/buffer"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/ledger"
)

// Check reports what is wrong with settings that decoded. t is where they
// came from. It makes every part, and starts none.
func Check(t *conf.Tree, s *Settings) conf.Problems {
	if s.Tree == nil {
		if problems := target(t, s); problems != nil {
			return problems
		}
	}
	p, problems := trial(t, s)
	p.Close()
	return append(problems, checkServers(t, s)...)
}

// target reports that nothing says where records go.
func target(t *conf.Tree, s *Settings) conf.Problems {
	missing := conf.Problem{What: "elasticsearch.urls is not set", Fix: "set it in the file, or ELASTICSEARCH_URL in the environment"}
	switch {
	case s.Output == "forward" && len(s.Forward.Servers) == 0 && s.Forward.SRV == "":
		missing = conf.Problem{What: "forward.servers is not set", Fix: `write forward: { servers: [{ host: "HOST" }] }`}
	case s.Output == "elasticsearch" && len(s.Elasticsearch.URLs) == 0 && s.Elasticsearch.CloudID == "":
	default:
		return nil
	}
	missing.Pos, _ = t.Locate(where[s.Output])
	return conf.Problems{missing}
}

// where is the setting that says where an output's records go.
var where = map[string]string{"elasticsearch": "elasticsearch.urls", "forward": "forward.servers"}

// trial makes the parts only to see whether they can be made.
func trial(t *conf.Tree, s *Settings) (*Parts, conf.Problems) {
	return made(t, s, trialDeps())
}

func trialDeps() Deps {
	return Deps{
		Ledger: ledger.New(), Checkpoint: &checkpoint.Store{}, Budget: buffer.NewBudget(1),
		Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	}
}

// made is build with every error as a problem.
func made(t *conf.Tree, s *Settings, d Deps) (*Parts, conf.Problems) {
	p, problems, err := build(t, s, d)
	var at partError
	switch {
	case errors.As(err, &at):
		problems = append(problems, t.Explain(at.section, at.err)...)
	case err != nil:
		problems = append(problems, conf.Problem{What: err.Error()})
	}
	return p, problems
}

// Sinks makes the outputs of settings that Check found good, by their lanes'
// names, for who sends something by hand. p.Close frees them.
func Sinks(t *conf.Tree, s *Settings) (sinks map[string]forwarder.Sink, p *Parts, problems conf.Problems) {
	p, problems = trial(t, s)
	sinks = map[string]forwarder.Sink{}
	for _, l := range p.Config.Lanes {
		sinks[l.Name()] = l.Sink()
	}
	return sinks, p, problems
}

// Connect reaches the outputs once, with settings that Check found good, and
// reports what is wrong there.
func Connect(ctx context.Context, t *conf.Tree, s *Settings) (problems conf.Problems) {
	p, found := trial(t, s)
	defer p.Close()
	if found.Bad() {
		return found
	}
	pos, _ := t.Locate(where[s.Output])
	for i, sink := range p.sinks {
		c, ok := sink.(interface{ Check(context.Context) error })
		if !ok {
			continue
		}
		if err := c.Check(ctx); err != nil {
			if s.Tree != nil {
				pos = p.places[i]
			}
			problems = append(problems, conf.Problem{Pos: pos, What: err.Error()})
		}
	}
	return problems
}

// partError says which section of the settings a part refused.
type partError struct {
	section string
	err     error
}

func (e partError) Error() string { return e.err.Error() }

func (e partError) Unwrap() error { return e.err }
