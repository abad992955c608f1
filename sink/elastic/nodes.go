package elastic

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
)

const (
	// failures in a row until a node is left out.
	failures = 3
	// A node left out is tried with one real request after firstProbe, then
	// after twice as long, up to lastProbe.
	firstProbe = time.Second
	lastProbe  = time.Minute
)

// node is one server. The transport's own pool is not used: it marks a node
// dead when the caller gives up, and takes answers of 5xx for health.
type node struct {
	client *elastictransport.Client
	name   string // for errors: scheme and host
	failed int    // in a row
	probe  time.Time
}

// nodes chooses among servers: in turn among the healthy; one that is not is
// given a single request when its probe is due; if none is left, the one whose
// probe is due first.
type nodes struct {
	mu   *sync.Mutex
	list []*node
	next int
	now  func() time.Time
}

func newNodes(urls []*url.URL, rt http.RoundTripper) (nodes, error) {
	ns := nodes{mu: new(sync.Mutex), now: time.Now}
	for _, u := range urls {
		c, err := elastictransport.NewClient(
			elastictransport.WithURLs(u),
			elastictransport.WithTransport(rt),
			elastictransport.WithDisableRetry(),
			elastictransport.WithUserAgent("sluice"),
		)
		if err != nil {
			return ns, fmt.Errorf("cannot make a client for %s://%s: %w", u.Scheme, u.Host, err)
		}
		ns.list = append(ns.list, &node{client: c, name: u.Scheme + "://" + u.Host})
	}
	return ns, nil
}

// pick chooses the node for one request.
func (ns *nodes) pick() *node {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	now := ns.now()
	var first *node
	for range ns.list {
		n := ns.list[ns.next%len(ns.list)]
		ns.next++
		if n.failed < failures {
			return n
		}
		if !n.probe.After(now) {
			n.postpone(now)
			return n
		}
		if first == nil || n.probe.Before(first.probe) {
			first = n
		}
	}
	return first
}

// mark notes how a request ended and reports whether the node is left out, or
// used again, from now on.
func (ns *nodes) mark(n *node, ok bool) (changed bool) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if ok {
		changed = n.failed >= failures
		n.failed = 0
		return changed
	}
	if n.failed++; n.failed >= failures {
		n.postpone(ns.now())
	}
	return n.failed == failures
}

func (n *node) postpone(now time.Time) {
	n.probe = now.Add(min(firstProbe<<min(n.failed-failures, 16), lastProbe))
}
