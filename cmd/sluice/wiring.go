package main

import (
	"context"
	"log/slog"
	"syscall"

	"sluice/agent"
	"sluice/conf"
	"sluice/forwarder/catalog"
	"sluice/forwarder/deadletter"
	"sluice/logging"
	"sluice/pipetest"
)

// sluice is the program with the real parts in it.
func sluice() program {
	return program{
		defaults:    func() any { return catalog.Default() },
		file:        "/etc/sluice/sluice.yaml",
		env:         map[string]string{"ELASTICSEARCH_URL": "elasticsearch.urls", "ELASTICSEARCH_API_KEY": "elasticsearch.api_key"},
		envDefaults: map[string]string{"NODE_NAME": "kubernetes.node"},
		flags: map[string]string{
			"data_dir":           "directory for checkpoints and dead letters",
			"log.level":          "debug, info, warn or error",
			"log.format":         "text or json",
			"metrics.listen":     "address of /metrics, /healthz and /readyz",
			"admin.listen":       "address of the API about the running agent",
			"elasticsearch.urls": "Elasticsearch servers, separated by commas",
		},
		logging: func(s any) logging.Config { return s.(*catalog.Settings).Log },
		tree: func(s any, root *conf.Element) conf.Problems {
			return catalog.FromTree(s.(*catalog.Settings), root)
		},
		check: func(t *conf.Tree, s any) conf.Problems { return catalog.Check(t, s.(*catalog.Settings)) },
		connect: func(ctx context.Context, t *conf.Tree, s any) conf.Problems {
			return catalog.Connect(ctx, t, s.(*catalog.Settings))
		},
		test: func(ctx context.Context, dir string, t *conf.Tree, s any, update bool) (*pipetest.Report, conf.Problems, error) {
			return pipetest.Run(ctx, dir, pipetest.Config{Tree: t, Settings: s.(*catalog.Settings)}, update)
		},
		dataDir:     func(s any) string { return s.(*catalog.Settings).DataDir },
		deadLetters: func(s any) string { return deadletter.Dir(s.(*catalog.Settings).DataDir) },
		sinks:       sinksOf,
		run: func(ctx context.Context, s any, log *slog.Logger) error {
			defer limitHeap()()
			a, err := agent.New(s.(*catalog.Settings), agent.Options{Log: log, Version: thisBuild().Version})
			if err != nil {
				return notStarted{err}
			}
			defer onSignal(syscall.SIGUSR1, a.Push)()
			return a.Run(ctx)
		},
	}
}

func sinksOf(t *conf.Tree, s any) (map[string]deadletter.Sink, func(), conf.Problems) {
	sinks, parts, problems := catalog.Sinks(t, s.(*catalog.Settings))
	to := map[string]deadletter.Sink{}
	for name, sink := range sinks {
		to[name] = sink
	}
	return to, parts.Close, problems
}
