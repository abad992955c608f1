// Command kubelettest runs the chart's DaemonSet on a real kubelet, under the
// logs of every kind of container, and counts: it fails unless every line
// arrived exactly once, whole, with its pod's metadata. It is run inside the
// node that deploy/kube/cluster.sh makes (make test-kubelet).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"

	"sluice/sink/elastictest"
)

type options struct {
	node, chart, version, listen, dns string
	duration, patience                time.Duration
	rate                              int
}

func main() {
	var o options
	flag.StringVar(&o.node, "node", "", "the node's directory")
	flag.StringVar(&o.chart, "chart", "deploy/helm/sluice", "the chart")
	flag.StringVar(&o.version, "version", "", "tag of the image localhost/sluice")
	flag.StringVar(&o.listen, "listen", "10.77.0.1:9200", "where the stand-in for Elasticsearch listens")
	flag.StringVar(&o.dns, "dns", "10.77.0.1:53", "where names are answered for")
	flag.DurationVar(&o.duration, "duration", time.Minute, "how long applications log")
	flag.DurationVar(&o.patience, "patience", 3*time.Minute, "how long anything may take that is waited for")
	flag.IntVar(&o.rate, "rate", 1000, "lines a second of each stream of a busy container")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "kubelettest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	t := &test{o: o, store: newStore(), start: time.Now(), found: map[string]*most{"agent": {}, "aggregator": {}}}
	es := elastictest.New(t.store)
	defer es.Close()
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("cannot listen (is this inside the node?): %w", err)
	}
	server := &http.Server{Handler: es}
	defer server.Close()
	go func() { _ = server.Serve(l) }()
	dns, err := net.ListenPacket("udp", o.dns)
	if err != nil {
		return fmt.Errorf("cannot answer for names: %w", err)
	}
	defer dns.Close()
	go (&names{}).serve(ctx, dns)
	if err := t.steps(ctx); err != nil {
		return err
	}
	stats := es.Stats()
	t.say("%d requests, %d documents refused because their id was there, %d for other reasons", stats.Requests, stats.Conflicts, stats.Refused)
	for kind, m := range t.found {
		t.say("most of an %s: %.0f MB resident, %.1f MB not read yet", kind, m.memory/1e6, m.lag/1e6)
	}
	if !t.store.report(os.Stdout, t.expected) {
		t.debug(ctx)
		return errors.New("not every line arrived once, whole and with metadata")
	}
	return nil
}

// steps does what the test is, and watches the pods meanwhile.
func (t *test) steps(ctx context.Context) error {
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop()
	watch.Go(func() { t.watch(watching) })
	for _, s := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"installing the chart", t.install},
		{"starting applications", t.applications},
		{"short-lived pods, and a Deployment rolled over", t.churn},
		{"replacing the agent under load", t.replaceAgent},
		{"killing the agent", t.killAgent},
		{"more short-lived pods", t.churn},
		{"what the agent takes", t.measure},
		{"aggregators between the agent and the store", t.aggregate},
		{"and more short-lived pods", t.churn},
		{"what went through the aggregators", t.aggregated},
		{"ending the applications", t.end},
		{"waiting for the last lines", t.drain},
	} {
		t.say("%s", s.what)
		if err := s.do(ctx); err != nil {
			t.debug(ctx)
			return fmt.Errorf("%s: %w", s.what, err)
		}
	}
	return nil
}

// say prints a step, with the time since the start and what has arrived.
func (t *test) say(format string, args ...any) {
	fmt.Printf("%6.1f s %9d lines  %s\n", time.Since(t.start).Seconds(), t.store.lines(), fmt.Sprintf(format, args...))
}
