package enrich

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// Enricher knows the pods of one node.
type Enricher struct {
	cfg    Config
	log    *slog.Logger
	table  *table
	disk   disk
	client rest.Interface
	codec  runtime.ParameterCodec
}

// New makes an Enricher that keeps its cache file in dir; nil if metadata is
// not asked for, or cannot be had and need not. What the file knows is known
// at once.
func New(cfg Config, dir string, log *slog.Logger, reg prometheus.Registerer) (*Enricher, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	server, err := restConfig(&cfg)
	if err != nil || server == nil {
		return nil, err
	}
	if cfg.Node == "" {
		log.Warn("no Kubernetes metadata: kubernetes.node is not set; set NODE_NAME to the pod's spec.nodeName")
		return nil, nil
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, err
	}
	e := &Enricher{cfg: cfg, log: log, table: newTable(cfg, m), disk: disk{dir: dir}}
	if e.client, e.codec, err = newClient(server); err != nil {
		return nil, err
	}
	if err := e.disk.load(e.table); err != nil {
		log.Warn("the cache of Kubernetes metadata is not used", "error", err)
	}
	return e, nil
}

// Run watches until ctx ends. Whatever the API server does, it goes on.
func (e *Enricher) Run(ctx context.Context) {
	// What reflectors log, report says once. Nothing of theirs is lost: each
	// error they meet passes through a feed.
	ctx = klog.NewContext(ctx, logr.Discard())
	var wg sync.WaitGroup
	defer func() {
		wg.Wait()
		e.close()
	}()
	watch := func(k kind, selector fields.Selector, one, list runtime.Object, store cache.ReflectorStore) {
		f := &feed{client: e.client, codec: e.codec, kind: k, selector: selector.String(), list: list.DeepCopyObject, report: e.report}
		silent := logr.Discard()
		r := cache.NewReflectorWithOptions(f, one, store, cache.ReflectorOptions{Name: kindNames[k], Logger: &silent})
		wg.Go(func() { r.RunWithContext(ctx) })
	}
	watch(pods, fields.OneTermEqualSelector("spec.nodeName", e.cfg.Node), &corev1.Pod{}, &corev1.PodList{}, podStore{e.table})
	watch(nodes, fields.OneTermEqualSelector("metadata.name", e.cfg.Node), &corev1.Node{}, &corev1.NodeList{}, nodeStore{e.table})
	watch(namespaces, fields.Everything(), &corev1.Namespace{}, &corev1.NamespaceList{}, spaceStore{e.table})
	e.keep(ctx)
}

// keep saves what changed and forgets what is over, until ctx ends.
func (e *Enricher) keep(ctx context.Context) {
	tick := time.NewTicker(e.cfg.Save)
	defer tick.Stop()
	failed := false
	for done := false; !done; {
		select {
		case <-ctx.Done():
			done = true
		case <-tick.C:
		}
		e.table.sweep(time.Now())
		err := e.disk.save(e.table)
		if err != nil && !failed {
			e.log.Warn("metadata is not kept for the next start; trying again", "error", err)
		}
		failed = err != nil
	}
}

// report logs when a kind's requests begin to fail, and when they succeed
// again.
func (e *Enricher) report(k kind, err error) {
	if !e.table.report(k, err == nil) {
		return
	}
	if err != nil {
		e.log.Warn(fmt.Sprintf("cannot watch %s; records go on with what is known", kindNames[k]), "error", err)
		return
	}
	e.log.Info("the Kubernetes API server answers again", "resource", kindNames[k])
}

// close lets go of idle connections.
func (e *Enricher) close() { closeIdle(e.client) }

func closeIdle(client rest.Interface) {
	if c, ok := client.(*rest.RESTClient); ok && c.Client != nil {
		utilnet.CloseIdleConnectionsFor(c.Client.Transport)
	}
}
