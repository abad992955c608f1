package enrich

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"sluice/event"
	"sluice/forwarder/enrich/apitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	uid1 = "11111111-1111-1111-1111-111111111111"
	uid2 = "22222222-2222-2222-2222-222222222222"
)

func aNode() *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1", UID: "n1", Labels: map[string]string{"zone": "a"}}}
}

func aSpace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("ns-" + name), Labels: map[string]string{"team": "t-" + name}}}
}

func aPod(uid, name string) *corev1.Pod {
	yes := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "shop", UID: types.UID(uid), Labels: map[string]string{"app": "web", "pod-template-hash": "5d4f8c7b9"},
			Annotations:     map[string]string{"sluice.dev/dataset": "shop.web", "note": "kept", "other": "dropped"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-5d4f8c7b9", Controller: &yes}},
		},
		Spec: corev1.PodSpec{NodeName: "node-1", Containers: []corev1.Container{{Name: "app", Image: "shop/web:1"}}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", Image: "registry.example/shop/web:1", ImageID: "registry.example/shop/web@sha256:abc", ContainerID: "containerd://0123",
		}}},
	}
}

// pathOf is what the path of a pod's log tells.
func pathOf(uid, name string) *event.Fragment {
	return &event.Fragment{File: "/var/log/x.log", Namespace: "shop", Pod: name, PodUID: uid, Container: "app", ContainerID: "0123", Node: "node-1", Cluster: "c"}
}

// newAPI is a server of node-1's pods; what may not be asked fails the test.
func newAPI(t *testing.T) *apitest.Server {
	a := apitest.New("node-1", func(what string) { t.Error(what) })
	t.Cleanup(a.Close)
	return a
}

// start runs an Enricher on a; stop ends it. Settings beside the defaults come
// from edit.
func start(t *testing.T, a *apitest.Server, dir string, edit func(*Config)) (e *Enricher, stop func()) {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, a.Kubeconfig(), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Node, cfg.Kubeconfig, cfg.Wait, cfg.Annotations = "node-1", kubeconfig, 5*time.Minute, []string{"note"}
	if edit != nil {
		edit(&cfg)
	}
	e, err := New(cfg, dir, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return e, stop
}

// await waits for a log's wait to end.
func await(t *testing.T, l *Log) {
	t.Helper()
	select {
	case <-orClosed(l.Wait()):
	case <-time.After(time.Minute):
		t.Fatal("the log still waits")
	}
}

func orClosed(c <-chan struct{}) <-chan struct{} {
	if c == nil {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return c
}

// until polls.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(2 * time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("timed out waiting until %s", what)
		}
	}
}
