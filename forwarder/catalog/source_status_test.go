package catalog

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/conf"
	"sluice/forwarder"
	"sluice/forwarder/buffer"
	"sluice/forwarder/ledger"
)

// The monitors of a fluent.conf are served, and know the parts.
func TestMonitorsAreServed(t *testing.T) {
	s := Default()
	b := &builder{s: s, parts: &Parts{}, used: map[string]int{}, d: Deps{
		Ledger: ledger.New(), Budget: buffer.NewBudget(1 << 20), Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	}}
	b.parts.Config = forwarder.Config{Sources: map[string]forwarder.Source{}, Labels: map[string]string{}}
	if problems := b.tree(el("", "", []*conf.Element{
		el("filter", "**", nil, "@type", "grep", "@id", "f"),
		el("match", "**", nil, "@type", "stdout", "@id", "out"),
	})); problems.Bad() {
		t.Fatal(problems)
	}
	monitor, err := newMonitor(b.context("m", "input", ""), monitorSource{Bind: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := newPrometheus(b.context("p", "input", ""), prometheusSource{Bind: "127.0.0.1", Path: "/metrics"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   input
		path string
		want []string
	}{
		{monitor, "/api/plugins.json", []string{`"plugin_id":"f","plugin_category":"filter","type":"grep"`, `"plugin_id":"out","plugin_category":"output","type":"stdout","output_plugin":true,"buffer_queue_length":0`}},
		{metrics, "/metrics", []string{`fluentd_output_status_emit_records{plugin_id="out",type="stdout"} 0`, "sluice_"}},
	} {
		body := fetch(t, c.in, c.path)
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in %s", want, body)
			}
		}
	}
}

// fetch runs a source for as long as it takes to ask it for a page.
func fetch(t *testing.T, in input, path string) string {
	t.Helper()
	if err := in.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- in.Run(ctx, nil) }()
	defer func() {
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Get("http://" + in.Addrs()[0].String() + path)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Error(err)
	}
	return string(body)
}
