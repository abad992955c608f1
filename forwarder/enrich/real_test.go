package enrich

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"sluice/event"
)

// real is a real API server, with the roles of deploy/manifests applied: make
// test-kube.
type real struct {
	t           *testing.T
	admin       rest.Interface
	agent       string // kubeconfig
	pods, nodes int
}

func realAPI(t *testing.T) *real {
	r := &real{t: t, agent: os.Getenv("KUBE_TEST_AGENT"), pods: 500, nodes: 50}
	admin := os.Getenv("KUBE_TEST_ADMIN")
	if admin == "" || r.agent == "" {
		t.Skip("SKIP: no API server (make test-kube)")
	}
	if n, err := strconv.Atoi(os.Getenv("KUBE_TEST_PODS")); err == nil {
		r.pods = n
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", admin)
	if err != nil {
		t.Fatal(err)
	}
	cfg.QPS = -1
	if r.admin, _, err = newClient(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIdle(r.admin) })
	return r
}

// create makes an object unless it is there.
func (r *real) create(resource, namespace string, o runtime.Object) {
	r.t.Helper()
	q := r.admin.Post().Resource(resource).Body(o)
	if namespace != "" {
		q = q.Namespace(namespace)
	}
	if err := q.Do(r.t.Context()).Error(); err != nil && !apierrors.IsAlreadyExists(err) {
		r.t.Fatalf("cannot create in %s: %v", resource, err)
	}
}

func (r *real) get(namespace, name string) *corev1.Pod {
	r.t.Helper()
	var p corev1.Pod
	if err := r.admin.Get().Resource("pods").Namespace(namespace).Name(name).Do(r.t.Context()).Into(&p); err != nil {
		r.t.Fatal(err)
	}
	return &p
}

// fixture makes nodes and running pods.
func (r *real) fixture() {
	r.create("namespaces", "", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"team": "t-shop"}}})
	for n := range r.nodes {
		r.create("nodes", "", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("node-", n), Labels: map[string]string{"zone": fmt.Sprint("z", n)}}})
	}
	for n := range r.pods {
		p := aPod("", fmt.Sprint("web-", n))
		p.Spec.NodeName = fmt.Sprint("node-", n%r.nodes)
		p.OwnerReferences[0].APIVersion, p.OwnerReferences[0].UID = "apps/v1", "1"
		status := p.Status
		r.create("pods", "shop", p)
		p = r.get("shop", p.Name)
		p.Status = status
		p.Status.Phase = corev1.PodRunning
		if err := r.admin.Put().Resource("pods").Namespace("shop").Name(p.Name).SubResource("status").Body(p).Do(r.t.Context()).Error(); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *real) start(kubeconfig, node string) *Enricher {
	r.t.Helper()
	cfg := DefaultConfig()
	cfg.Kubeconfig, cfg.Node, cfg.Wait = kubeconfig, node, time.Minute
	e, err := New(cfg, r.t.TempDir(), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Run(ctx)
	}()
	r.t.Cleanup(func() {
		cancel()
		<-done
	})
	return e
}

// The agent's service account sees what it needs, and keeps its own node's
// pods alone.
func TestRealAPI(t *testing.T) {
	r := realAPI(t)
	r.fixture()
	e := r.start(r.agent, "node-3")
	want := r.get("shop", "web-3")
	l := e.Follow(pathOf(string(want.UID), want.Name))
	defer l.Close()
	await(t, l)
	f := l.Fragment()
	if f.Partial || f.ImageDigest != "sha256:abc" || f.Owners[1].Value != "web" || f.NodeLabels[0].Value != "z3" || !slices.Contains(f.SpaceLabels, event.Pair{Name: "team", Value: "t-shop"}) {
		t.Errorf("fragment %+v", f)
	}
	e.table.mu.Lock()
	if known, node := len(e.table.pods), (r.pods+r.nodes-1)/r.nodes; known != node {
		t.Errorf("%d pods are known, the node has %d of %d", known, node, r.pods)
	}
	e.table.mu.Unlock()

	want.Labels["app"] = "changed"
	if err := r.admin.Put().Resource("pods").Namespace("shop").Name(want.Name).Body(want).Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
	until(t, "the change arrives", func() bool { return l.Fragment().Labels[0].Value == "changed" })
	want.Labels["app"] = "web"
	want.ResourceVersion = ""
	if err := r.admin.Put().Resource("pods").Namespace("shop").Name(want.Name).Body(want).Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
}

// A pod that is deleted is known while its log is read.
func TestRealAPIDeletion(t *testing.T) {
	r := realAPI(t)
	r.fixture()
	p := aPod("", "short")
	p.Spec.NodeName = "node-4"
	p.OwnerReferences = nil
	r.create("pods", "shop", p)
	e := r.start(r.agent, "node-4")
	uid := string(r.get("shop", "short").UID)
	l := e.Follow(pathOf(uid, "short"))
	defer l.Close()
	await(t, l)
	zero := int64(0)
	if err := r.admin.Delete().Resource("pods").Namespace("shop").Name("short").Body(&metav1.DeleteOptions{GracePeriodSeconds: &zero}).Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
	until(t, "the deletion arrives", func() bool {
		e.table.mu.Lock()
		defer e.table.mu.Unlock()
		return !e.table.pods[uid].gone.IsZero()
	})
	if f := l.Fragment(); f.Partial || len(f.Labels) != 2 {
		t.Errorf("fragment %+v", f)
	}
}
