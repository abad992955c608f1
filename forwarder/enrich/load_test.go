package enrich

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/event"
)

// samples are the API server's own metrics, by name and labels.
type samples map[string]float64

func (r *real) samples() samples {
	r.t.Helper()
	raw, err := r.admin.Get().AbsPath("/metrics").Do(r.t.Context()).Raw()
	if err != nil {
		r.t.Fatal(err)
	}
	all := samples{}
	for _, line := range strings.Split(string(raw), "\n") {
		if i := strings.LastIndexByte(line, ' '); i > 0 && line[0] != '#' {
			all[line[:i]], _ = strconv.ParseFloat(line[i+1:], 64)
		}
	}
	return all
}

// sum adds the samples of a metric that have these labels.
func (s samples) sum(name string, labels ...string) (sum float64) {
	for key, v := range s {
		if !strings.HasPrefix(key, name+"{") {
			continue
		}
		all := true
		for _, l := range labels {
			all = all && strings.Contains(key, l)
		}
		if all {
			sum += v
		}
	}
	return sum
}

// change changes a label of one pod on each node and returns how many events
// of pods the API server sends for it, to its own watches too, until seen says
// that they are there.
func (r *real) change(seen func(label string) bool) int {
	r.t.Helper()
	before := r.samples()
	for n := range r.nodes {
		p := r.get("shop", fmt.Sprint("web-", n))
		p.Labels["load"] = p.ResourceVersion
		if err := r.admin.Put().Resource("pods").Namespace("shop").Name(p.Name).Body(p).Do(r.t.Context()).Error(); err != nil {
			r.t.Fatal(err)
		}
	}
	label := r.get("shop", "web-3").Labels["load"]
	until(r.t, "the change arrives", func() bool { return seen(label) })
	return r.samples().since(before, "apiserver_watch_events_total", `resource="pods"`)
}

// since is by how much a sum has grown.
func (s samples) since(before samples, name string, labels ...string) int {
	return int(s.sum(name, labels...) - before.sum(name, labels...))
}

// What an agent costs the API server, which counts it: a watch of its own
// node's pods, which begins with them, of its node and of the namespaces; and
// of changes to pods of 50 nodes the one of its own.
func TestRealAPILoad(t *testing.T) {
	r := realAPI(t)
	r.fixture()
	const watches = "apiserver_watch_events_total"
	idle := r.samples()
	without := r.change(func(string) bool { return r.samples().since(idle, watches, `resource="pods"`) >= r.nodes })
	before := r.samples()
	e := r.start(r.agent, "node-3")
	want := r.get("shop", "web-3")
	l := e.Follow(pathOf(string(want.UID), want.Name))
	defer l.Close()
	await(t, l)
	running := r.samples()
	for _, what := range []string{"pods", "nodes", "namespaces"} {
		resource := `resource="` + what + `"`
		lists := running.since(before, "apiserver_request_total", `verb="LIST"`, resource)
		open := running.since(before, "apiserver_longrunning_requests", `verb="WATCH"`, resource)
		t.Logf("%s: %d lists, %d watches open, %d events of %d bytes", what, lists, open,
			running.since(before, watches, resource), running.since(before, "apiserver_watch_events_sizes_sum", resource))
		if open != 1 || lists > 1 {
			t.Errorf("%s: want one watch and at most one list", what)
		}
	}
	e.table.mu.Lock()
	t.Logf("%d of %d pods are known", len(e.table.pods), r.pods)
	e.table.mu.Unlock()
	with := r.change(func(label string) bool {
		return slices.Contains(l.Fragment().Labels, event.Pair{Name: "load", Value: label})
	})
	t.Logf("a pod changed on each of %d nodes: %d events without the agent, %d with it", r.nodes, without, with)
	if more := with - without; more < 1 || more > 2 { // a bookmark may be among them
		t.Errorf("the agent gets %d events, want that of its own pod", more)
	}
}
