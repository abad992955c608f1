package soak

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"sluice/bench/mark"
	"sluice/forwarder/enrich/apitest"
)

// podRig is an agent to be on a node, with its API server.
type podRig struct {
	*rig
	api     *apitest.Server
	refused atomic.Pointer[string] // the last that the agent may not ask
}

const (
	podNode = "node-1"
	podText = " of a pod that does not live for long, with some text to fill it up to the length of a line\n"
)

func newPodRig(cfg Config) (*podRig, error) {
	cfg.Files = 1 // which nobody writes to
	r, err := newRig(cfg, filepath.Join(cfg.Dir, "data"))
	if err != nil {
		return nil, err
	}
	p := &podRig{rig: r}
	p.api = apitest.New(podNode, func(what string) { p.refused.Store(&what) })
	p.api.Add(
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: podNode, UID: "node", Labels: map[string]string{"kubernetes.io/hostname": podNode}}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", UID: "shop", Labels: map[string]string{"team": "payments"}}})
	kubeconfig := filepath.Join(cfg.Dir, "kubeconfig")
	err = os.WriteFile(kubeconfig, p.api.Kubeconfig(), 0o600)
	if err == nil { // what is not said has its default
		err = os.WriteFile(r.settings, fmt.Appendf(nil, `data_dir: %q
metrics: { listen: %q }
admin: { listen: "" }
inputs: { containers: { path: %q }, forward: { listen: [] } }
kubernetes: { node: %s, kubeconfig: %q }
elasticsearch: { urls: [%q] }
`, r.data, r.metrics, filepath.Join(cfg.Dir, "containers", "*.log"), podNode, kubeconfig, r.web.URL), 0o600)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *podRig) close() {
	p.api.Close()
	p.rig.close()
}

func (p *podRig) paths(pod *corev1.Pod) (path, link string) {
	path = filepath.Join(p.cfg.Dir, "pods", fmt.Sprintf("%s_%s_%s", pod.Namespace, pod.Name, pod.UID), "app", "0.log")
	return path, filepath.Join(p.cfg.Dir, "containers", fmt.Sprintf("%s_%s_app-%s.log", pod.Name, pod.Namespace, containerID(pod.UID)))
}

func containerID(uid types.UID) string { return fmt.Sprintf("%064s", uid[len(uid)-12:]) }

func podObject(stream int) *corev1.Pod {
	uid := types.UID(fmt.Sprintf("11111111-0000-4000-8000-%012d", stream))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("job-%d", stream), Namespace: "shop", UID: uid,
			Labels: map[string]string{"app.kubernetes.io/name": "job", "of": fmt.Sprintf("label-%d", stream)},
		},
		Spec:   corev1.PodSpec{NodeName: podNode, Containers: []corev1.Container{{Name: "app", Image: "registry.example/job:1"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{Name: "app", ContainerID: "containerd://" + containerID(uid)}}},
	}
}

// writeLines appends lines of a runtime's, numbered from seq on, in one write.
func writeLines(path string, stream, seq, n int) error {
	var b []byte
	for i := range n {
		b = time.Now().UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z07:00")
		b = mark.Append(append(b, " stdout F line "...), mark.Mark{Stream: stream, Seq: int64(seq + i)})
		b = append(b, podText...)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
