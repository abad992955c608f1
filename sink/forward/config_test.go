package forward

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestConfigIsRefused(t *testing.T) {
	for _, tt := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Servers = nil }, "forward.servers is empty"},
		{func(c *Config) { c.SRV = "x" }, "both servers and srv"},
		{func(c *Config) { c.Transport, c.TLS.CA = "tcp", "x" }, "write transport: tls"},
		{func(c *Config) { c.TLS.CA = "x" }, "BUG: forward speaks TLS"},
		{func(c *Config) { c.AckTimeout = 0 }, "must be above 0s"},
		{func(c *Config) { c.RecoverWait = -1 }, "must not be below 0s"},
		{func(c *Config) { c.Servers[0].Host = "" }, "forward.servers[0].host is empty"},
		{func(c *Config) { c.Servers[0].Port = 65536 }, "forward.servers[0].port is 65536"},
		{func(c *Config) { c.Servers[0].Weight = -1 }, "forward.servers[0].weight is -1"},
		{func(c *Config) { c.Servers = append(c.Servers, c.Servers[0]) }, "forward.servers[1] is a:24224, which is there already"},
		{func(c *Config) { c.Servers[0].Weight = 0 }, "no weight at all"},
	} {
		cfg := DefaultConfig()
		cfg.Servers = []Server{{Host: "a", Port: 24224, Weight: 60}}
		tt.change(&cfg)
		_, err := New(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

func TestCheck(t *testing.T) {
	f, away := startFaulty(t, silent), closedAddr(t)
	s := newSink(t, nil, f.addr)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	s = newSink(t, nil, f.addr, away)
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot use "+away) || strings.Contains(err.Error(), f.addr) {
		t.Error(err)
	}
}

func TestMetrics(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Servers = []Server{{Host: "a", Port: 1, Weight: 1}, {Host: "b", Port: 2, Weight: 1, Name: "second"}}
	reg := prometheus.NewRegistry()
	s, err := New(cfg, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	s.group.mark(s.group.list[1], false)
	const want = `
# HELP sluice_output_server_up 1: the server gets its share of the chunks; 0: it is left out after a failure.
# TYPE sluice_output_server_up gauge
sluice_output_server_up{server="a:1"} 1
sluice_output_server_up{server="b:2"} 0
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "sluice_output_server_up"); err != nil {
		t.Error(err)
	}
}
