package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sluice/cmd/sluice-dev/page"
	"sluice/cmd/sluice-dev/sample"
	"sluice/sink/elastictest"
)

type options struct {
	Listen, DataDir  string
	Rate             float64
	Seed             uint64
	ElasticsearchURL string // empty: the store in memory
}

// run puts the parts together and runs them until ctx ends. Once they run,
// stderr is the log's alone.
func run(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	dir, remove, err := dataDir(o.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	log := slog.New(slog.NewTextHandler(stderr, nil))
	fmt.Fprintln(stderr, "data in", dir)

	cfg := page.Config{Log: log}
	var parts []part
	target := o.ElasticsearchURL
	if target == "" {
		store := elastictest.NewMemoryStore(elastictest.MemoryLimits{})
		server := elastictest.New(store)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("cannot listen for the store: %w", err)
		}
		target, cfg.Store = "http://"+l.Addr().String(), store
		parts = append(parts, serve(l, server, server.Close))
		fmt.Fprintln(stderr, "the store answers on", target)
	} else if cfg.Links, err = links(target); err != nil {
		return err
	}
	pages, err := page.New(cfg)
	if err != nil {
		return fmt.Errorf("cannot make the page: %w", err)
	}
	l, err := listen(o.Listen, stderr)
	if err != nil {
		return err
	}
	logs := filepath.Join(dir, "logs")
	forward := make(chan string, 1)
	parts = append(parts, serve(l, pages, nil),
		func(ctx context.Context) error {
			return startAgent(ctx, agentOptions{
				Log: log, DataDir: filepath.Join(dir, "agent"), Containers: filepath.Join(logs, "containers", "*.log"),
				ElasticsearchURL: target, Ready: func(addr string) { forward <- addr },
			})
		},
		sample.NewScala(sample.ScalaConfig{Dir: logs, Rate: o.Rate * 2 / 3, Seed: o.Seed}).Run,
		func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return nil
			case addr := <-forward:
				return sample.NewRails(sample.RailsConfig{Addr: addr, Rate: o.Rate / 3, Seed: o.Seed}).Run(ctx)
			}
		})
	fmt.Fprintf(stdout, "http://%s/\n", l.Addr())
	return runAll(ctx, parts)
}

// dataDir makes the folder for everything on disk; remove takes it away again
// if it is ours.
func dataDir(given string) (dir string, remove func() error, err error) {
	if given != "" {
		if err = os.MkdirAll(given, 0o700); err != nil {
			return "", nil, fmt.Errorf("cannot make the data folder: %w", err)
		}
		dir, err = filepath.Abs(given)
		return dir, func() error { return nil }, err
	}
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir() // as for a user without a home
	}
	base = filepath.Join(base, "sluice-dev")
	if err = os.MkdirAll(base, 0o700); err != nil {
		return "", nil, fmt.Errorf("cannot make the data folder: %w", err)
	}
	if dir, err = os.MkdirTemp(base, "run-"); err != nil {
		return "", nil, fmt.Errorf("cannot make the data folder: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

// listen takes the address, or a free port of the same host.
func listen(addr string, stderr io.Writer) (net.Listener, error) {
	l, first := net.Listen("tcp", addr)
	if first == nil {
		return l, nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("cannot read --listen %s: %w (write host:port)", addr, err)
	}
	if l, err = net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
		return nil, fmt.Errorf("cannot listen for the page: %w", err)
	}
	fmt.Fprintf(stderr, "%s is not free (%v): taking another port\n", addr, first)
	return l, nil
}

// links are what the page shows when the logs go to an Elasticsearch of the
// user's; without the credentials that its URL may hold.
func links(target string) ([]page.Link, error) {
	first, _, _ := strings.Cut(target, ",")
	u, err := url.Parse(strings.TrimSpace(first))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("cannot read ELASTICSEARCH_URL: write http://host:port or https://host:port")
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	base := strings.TrimSuffix(u.String(), "/")
	return []page.Link{
		{Name: "The latest logs", URL: base + "/logs-*/_search?sort=@timestamp:desc&size=50&pretty"},
		{Name: "The data streams and their sizes", URL: base + "/_data_stream/logs-*/_stats?human&pretty"},
		{Name: "The cluster", URL: base + "/"},
	}, nil
}

// serve is a part that answers HTTP. Requests end with the part: a live tail
// would not end by itself.
func serve(l net.Listener, h http.Handler, closing func()) part {
	return func(ctx context.Context) error {
		s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
		done := make(chan error, 1)
		go func() { done <- s.Serve(l) }()
		select {
		case err := <-done:
			return fmt.Errorf("cannot serve on %s: %w", l.Addr(), err)
		case <-ctx.Done():
		}
		if closing != nil {
			closing()
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		err := s.Shutdown(end)
		if errors.Is(err, context.DeadlineExceeded) {
			err = s.Close()
		}
		<-done
		return err
	}
}
