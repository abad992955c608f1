package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// test is one run.
type test struct {
	o        options
	store    *store
	start    time.Time
	expected []string // names of containers that have logged
	short    int      // short-lived pods made so far
	found    map[string]*most
}

func (t *test) install(ctx context.Context) error {
	if err := t.helm(ctx, "1"); err != nil {
		return err
	}
	return kubectl(ctx, namespaceManifest, "apply", "-f", "-")
}

// helm installs the chart, or replaces its pods by ones with another
// generation.
func (t *test) helm(ctx context.Context, generation string, more ...string) error {
	err := command(ctx, "", "helm", append([]string{
		"upgrade", "--install", "sluice", t.o.chart, "--namespace", "logging", "--create-namespace",
		"--set", "image.pullPolicy=Never,image.tag=" + t.o.version,
		"--set", "elasticsearch.urls={http://" + t.o.listen + "}", "--set", "cluster=test",
		"--set-json", `agent.config={"parsers": [{"name": "line", "type": "regexp", "expression": "/^\\S+ (?<number>\\d+) /"}]}`,
		"--set-string", "agent.podAnnotations.generation=" + generation,
	}, more...)...)
	if err != nil {
		return err
	}
	return kubectl(ctx, "", "rollout", "status", "--namespace", "logging", "daemonset/sluice-agent", "--timeout", t.o.patience.String())
}

func (t *test) applications(ctx context.Context) error {
	if err := os.WriteFile(filepath.Join(t.o.node, "manifests", "static.yaml"), []byte(staticManifest), 0o600); err != nil {
		return err
	}
	if err := kubectl(ctx, manifests(t.o.rate), "apply", "-f", "-"); err != nil {
		return err
	}
	if err := kubectl(ctx, "", "rollout", "status", "--namespace", "shop", "deployment/busy", "--timeout", t.o.patience.String()); err != nil {
		return err
	}
	return t.note(ctx)
}

// note adds the containers that are there now to those whose lines must come.
func (t *test) note(ctx context.Context) error {
	out, err := capture(ctx, "kubectl", "get", "pods", "--namespace", "shop", "--output",
		`jsonpath={range .items[*]}{.metadata.name}{range .status.initContainerStatuses[*]}{" "}{.name}{end}{range .status.containerStatuses[*]}{" "}{.name}{end}{"\n"}{end}`)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		words := strings.Fields(line)
		for n := 1; n < len(words); n++ {
			if name := words[0] + "/" + words[n]; words[n] != "quiet" && !slices.Contains(t.expected, name) {
				t.expected = append(t.expected, name)
			}
		}
	}
	return nil
}

// churn makes pods that live two seconds, deletes them, and rolls a Deployment
// over, for a third of the duration.
func (t *test) churn(ctx context.Context) error {
	if err := kubectl(ctx, "", "rollout", "restart", "--namespace", "shop", "deployment/busy"); err != nil {
		return err
	}
	var old []string
	for end := time.Now().Add(t.o.duration / 3); time.Now().Before(end); {
		var made []string
		for range 4 {
			t.short++
			made = append(made, fmt.Sprintf("short-%d", t.short))
		}
		var text strings.Builder
		for _, name := range made {
			text.WriteString(shortManifest(name))
			t.expected = append(t.expected, name+"/app")
		}
		if err := kubectl(ctx, text.String(), "apply", "-f", "-"); err != nil {
			return err
		}
		if err := t.ended(ctx, old); err != nil {
			return err
		}
		old = made
		if err := t.note(ctx); err != nil {
			return err
		}
	}
	return t.ended(ctx, old)
}

// ended deletes pods as soon as they are over.
func (t *test) ended(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	args := append([]string{"wait", "--namespace", "shop", "--for=jsonpath={.status.phase}=Succeeded", "--timeout", t.o.patience.String(), "pod"}, names...)
	if err := kubectl(ctx, "", args...); err != nil {
		return err
	}
	return kubectl(ctx, "", append([]string{"delete", "--namespace", "shop", "--wait=false", "pod"}, names...)...)
}

func (t *test) replaceAgent(ctx context.Context) error {
	if err := t.helm(ctx, "2"); err != nil {
		return err
	}
	if t.store.lines() == 0 {
		return fmt.Errorf("nothing has arrived")
	}
	return nil
}

func (t *test) killAgent(ctx context.Context) error { return t.kill(ctx, "agent") }

// kill ends a pod of the kind as a crash would. The kubelet starts it again.
func (t *test) kill(ctx context.Context, kind string) error {
	const status = "{.items[0].status.containerStatuses[0]"
	first := func(what string) (string, error) {
		return capture(ctx, "kubectl", "get", "pods", "--namespace", "logging", "--selector", component(kind), "--output", "jsonpath="+status+what+"}")
	}
	id, err := first(".containerID")
	if err != nil {
		return err
	}
	if err := command(ctx, "", "ctr", "--address", filepath.Join(t.o.node, "c.sock"), "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", strings.TrimPrefix(id, "containerd://")); err != nil {
		return err
	}
	for end := time.Now().Add(t.o.patience); ; {
		now, err := first(".containerID")
		ready, errReady := first(".ready")
		switch {
		case err == nil && errReady == nil && now != id && ready == "true":
			return nil
		case time.Now().After(end):
			return fmt.Errorf("the %s did not come back: container %s, ready %s, %w", kind, now, ready, errors.Join(err, errReady))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// end ends everything that logs, so that each stream says what its last line
// was.
func (t *test) end(ctx context.Context) error {
	if err := t.note(ctx); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(t.o.node, "manifests", "static.yaml")); err != nil {
		return err
	}
	if err := kubectl(ctx, "", "delete", "--namespace", "shop", "deployment,statefulset,job", "--all", "--wait=true", "--timeout", t.o.patience.String()); err != nil {
		return err
	}
	return kubectl(ctx, "", "delete", "--namespace", "shop", "pod", "--all", "--wait=true", "--timeout", t.o.patience.String())
}

// drain waits until every stream is whole, or nothing has come for a while.
func (t *test) drain(ctx context.Context) error {
	last, since := t.store.lines(), time.Now()
	for !t.store.whole(t.expected) && time.Since(since) < 30*time.Second {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
		if n := t.store.lines(); n != last {
			last, since = n, time.Now()
		}
	}
	return nil
}

// debug prints what may explain a failure.
func (t *test) debug(ctx context.Context) {
	for _, args := range [][]string{
		{"get", "pods", "--all-namespaces", "--output", "wide"},
		{"logs", "--namespace", "logging", "daemonset/sluice-agent", "--tail", "15"},
		{"logs", "--namespace", "logging", "--selector", component("aggregator"), "--tail", "15", "--prefix"},
		{"get", "events", "--namespace", "logging", "--sort-by", ".lastTimestamp"},
	} {
		out, err := capture(ctx, "kubectl", args...)
		if len(out) > 4000 {
			out = out[len(out)-4000:]
		}
		fmt.Fprintf(os.Stderr, "kubectl %s: %v\n%s\n", strings.Join(args, " "), err, out)
	}
}
