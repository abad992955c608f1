package catalog

import (
	"context"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/buffer"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/ledger"
	"sluice/forwarder/listen"
	"sluice/sink/elastic"
)

// Deps is what parts share.
type Deps struct {
	Ledger     *ledger.Ledger
	Checkpoint *checkpoint.Store
	Dead       DeadLetters
	Budget     *buffer.Budget
	Memory     int64                // memory_limit in bytes; 0: a part's own default
	Lane       forwarder.LaneConfig // timing; zero values are defaults
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Loop       func(name string) (beat func()) // announces a loop to the health check
}

// DeadLetters is what parts need of the dead-letter store.
type DeadLetters interface {
	forwarder.DeadLetters
	listen.DeadLetters
}

// Parts is one pipeline, made and not running.
type Parts struct {
	Config forwarder.Config
	listen *listen.Listener
	sink   *elastic.Sink
}

// Check reports what is wrong with settings that decoded. t is where they
// came from. It makes every part, and starts none.
func Check(t *conf.Tree, s *Settings) conf.Problems {
	if len(s.Elasticsearch.URLs) == 0 && s.Elasticsearch.CloudID == "" {
		pos, _ := t.Locate("elasticsearch.urls")
		return conf.Problems{{Pos: pos, What: "elasticsearch.urls is not set", Fix: "set it in the file, or ELASTICSEARCH_URL in the environment"}}
	}
	_, problems := steps(t, s.Filters)
	if problems.Bad() {
		return problems
	}
	p, err := trial(s)
	if err != nil {
		var at partError
		if errors.As(err, &at) {
			return append(problems, t.Explain(at.section, at.err)...)
		}
		return append(problems, conf.Problem{What: err.Error()})
	}
	p.Close()
	return problems
}

// trial makes the parts only to see whether they can be made.
func trial(s *Settings) (*Parts, error) {
	return Build(s, Deps{
		Ledger: ledger.New(), Checkpoint: &checkpoint.Store{}, Budget: buffer.NewBudget(1),
		Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
}

// Connect reaches the output once, with settings that Check found good, and
// reports what is wrong there.
func Connect(ctx context.Context, t *conf.Tree, s *Settings) conf.Problems {
	p, err := trial(s)
	if err != nil {
		return conf.Problems{{What: err.Error()}}
	}
	defer p.Close()
	if err := p.sink.Check(ctx); err != nil {
		pos, _ := t.Locate("elasticsearch.urls")
		return conf.Problems{{Pos: pos, What: err.Error()}}
	}
	return nil
}

// partError says which section of the settings a part refused.
type partError struct {
	section string
	err     error
}

func (e partError) Error() string { return e.err.Error() }

func (e partError) Unwrap() error { return e.err }

// Build makes the standard pipeline: container files and the forward protocol,
// through the filters, into Elasticsearch.
func Build(s *Settings, d Deps) (*Parts, error) {
	root, problems := steps(&conf.Tree{Root: &conf.Element{}}, s.Filters)
	if problems.Bad() {
		return nil, errors.New(problems.String())
	}
	every, err := forwarder.ParsePattern("**")
	if err != nil {
		return nil, err
	}
	p := &Parts{}
	lane, err := p.lane(s, d)
	if err != nil {
		return nil, err
	}
	root = append(root, forwarder.Step{Match: every, Outputs: []forwarder.Output{{Lane: lane}}})
	p.Config = forwarder.Config{
		Sources: map[string]forwarder.Source{}, Lanes: []*forwarder.Lane{lane},
		Pipeline: forwarder.Pipeline{Root: root}, Grace: s.ShutdownGrace,
	}
	return p, p.sources(s, d)
}

func (p *Parts) lane(s *Settings, d Deps) (*forwarder.Lane, error) {
	name := s.Output
	reg := prometheus.WrapRegistererWith(prometheus.Labels{"sink": name}, d.Registerer)
	sink, err := elastic.New(s.Elasticsearch, d.Log.With("sink", name), reg)
	if err != nil {
		return nil, partError{name, err}
	}
	p.sink = sink
	pool := forwarder.NewPool()
	buf := buffer.NewMemory(buffer.Config{FlushBytes: int(s.Buffer.FlushBytes), FlushInterval: s.Buffer.FlushInterval}, d.Budget.Share(), pool.Free)
	cfg := d.Lane
	cfg.Name = name
	return forwarder.NewLane(cfg, sink, buf, d.Dead, pool, d.Log, d.Registerer)
}

// origin is what is known of every record of this agent.
func origin(s *Settings) *event.Fragment {
	f := &event.Fragment{Cluster: s.Cluster, Node: s.Kubernetes.Node}
	for _, x := range s.Fields {
		f.Fields = append(f.Fields, event.Pair{Name: x.Name, Value: x.Value})
	}
	return f
}
