package catalog

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/buffer"
	"sluice/forwarder/buffer/held"
	"sluice/forwarder/buffer/wal"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/enrich"
	"sluice/forwarder/ledger"
	"sluice/forwarder/listen"
	"sluice/forwarder/status"
)

// Deps is what parts share.
type Deps struct {
	Ledger     *ledger.Ledger
	Checkpoint *checkpoint.Store
	Dead       DeadLetters
	Budget     *buffer.Budget
	Enrich     *enrich.Enricher     // knows the node's pods; may be nil
	Held       *held.Store          // for joins behind sources that cannot be read again; may be nil
	BufferDir  string               // where lanes keep what must not be lost; empty: in memory alone
	Memory     int64                // memory_limit in bytes; 0: a part's own default
	Lane       forwarder.LaneConfig // timing; zero values are defaults
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Loop       func(name string) (beat func()) // announces a loop to the health check

	// Record makes what stands in the place of an output's sink; nil: none does.
	Record func(output string) forwarder.Sink
	Stdout io.Writer // of the filter stdout; nil: the program's
}

// DeadLetters is what parts need of the dead-letter store.
type DeadLetters interface {
	forwarder.DeadLetters
	listen.DeadLetters
}

// Parts is one pipeline, made and not running.
type Parts struct {
	Config  forwarder.Config
	listens []func(context.Context) error
	forward func() []net.Addr // the addresses of the first forward input
	sinks   []forwarder.Sink
	logs    []*wal.Log // of the lanes
	places  []conf.Pos // where the sinks stand in the tree
	known   []status.Plugin
	steps   map[string]conf.Pos          // where filters and matches stand, by name
	addrs   map[string]func() []net.Addr // of the inputs that listen, by name
}

// builder makes the parts of one configuration.
type builder struct {
	s     *Settings
	d     Deps
	base  *event.Fragment
	parts *Parts
	used  map[string]int // names given, and how often
	disks []disk         // of the lanes
	// Of the stages that hold records: what gives each its keeper.
	keepers []func()
	durable bool // a lane's buffer keeps blocks on the disk
	// Of the tree: its labels, and whether records get their pod's metadata.
	labels   map[string]bool
	metadata bool
}

// Build makes the pipeline that the settings describe: their tree in Fluentd's
// language, else the standard one, which is container files and the forward
// protocol, through the filters, into the output.
func Build(s *Settings, d Deps) (*Parts, error) {
	p, problems, err := build(&conf.Tree{Root: &conf.Element{}}, s, d)
	if problems.Bad() {
		return nil, errors.New(problems.String())
	}
	return p, err
}

// build is Build that tells the places of what is wrong: t is where the
// settings came from.
func build(t *conf.Tree, s *Settings, d Deps) (*Parts, conf.Problems, error) {
	b := &builder{s: s, d: d, base: origin(s), parts: &Parts{addrs: map[string]func() []net.Addr{}}, used: map[string]int{}}
	b.parts.Config = forwarder.Config{
		Sources: map[string]forwarder.Source{}, Labels: map[string]string{}, Grace: s.ShutdownGrace,
	}
	var problems conf.Problems
	err := s.Kubernetes.Check()
	if err != nil {
		return b.parts, nil, partError{"kubernetes", err}
	}
	if s.Tree != nil {
		problems = b.tree(s.Tree)
	} else if problems, err = b.standard(t); err != nil {
		return b.parts, problems, err
	}
	if !problems.Bad() {
		b.orphans()
		b.recover()
	}
	return b.parts, problems, nil
}

// standard makes the standard pipeline.
func (b *builder) standard(t *conf.Tree) (conf.Problems, error) {
	root, problems := b.settingsSteps(t, b.s.Filters)
	if problems.Bad() {
		return problems, nil
	}
	every, err := forwarder.ParsePattern("**")
	if err != nil {
		return nil, err
	}
	first, found, err := b.settingsAnnotations(t)
	problems = append(problems, found...)
	if err != nil || problems.Bad() {
		return problems, err
	}
	root = append(first, root...)
	out, err := b.settingsOutput()
	if err != nil {
		return problems, err
	}
	root = append(root, forwarder.Step{Match: every, Name: b.s.Output, Outputs: out})
	b.parts.Config.Pipeline = forwarder.Pipeline{Root: root}
	return problems, b.settingsSources()
}

