package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sluice/bench/load"
	"sluice/bench/tally"
)

// patience is how long a run may go without a new record at the store: longer
// than an agent waits before it tries again.
const patience = 45 * time.Second

// storeProcess is a counting store in a process of its own.
type storeProcess struct {
	url  string
	stop func()
}

func (r *runner) startStore(ctx context.Context, args ...string) (*storeProcess, error) {
	url, stop, err := r.startHelper(ctx, append([]string{"store"}, args...)...)
	return &storeProcess{url, stop}, err
}

// startHelper starts this program again, for what ends with its standard input,
// and returns the first line that it prints.
func (r *runner) startHelper(ctx context.Context, args ...string) (line string, stop func(), err error) {
	cmd := exec.CommandContext(ctx, r.self, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("cannot start bench %s: %w", args[0], err)
	}
	stop = func() { in.Close(); cmd.Wait() }
	line, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("cannot start bench %s: %w", args[0], err)
	}
	return strings.TrimSpace(line), stop, nil
}

// arrival waits until the store holds so many records.
func (s *storeProcess) arrival(ctx context.Context, records int64, p *progress) (t tally.Totals, err error) {
	client := tally.Client{URL: s.url}
	latest, moved := int64(0), time.Now()
	for {
		if t, err = client.Totals(ctx); err != nil || t.Records >= records {
			return t, err
		}
		p.set(t.Records)
		switch now := time.Now(); {
		case t.Records > latest:
			latest, moved = t.Records, now
		case now.Sub(moved) > patience:
			return t, fmt.Errorf("%d of %d records came, and no further one for %v", t.Records, records, patience)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return t, err
		}
	}
}

// generator is a load under way.
type generator struct {
	made func() ([]int64, error) // waits for its end
	stop func()
}

// load starts the scenario's load.
func (r *runner) load(ctx context.Context, s scenario, dir string, a *agent) (*generator, error) {
	manifest := filepath.Join(dir, "manifest.json")
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	switch {
	case s.files > 0 && s.rate == 0:
		f := r.files[s.files]
		return &generator{made: func() ([]int64, error) { return f.Made(), nil }, stop: func() {}}, f.Link(filepath.Join(dir, "containers"))
	case s.files > 0:
		return r.generate(ctx, manifest, "files", "-dir", dir, "-files", strconv.Itoa(s.files), "-rate", strconv.Itoa(s.rate), "-lines", number(s.records))
	}
	return r.generate(ctx, manifest, "forward", "-addr", a.forward, "-mode", s.mode, "-ack="+strconv.FormatBool(s.ack), "-rate", strconv.Itoa(s.rate), "-records", number(s.records))
}

// generate runs a generator in a process of its own.
func (r *runner) generate(ctx context.Context, manifest string, args ...string) (*generator, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, r.self, append(args, "-manifest", manifest)...)
	said := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = io.Discard, said
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("cannot start the generator: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	g := &generator{stop: func() { cancel(); <-ended }}
	g.made = func() ([]int64, error) {
		select {
		case err := <-ended:
			ended <- err
			if err != nil {
				return nil, fmt.Errorf("the generator failed: %w: %s", err, said)
			}
		case <-time.After(patience):
			return nil, errors.New("the generator does not end: acknowledgements are missing")
		}
		return readManifests([]string{manifest})
	}
	return g, nil
}

// backlog writes the files of the scenarios that read a backlog, once.
func (r *runner) backlog(ctx context.Context, s scenario) error {
	if s.files == 0 || s.rate > 0 || r.files[s.files] != nil {
		return nil
	}
	p := newProgress(os.Stderr, fmt.Sprintf("writing %d files", s.files), s.records)
	defer p.end()
	f, err := load.NewFiles(load.FilesConfig{
		Dir: filepath.Join(r.dir, fmt.Sprintf("logs-%d", s.files), "pods"), Files: s.files, Lines: s.records, Size: messageSize, Seed: filesSeed,
	}, p.set)
	if err != nil {
		return err
	}
	r.files[s.files] = f
	return f.Write(ctx)
}

// podMetadata stands in for what an agent that asks the Kubernetes API would
// add to a document: names and values as long as those of an ordinary pod.
var podMetadata = [][2]string{
	{"orchestrator.cluster.name", "production-eu-central-1"},
	{"meta.pod.ip", "10.42.117.203"},
	{"meta.node.name", "ip-10-42-117-12.eu-central-1.compute.internal"},
	{"meta.deployment.name", "checkout-api"},
	{"meta.replicaset.name", "checkout-api-7c9d8f6b54"},
	{"meta.labels.app_kubernetes_io/name", "checkout-api"},
	{"meta.labels.app_kubernetes_io/version", "2026.11.3"},
	{"meta.labels.team", "payments"},
}
