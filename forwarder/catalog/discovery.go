package catalog

import (
	"strings"
	"time"

	"sluice/conf"
	"sluice/sink/forward"
)

// found is what sections <service_discovery> name.
type found struct {
	servers []forward.Server
	srv     *srvDiscovery
	file    *fileDiscovery
}

// staticDiscovery is a list of servers.
type staticDiscovery struct {
	Type    string           `conf:"type"`
	Service []forward.Server `conf:"service"`
}

// srvDiscovery are SRV records.
type srvDiscovery struct {
	Type      string        `conf:"type"`
	Service   string        `conf:"service"`
	Proto     string        `conf:"proto"`
	Hostname  string        `conf:"hostname,required"`
	Interval  time.Duration `conf:"interval"`
	SharedKey string        `conf:"shared_key,secret"`
	Username  string        `conf:"username"`
	Password  string        `conf:"password,secret"`
}

var srvParams = params{
	unneeded: map[string]string{"dns_lookup": "names are resolved for every new connection"},
	missing:  map[string]string{"dns_server_host": "the system's DNS servers are asked"},
}

// matchForward is the row of Fluentd's match forward.
func matchForward(c *Context, e *conf.Element) (output, conf.Problems, error) {
	rest := *e
	rest.Children = nil
	var f found
	var problems conf.Problems
	for _, child := range e.Children {
		if child.Name == "service_discovery" {
			problems = append(problems, f.read(child)...)
		} else {
			rest.Children = append(rest.Children, child)
		}
	}
	make := func(c *Context, p forwardMatch) (output, error) {
		p.found = f
		return newForwardMatch(c, p)
	}
	if problems.Bad() {
		make = func(*Context, forwardMatch) (output, error) { return output{}, nil }
	}
	out, more, err := outputOf(defaultForwardMatch, make, forwardMatchParams)(c, &rest)
	return out, append(problems, more...), err
}

// read reads one section.
func (f *found) read(e *conf.Element) conf.Problems {
	kind, p := e.Type()
	switch {
	case p == nil:
		return conf.Problems{{Pos: e.Pos, What: "<service_discovery> has no @type", Fix: "add @type static, file or srv"}}
	case kind == "static":
		var d staticDiscovery
		problems := conf.Decode(e, &d)
		f.servers = append(f.servers, d.Service...)
		return append(problems, explain(e, usable("service", d.Service))...)
	case kind == "file" && f.file == nil:
		f.file = &fileDiscovery{Path: "/etc/fluent/sd.yaml", Encoding: "utf-8"}
		problems := conf.Decode(e, f.file)
		if !problems.Bad() {
			problems = append(problems, explain(e, f.file.check())...)
		}
		return problems
	case kind == "srv" && f.srv == nil:
		f.srv = &srvDiscovery{Proto: "tcp", Interval: time.Minute}
		problems, rest := srvParams.sort(e)
		return append(problems, conf.Decode(rest, f.srv)...)
	case kind == "srv", kind == "file":
		return conf.Problems{{Pos: e.Pos, What: "a second <service_discovery> of type " + kind + " is not supported", Fix: "remove it"}}
	}
	return conf.Problems{conf.UnknownName(p.Pos, "service_discovery type", kind, []string{"file", "srv", "static"})}
}

// into makes them settings.
func (f *found) into(cfg *forward.Config) {
	cfg.Servers = distinct(append(cfg.Servers, f.servers...))
	if f.file != nil {
		cfg.Find, cfg.SRVInterval = f.file.find, fileInterval
	}
	d := f.srv
	if d == nil {
		return
	}
	cfg.SRVInterval, cfg.SRV = d.Interval, d.Hostname
	if d.Service != "" { // RFC 2782
		cfg.SRV = strings.Join([]string{"_" + d.Service, "_" + d.Proto, d.Hostname}, ".")
	}
	if d.SharedKey != "" {
		cfg.SharedKey = d.SharedKey
	}
	cfg.Username, cfg.Password = d.Username, d.Password
}
