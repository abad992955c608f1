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
	"time"

	"sluice/sink/elastictest"
)

type options struct {
	node, chart, version, listen string
	duration, patience           time.Duration
	rate                         int
}

func main() {
	var o options
	flag.StringVar(&o.node, "node", "", "the node's directory")
	flag.StringVar(&o.chart, "chart", "deploy/helm/sluice", "the chart")
	flag.StringVar(&o.version, "version", "", "tag of the image localhost/sluice")
	flag.StringVar(&o.listen, "listen", "10.77.0.1:9200", "where the stand-in for Elasticsearch listens")
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
	t := &test{o: o, store: newStore(), start: time.Now()}
	es := elastictest.New(t.store)
	defer es.Close()
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("cannot listen (is this inside the node?): %w", err)
	}
	server := &http.Server{Handler: es}
	defer server.Close()
	go func() { _ = server.Serve(l) }()
	steps := []struct {
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
		{"ending the applications", t.end},
		{"waiting for the last lines", t.drain},
	}
	for _, s := range steps {
		t.say("%s", s.what)
		if err := s.do(ctx); err != nil {
			t.debug(ctx)
			return fmt.Errorf("%s: %w", s.what, err)
		}
	}
	stats := es.Stats()
	t.say("%d requests, %d documents refused because their id was there, %d for other reasons", stats.Requests, stats.Conflicts, stats.Refused)
	if !t.store.report(os.Stdout, t.expected) {
		t.debug(ctx)
		return errors.New("not every line arrived once, whole and with metadata")
	}
	return nil
}

// say prints a step, with the time since the start and what has arrived.
func (t *test) say(format string, args ...any) {
	fmt.Printf("%6.1f s %9d lines  %s\n", time.Since(t.start).Seconds(), t.store.lines(), fmt.Sprintf(format, args...))
}
