package main

import (
	"context"
	"log/slog"
	"os"
	"strings"

	"sluice/agent"
	"sluice/forwarder/catalog"
)

// agentOptions are what the agent is configured with.
type agentOptions struct {
	Log              *slog.Logger
	DataDir          string
	Containers       string // glob of the container files
	ElasticsearchURL string
	Ready            func(forwardAddr string) // the forward input listens there, on loopback
}

// startAgent runs the agent, with the defaults of sluice run but on loopback
// alone, until ctx ends and what is in flight is given out.
func startAgent(ctx context.Context, o agentOptions) error {
	s := catalog.Default()
	s.DataDir = o.DataDir
	s.Metrics.Listen = "127.0.0.1:0"
	s.Admin.Listen = "127.0.0.1:0"
	s.Inputs.Containers.Path = o.Containers
	s.Inputs.Forward.Listen = []string{"127.0.0.1:0"}
	for u := range strings.SplitSeq(o.ElasticsearchURL, ",") {
		s.Elasticsearch.URLs = append(s.Elasticsearch.URLs, strings.TrimSpace(u))
	}
	s.Elasticsearch.APIKey = os.Getenv("ELASTICSEARCH_API_KEY")
	a, err := agent.New(s, agent.Options{Log: o.Log, Version: version})
	if err != nil {
		return err
	}
	o.Ready(a.ForwardAddrs()[0])
	return a.Run(ctx)
}