// settingsOutput makes the output of the standard pipeline and its lane.
func (b *builder) settingsOutput() ([]forwarder.Output, error) {
	c := b.context(b.s.Output, "sink", forwarder.RootLabel)
	var out output
	var err error
	if b.s.Output == "forward" {
		out, err = newForward(c, b.s.Forward)
	} else {
		out, err = newElastic(c, b.s.Elasticsearch)
	}
	if err != nil {
		return nil, partError{b.s.Output, err}
	}
	lane, err := b.lane(c, b.s.Output, out, b.s.Buffer, b.d.Lane)
	if err != nil {
		return nil, err
	}
	return []forwarder.Output{{Lane: lane}}, nil
}

// context is what the part of that name gets. kind is the label that its name
// has in metrics.
func (b *builder) context(name, kind, label string) *Context {
	c := &Context{Deps: b.d, Name: name, Base: b.base, Grace: b.s.ShutdownGrace, builder: b, label: label}
	c.Log = b.d.Log.With(kind, name)
	c.Registerer = prometheus.WrapRegistererWith(prometheus.Labels{kind: name}, b.d.Registerer)
	return c
}

// lane puts a buffer and senders in front of an output's sink.
func (b *builder) lane(c *Context, kind string, out output, s Buffer, cfg forwarder.LaneConfig) (*forwarder.Lane, error) {
	b.parts.sinks = append(b.parts.sinks, out.Sink)
	if b.d.Record != nil {
		out.Sink = b.d.Record(c.Name)
	}
	if err := s.check(); err != nil {
		return nil, partError{"buffer", err}
	}
	b.durable = b.durable || s.Type != "memory" && b.d.BufferDir != ""
	pool := forwarder.NewPool()
	cfg.Name = c.Name
	lane, err := forwarder.NewLane(cfg, out.Sink, b.queue(c, newDisk(c.Name, kind, out), s, pool), b.d.Dead, pool, b.d.Log, b.d.Registerer)
	if err != nil {
		return nil, err
	}
	b.parts.Config.Lanes = append(b.parts.Config.Lanes, lane)
	return lane, b.limit(c.Name, s)
}

// origin is what is known of every record of this agent.
func origin(s *Settings) *event.Fragment {
	f := &event.Fragment{Cluster: s.Cluster, Node: s.Kubernetes.Node}
	for _, x := range s.Fields {
		f.Fields = append(f.Fields, event.Pair{Name: x.Name, Value: x.Value})
	}
	return f
}

func (p *Parts) add(name, label string, in input) {
	p.Config.Sources[name] = in.Source
	p.Config.Labels[name] = label
	if in.Addrs != nil {
		p.addrs[name] = in.Addrs
	}
	if in.Listen != nil {
		p.listens = append(p.listens, in.Listen)
	}
}

// Listen takes the inputs' addresses, so that one in use is an error at start.
func (p *Parts) Listen() error {
	for _, listen := range p.listens {
		if err := listen(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

// ForwardAddrs are the addresses that the first forward input listens on,
// after Listen.
func (p *Parts) ForwardAddrs() (list []string) {
	if p.forward != nil {
		for _, a := range p.forward() {
			list = append(list, a.String())
		}
	}
	return list
}

// InputAddrs are the addresses that the input of that name listens on, after
// Listen.
func (p *Parts) InputAddrs(name string) (list []string) {
	if addrs := p.addrs[name]; addrs != nil {
		for _, a := range addrs() {
			list = append(list, a.String())
		}
	}
	return list
}

// Close frees what a part holds beyond Run.
func (p *Parts) Close() {
	for _, s := range p.sinks {
		if c, ok := s.(interface{ Close() }); ok {
			c.Close()
		}
	}
	for _, l := range p.logs {
		l.Close() // a lane that ran has done it
	}
}
