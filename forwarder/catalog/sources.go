package catalog

import (
	"context"
	"fmt"

	"sluice/forwarder"
	"sluice/forwarder/listen"
	"sluice/forwarder/tail"
	"sluice/tlsfiles"
)

// source adapts a part's Run to forwarder.Source: each part names the Out that
// it needs itself.
type source func(ctx context.Context, out forwarder.Out) error

// Run implements forwarder.Source.
func (s source) Run(ctx context.Context, out forwarder.Out) error { return s(ctx, out) }

func (p *Parts) sources(s *Settings, d Deps) error {
	base := origin(s)
	if s.Inputs.Containers.Path != "" {
		cfg := s.Inputs.Containers
		cfg.Loop = d.Loop
		t, err := tail.New(cfg, d.Ledger, d.Checkpoint, base, d.Log.With("input", "containers"), d.Registerer)
		if err != nil {
			return partError{"inputs.containers", err}
		}
		p.Config.Sources["containers"] = source(func(ctx context.Context, out forwarder.Out) error { return t.Run(ctx, out) })
	}
	if len(s.Inputs.Forward.Listen) > 0 || s.Inputs.Forward.Unix != "" {
		cfg := s.Inputs.Forward
		cfg.DrainTimeout, cfg.Dead = s.ShutdownGrace, d.Dead
		if d.Memory > 0 {
			cfg.Memory = d.Memory / 4
		}
		if cfg.TLS.Cert != "" {
			files, err := tlsfiles.New(tlsfiles.Config{Cert: cfg.TLS.Cert, Key: cfg.TLS.Key, CA: cfg.TLS.ClientCA}, d.Log.With("input", "forward"))
			if err != nil {
				return partError{"inputs.forward.tls", fmt.Errorf("inputs.forward.tls: %w", err)}
			}
			cfg.Certs = files
		}
		l, err := listen.New(cfg, d.Ledger, d.Log.With("input", "forward"), d.Registerer, base)
		if err != nil {
			return partError{"inputs.forward", err}
		}
		p.listen = l
		p.Config.Sources["forward"] = source(func(ctx context.Context, out forwarder.Out) error { return l.Run(ctx, out) })
	}
	return nil
}

// Listen takes the inputs' addresses, so that one in use is an error at start.
func (p *Parts) Listen() error {
	if p.listen == nil {
		return nil
	}
	return p.listen.Listen(context.Background())
}

// ForwardAddrs are the addresses the forward input listens on, after Listen.
func (p *Parts) ForwardAddrs() (list []string) {
	if p.listen != nil {
		for _, a := range p.listen.Addrs() {
			list = append(list, a.String())
		}
	}
	return list
}

// Close frees what a part holds beyond Run.
func (p *Parts) Close() {
	if p.sink != nil {
		p.sink.Close()
	}
}
