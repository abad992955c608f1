package catalog

// The registry: sources, filters and outputs by the name that stands after
// @type in a fluent.conf, or after type in the settings file's filters.
//
// To add a part:
//
//  1. Its package has `type Config struct` whose fields carry `conf:"name"` tags
//     with Fluentd's parameter names (sections are nested structs, repeated ones
//     slices of structs; options: package conf), `DefaultConfig()`, and a
//     constructor that starts nothing. What a constructor refuses it says with
//     an error that has a method Field() string ("parse.expression",
//     "exclude[0].pattern"): that is where the problem is shown.
//  2. A line in sources (sources.go), filters (filters.go) or outputs
//     (outputs.go):
//
//     "grep": filterOf(filter.DefaultGrepConfig, filter.NewGrep),
//     "http": sourceOf(web.DefaultConfig, newWeb, params{}),
//     "file": outputOf(file.DefaultConfig, newFile, params{unneeded: map[string]string{"worker_lock": "there is one process"}}),
//
//     newWeb and newFile are small functions here that get the Context (name,
//     log, metrics, ledger, static fields) and return an input or an output.
//     A sink gets a lane of its own, with the settings of its <buffer>.
//  3. Every parameter that Fluentd's plug-in has is in Config, or in params with
//     the reason why it is not needed, or why it is refused.
//  4. Its rows in docs/from-fluentd.md.

import (
	"context"
	"fmt"
	"net"
	"time"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
)

// Context is what a part gets beside its settings. Its Log and its Registerer
// are the part's own: they carry its name.
type Context struct {
	Deps
	Name  string          // @id, else one made for it; for metrics, logs, files
	Base  *event.Fragment // what is true of every record of this agent
	Grace time.Duration   // how long a source may still answer after the stop

	Buffer bufferSection // an output's <buffer>: its lane follows it by itself

	builder *builder
	label   string // whose steps it stands in
	target  string // what its match is for

	positions string // what its positions' names begin with
}

// input is what a row of sources makes.
type input struct {
	forwarder.Source
	Listen func(ctx context.Context) error // takes its addresses, so that one in use is an error at start; may be nil
	Addrs  func() []net.Addr               // after Listen; may be nil
	// Steps are for this source's records alone, before all others.
	Steps []forwarder.Step
	// Warnings are what a user should know of the settings.
	Warnings []string
}

// output is what a row of outputs makes: a sink, or a way on without one.
type output struct {
	// Sink gets a lane. Where it has a method Close() or Check(ctx) error, that
	// is called at the end, and by `check --connect`.
	Sink forwarder.Sink
	// Target says where the sink's records go. Of it a lane without @id gets its
	// name, which must stay the same as long as the target does.
	Target string
	// Before are steps that records pass before they go on: a stage.
	Before []forwarder.Step
	// Watches says that Before only look at the records: a copy can have them
	// before all its stores.
	Watches bool
	// To is where they go on.
	To []forwarder.Output
}

// row makes a part from its element.
type row[P any] func(c *Context, e *conf.Element) (P, conf.Problems, error)

// params are parameters that a plug-in of Fluentd has and the part has not,
// with the reason. One within a section is named with a dot: transport.ciphers.
type params struct {
	unneeded map[string]string // a warning
	missing  map[string]string // a warning: records come without what it would do
	refused  map[string]string // an error: what the user wants would not happen
}

// partOf makes a row of a part's defaults and its constructor. taken are
// parameters and sections that somebody else reads.
func partOf[P, C any](defaults func() C, build func(*Context, C) (P, error), not params, taken ...string) row[P] {
	return func(c *Context, e *conf.Element) (part P, problems conf.Problems, err error) {
		cfg := defaults()
		known, rest := not.sort(e)
		problems = append(known, conf.Decode(rest, &cfg, taken...)...)
		problems.Sort()
		if problems.Bad() {
			return part, problems, nil
		}
		part, err = build(c, cfg)
		return part, problems, err
	}
}

func sourceOf[C any](defaults func() C, build func(*Context, C) (input, error), not params) row[input] {
	return partOf(defaults, build, not)
}

