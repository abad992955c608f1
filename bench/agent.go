package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// agent is a running sluice.
type agent struct {
	cmd     *exec.Cmd
	metrics string // URL
	forward string // host:port; empty: no input
	logFile string
	done    chan struct{} // closed when the process has ended
	err     error         // how it ended; after done
}

// agentSetup is what the agent is to do.
type agentSetup struct {
	binary  string
	dir     string // gets settings, data directory
	logs    string // directory of container logs; empty: no such input
	forward bool
	anyone  bool   // there is no bound for connections
	store   string // URL
	gzip    bool
	buffer  string // type
	limit   string // buffer.disk_limit; empty: the default
	pprof   string // host:port of Go's profiles; empty: nowhere
	kube    string // kubeconfig of the API server; empty: none
	fields  [][2]string
}

// startAgent starts the binary and returns when it says that it is ready.
func startAgent(ctx context.Context, s agentSetup) (*agent, error) {
	metrics, err := freeAddr()
	if err != nil {
		return nil, err
	}
	a := &agent{metrics: "http://" + metrics, logFile: filepath.Join(s.dir, "log"), done: make(chan struct{})}
	if s.forward {
		if a.forward, err = freeAddr(); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(s.dir, "sluice.yaml")
	if err := os.WriteFile(file, settings(s, metrics, a.forward), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(a.logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	a.cmd = exec.Command(s.binary, "run", "--config", file)
	a.cmd.Stdout, a.cmd.Stderr = log, log
	if err := a.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the agent (make build?): %w", err)
	}
	go func() {
		defer close(a.done)
		a.err = a.cmd.Wait()
	}()
	if err := a.waitReady(ctx); err != nil {
		a.kill()
		return nil, err
	}
	return a, nil
}

// settings is the settings file; what it does not set has its default.
func settings(s agentSetup, metrics, forward string) []byte {
	var b bytes.Buffer
	path, listen, conns, compression := "", "", "", "none"
	if s.anyone {
		conns = ", max_connections: 0"
	}
	if s.logs != "" {
		path = filepath.Join(s.logs, "*.log")
	}
	if forward != "" {
		listen = strconv.Quote(forward)
	}
	if s.gzip {
		compression = "gzip"
	}
	fmt.Fprintf(&b, "data_dir: %q\n", filepath.Join(s.dir, "data"))
	fmt.Fprintf(&b, "metrics: { listen: %q }\nadmin: { listen: %q, pprof: %t }\n", metrics, s.pprof, s.pprof != "")
	fmt.Fprintf(&b, "inputs:\n  containers: { path: %q }\n  forward: { listen: [%s]%s }\n", path, listen, conns)
	fmt.Fprintf(&b, "buffer: { type: %s, disk_limit: %s }\n", s.buffer, cmp.Or(s.limit, "1GiB"))
	fmt.Fprintf(&b, "elasticsearch: { urls: [%q], compression: %s }\n", s.store, compression)
	if s.kube != "" {
		fmt.Fprintf(&b, "kubernetes: { node: %s, kubeconfig: %q }\n", nodeName, s.kube)
	}
	if len(s.fields) > 0 {
		b.WriteString("fields:\n")
	}
	for _, f := range s.fields {
		fmt.Fprintf(&b, "  - { name: %q, value: %q }\n", f[0], f[1])
	}
	return b.Bytes()
}

// freeAddr is an address that nobody listens on at the moment.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (a *agent) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		resp, err := get(ctx, a.metrics+"/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-a.done:
			return fmt.Errorf("the agent ended at its start (%v):\n%s", a.err, a.log())
		case <-ctx.Done():
			return fmt.Errorf("the agent is not ready after 15 s: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

// metric is the sum of a metric over its labels; ok is false if there is none.
func (a *agent) metric(ctx context.Context, name string) (sum float64, ok bool) {
	resp, err := get(ctx, a.metrics+"/metrics")
	if err != nil {
		return 0, false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		rest, found := strings.CutPrefix(line, name)
		if !found || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, ' '):]), 64)
		if err != nil {
			return 0, false
		}
		sum, ok = sum+v, true
	}
	return sum, ok
}

// stop ends the agent as an operator does and waits for it.
func (a *agent) stop() error {
	a.cmd.Process.Signal(syscall.SIGTERM) // an error: it has ended already
	select {
	case <-a.done:
		if a.err != nil {
			return fmt.Errorf("the agent did not stop in order: %w\n%s", a.err, a.log())
		}
		return nil
	case <-time.After(40 * time.Second):
		return fmt.Errorf("the agent did not stop within 40 s:\n%s", a.log())
	}
}

// kill ends what is left of the agent.
func (a *agent) kill() {
	a.cmd.Process.Kill()
	<-a.done
}

// log is the end of what the agent has logged.
func (a *agent) log() string {
	b, err := os.ReadFile(a.logFile)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4096):])
}
