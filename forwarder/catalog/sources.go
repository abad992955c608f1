package catalog

import (
	"context"
	"fmt"
	"os"

	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/listen"
	"sluice/forwarder/sample"
	"sluice/forwarder/tail"
	"sluice/tlsfiles"
)

// sources are the sources by type.
func sources() map[string]row[input] {
	return map[string]row[input]{
		"tail":          sourceOf(defaultTailSource, newTailSource, tailSourceParams),
		"forward":       sourceOf(defaultForwardSource, newForwardSource, forwardSourceParams),
		"tcp":           sourceOf(defaultSocket(5170, 1<<20), newTCP, socketParams),
		"udp":           sourceOf(defaultSocket(5160, 4096), newUDP, socketParams),
		"http":          sourceOf(defaultWeb, newWeb, webParams),
		"sample":        sourceOf(sample.DefaultConfig, newSample, params{}),
		"dummy":         sourceOf(sample.DefaultConfig, newSample, params{}),
		"monitor_agent": sourceOf(defaultMonitor, newMonitor, monitorParams),
		"prometheus":    sourceOf(defaultPrometheus, newPrometheus, prometheusParams),
		"unix":          sourceOf(defaultUnix, newUnix, params{unneeded: map[string]string{"backlog": "the system's limit is used"}}),
		"syslog":        sourceOf(defaultSyslog, newSyslog, syslogParams),
	}
}

// source adapts a part's Run to forwarder.Source: each part names the Out that
// it needs itself.
type source func(ctx context.Context, out forwarder.Out) error

// Run implements forwarder.Source.
func (s source) Run(ctx context.Context, out forwarder.Out) error { return s(ctx, out) }

// newTail makes the source of container files.
func newTail(c *Context, cfg tail.Config) (input, error) {
	cfg.Loop, cfg.Self = c.Loop, ownPod()
	if c.Enrich != nil {
		cfg.Pods = func(path *event.Fragment) tail.Pod { return c.Enrich.Follow(path) }
	}
	t, err := tail.New(cfg, c.Ledger, positions{c.Checkpoint, c.positions}, c.Base, c.Log, c.Registerer)
	if err != nil {
		return input{}, err
	}
	return input{Source: source(func(ctx context.Context, out forwarder.Out) error { return t.Run(ctx, out) })}, nil
}

// newListen makes the source of the Forward protocol.
func newListen(c *Context, cfg listen.Config) (input, error) {
	cfg.DrainTimeout, cfg.Dead = c.Grace, c.Dead
	if c.Memory > 0 {
		cfg.Memory = c.Memory / 4
	}
	if cfg.TLS.Cert != "" {
		files, err := serverFiles(c, &cfg.TLS)
		if err != nil {
			return input{}, fmt.Errorf("inputs.forward.tls: %w", err)
		}
		cfg.Certs = files
	}
	l, err := listen.New(cfg, c.Ledger, c.Log, c.Registerer, c.Base)
	if err != nil {
		return input{}, err
	}
	return input{
		Source: source(func(ctx context.Context, out forwarder.Out) error { return l.Run(ctx, out) }),
		Listen: l.Listen, Addrs: l.Addrs,
	}, nil
}

// serverFiles reads what a server's section tls names.
func serverFiles(c *Context, t *listen.TLS) (*tlsfiles.Files, error) {
	cfg := tlsfiles.Config{Cert: t.Cert, Key: t.Key, Passphrase: t.Passphrase, CA: t.ClientCA, MinVersion: t.MinVersion}
	return certificates(cfg, c.Log, c.Deps.Registerer)
}

// settingsSources makes the standard pipeline's sources.
func (b *builder) settingsSources() error {
	if b.s.Inputs.Containers.Path != "" {
		in, err := newTail(b.input("containers"), b.s.Inputs.Containers)
		if err != nil {
			return partError{"inputs.containers", err}
		}
		b.parts.add("containers", forwarder.RootLabel, in)
	}
	if len(b.s.Inputs.Forward.Listen) > 0 || b.s.Inputs.Forward.Unix != "" {
		in, err := newListen(b.input("forward"), b.s.Inputs.Forward)
		if err != nil {
			return partError{"inputs.forward", err}
		}
		b.parts.forward = in.Addrs
		b.parts.add("forward", forwarder.RootLabel, in)
	}
	return nil
}

// input is the Context of the settings' only source of its kind, whose metrics
// need no further name.
func (b *builder) input(name string) *Context {
	c := b.context(name, "input", forwarder.RootLabel)
	c.Registerer = b.d.Registerer
	return c
}

// ownPod is the name of our pod: a pod's hostname, unless it has the node's.
func ownPod() string {
	if name := os.Getenv("POD_NAME"); name != "" {
		return name
	}
	name, _ := os.Hostname()
	return name
}