func outputOf[C any](defaults func() C, build func(*Context, C) (output, error), not params) row[output] {
	return partOf(defaults, build, not, "secondary") // read by the builder
}

// filterOf makes a row of a filter's two constructors.
func filterOf[C any, F forwarder.Filter](defaults func() C, build func(C) (F, error)) row[forwarder.Step] {
	return stepOf(defaults, func(_ *Context, cfg C) (forwarder.Step, error) {
		f, err := build(cfg)
		return forwarder.Step{Filter: f}, err
	}, params{})
}

// stepOf is filterOf for a filter that needs the Context or lacks parameters,
// or for a stage: the step's Filter, or its Stage and Late, are build's.
func stepOf[C any](defaults func() C, build func(*Context, C) (forwarder.Step, error), not params) row[forwarder.Step] {
	return partOf(defaults, build, not, "tag")
}

const (
	bothTLS  = "TLS 1.2 and 1.3 are spoken, with the ciphers that Go holds safe"
	noneMade = "no certificate is made: write cert_path FILE and private_key_path FILE"
)

// transportParams are those of every server's <transport tls>.
var transportParams = params{
	unneeded: map[string]string{
		"transport.max_version": bothTLS, "transport.ciphers": bothTLS,
		"transport.insecure": "it says nothing for a server", "transport.cert_thumbprint": "certificates are files", "transport.cert_logical_store_name": "certificates are files",
	},
	refused: map[string]string{
		"transport.ca_private_key_passphrase": noneMade,
		"transport.ca_cert_path":              noneMade, "transport.ca_private_key_path": noneMade, "transport.generate_private_key_length": noneMade,
		"transport.generate_cert_common_name": noneMade, "transport.cert_verifier": "name the clients' authority: client_cert_auth true and ca_path FILE",
	},
}

// sort tells the parameters and sections of e that are in p, those within a
// section named with a dot (log.path). rest is e without them.
func (p params) sort(e *conf.Element) (problems conf.Problems, rest *conf.Element) {
	return p.below(e, "")
}

func (p params) below(e *conf.Element, prefix string) (problems conf.Problems, rest *conf.Element) {
	c := *e
	c.Params, c.Children = nil, nil
	for _, x := range e.Params {
		if x.Null { // as if it were not written
			continue
		}
		found, known := p.look(e.Name, prefix+x.Name, x.Name, x.Pos)
		if known && x.Value == "" && x.Raw != "" { // "#{ENV['X']}" without X in the environment asks for nothing
			continue
		}
		if _, is := p.missing[prefix+x.Name]; !is || x.Value != "false" && x.Value != "no" { // what is switched off is not missed
			problems = append(problems, found...)
		}
		if !known {
			c.Params = append(c.Params, x)
		}
	}
	for _, x := range e.Children {
		found, known := p.look(e.Name, prefix+x.Name, "<"+x.Name+">", x.Pos)
		if !known {
			var sub *conf.Element
			found, sub = p.below(x, prefix+x.Name+".")
			c.Children = append(c.Children, sub)
		}
		problems = append(problems, found...)
	}
	return problems, &c
}

func (p params) look(section, key, name string, pos conf.Pos) (problems conf.Problems, known bool) {
	where := fmt.Sprintf("%s of <%s>", name, section)
	if why, ok := transportParams.unneeded[key]; ok {
		return conf.Problems{{Pos: pos, Severity: conf.Warning, What: where + " is not needed: " + why, Fix: "remove it"}}, true
	}
	if why, ok := transportParams.refused[key]; ok {
		return conf.Problems{{Pos: pos, What: where + " is not supported", Fix: why}}, true
	}
	if why, ok := p.unneeded[key]; ok {
		return conf.Problems{{Pos: pos, Severity: conf.Warning, What: where + " is not needed: " + why, Fix: "remove it"}}, true
	}
	if why, ok := p.missing[key]; ok {
		return conf.Problems{{Pos: pos, Severity: conf.Warning, What: where + " is not supported: " + why, Fix: "remove it"}}, true
	}
	if why, ok := p.refused[key]; ok {
		return conf.Problems{{Pos: pos, What: where + " is not supported", Fix: why}}, true
	}
	return nil, false
}
