package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"sluice/bench/load"
	"sluice/forwarder/enrich/apitest"
)

// nodeName is the node that the agent believes to run on.
const nodeName = "ip-10-42-117-12.eu-central-1.compute.internal"

// surroundings are what the agent has about it beside the load: the API server,
// and files that nobody writes to any more.
type surroundings struct {
	kubeconfig string
	lines      int64   // in the idle files
	made       []int64 // in each of them
	close      func()
}

const (
	idleSeed  = filesSeed + 1
	idleLines = 3               // of an idle file
	atRest    = 5 * time.Second // by then an agent has left an idle file alone
)

func newSurroundings(ctx context.Context, s scenario, dir string) (*surroundings, error) {
	a := &surroundings{close: func() {}}
	containers := load.Containers(s.files, filesSeed)
	if s.idle > 0 {
		a.lines = int64(s.idle) * idleLines
		f, err := load.NewFiles(load.FilesConfig{
			Dir: filepath.Join(dir, "pods"), Files: s.idle, Lines: a.lines, Size: messageSize, Stream: s.files, Seed: idleSeed,
		}, nil)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := f.Write(ctx); err != nil {
			return nil, err
		}
		if err := f.Link(filepath.Join(dir, "containers")); err != nil {
			return nil, err
		}
		a.made = f.Made()[s.files:]
		containers = append(containers, load.Containers(s.idle, idleSeed)...)
	}
	if s.cluster {
		pods := newCluster(containers)
		a.close, a.kubeconfig = pods.Close, filepath.Join(dir, "kubeconfig")
		if err := os.WriteFile(a.kubeconfig, pods.Kubeconfig(), 0o600); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// settle waits until the agent has read the idle files and left them alone. With
// none there is nothing to settle; it waits as long, so that the two can be
// compared.
func (a *surroundings) settle(ctx context.Context, store *storeProcess, p *progress) error {
	if a.kubeconfig == "" {
		return nil
	}
	if _, err := store.arrival(ctx, a.lines, p); err != nil {
		return err
	}
	return sleep(ctx, atRest)
}

// newCluster serves what an API server says of the containers' pods. They ask to
// have their lines parsed as JSON.
func newCluster(of []load.Container) *apitest.Server {
	a := apitest.New(nodeName, func(what string) { fmt.Fprintln(os.Stderr, "the agent asks the API server:", what) })
	a.Add(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName, UID: "node", Labels: map[string]string{
		"kubernetes.io/hostname": nodeName, "topology.kubernetes.io/zone": "eu-central-1a", "kubernetes.io/arch": "amd64",
	}}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "default", Labels: map[string]string{
		"kubernetes.io/metadata.name": "default", "team": "payments",
	}}})
	for n, c := range of {
		a.Add(podOf(c, n))
	}
	return a
}

// podOf is an ordinary pod of a deployment.
func podOf(c load.Container, n int) *corev1.Pod {
	owner := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: c.Pod, Namespace: c.Namespace, UID: types.UID(c.UID),
			Labels: map[string]string{
				"app.kubernetes.io/name": "checkout-api", "app.kubernetes.io/version": "2026.11.3", "app.kubernetes.io/managed-by": "Helm",
				"team": "payments", "pod-template-hash": "7c9d8f6b54",
			},
			Annotations:     map[string]string{"sluice.dev/parser": "json"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "checkout-api-7c9d8f6b54", Controller: &owner}},
		},
		Spec: corev1.PodSpec{NodeName: nodeName, Containers: []corev1.Container{{Name: c.Name, Image: "registry.example/checkout-api:2026.11.3"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: fmt.Sprintf("10.42.%d.%d", n/250%250, n%250+1),
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: c.Name, Image: "registry.example/checkout-api:2026.11.3", ContainerID: "containerd://" + c.ID,
				ImageID: fmt.Sprintf("registry.example/checkout-api@sha256:%064x", 0xabc),
			}},
		},
	}
}
