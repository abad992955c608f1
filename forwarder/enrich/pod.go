package enrich

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"sluice/event"
)

// pod is what is kept of a pod. It never changes.
type pod struct {
	UID         string       `json:"uid"`
	Namespace   string       `json:"namespace"`
	Name        string       `json:"name"`
	Hash        string       `json:"hash,omitempty"` // of a static pod: what the kubelet calls it on disk
	Labels      []event.Pair `json:"labels,omitempty"`
	Annotations []event.Pair `json:"annotations,omitempty"`
	Owners      []event.Pair `json:"owners,omitempty"`
	Containers  []container  `json:"containers,omitempty"`
}

type container struct {
	Name    string `json:"name"`
	Runtime string `json:"runtime,omitempty"`
	Image   string `json:"image,omitempty"`
	Digest  string `json:"digest,omitempty"`
}

// hashAnnotation is on the mirror pod of a static pod. The static pod's
// directory carries the hash instead of a uid (kubelet, package
// pkg/kubelet/types).
const hashAnnotation = "kubernetes.io/config.hash"

func (c *Config) podOf(p *corev1.Pod) *pod {
	k := &pod{
		UID: string(p.UID), Namespace: p.Namespace, Name: p.Name, Hash: p.Annotations[hashAnnotation],
		Labels: pairs(p.Labels, c.wantsLabel), Annotations: pairs(p.Annotations, c.wantsAnnotation), Owners: ownersOf(p),
	}
	for _, list := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range list {
			k.Containers = append(k.Containers, container{Name: list[i].Name, Image: list[i].Image})
		}
	}
	for i := range p.Spec.EphemeralContainers {
		e := &p.Spec.EphemeralContainers[i]
		k.Containers = append(k.Containers, container{Name: e.Name, Image: e.Image})
	}
	for _, list := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses, p.Status.EphemeralContainerStatuses} {
		for i := range list {
			if c := k.container(list[i].Name); c != nil {
				c.observe(&list[i])
			}
		}
	}
	return k
}

// container returns the named one, nil if there is none.
func (p *pod) container(name string) *container {
	for i := range p.Containers {
		if p.Containers[i].Name == name {
			return &p.Containers[i]
		}
	}
	return nil
}

// observe takes in what the runtime says. Where it names the image by its id
// alone, the name in the pod's spec stays.
func (c *container) observe(s *corev1.ContainerStatus) {
	if s.Image != "" && !strings.HasPrefix(s.Image, "sha256:") {
		c.Image = s.Image
	}
	if at := strings.LastIndex(s.ImageID, "sha256:"); at >= 0 {
		c.Digest = s.ImageID[at:]
	}
	c.Runtime, _, _ = strings.Cut(s.ContainerID, "://")
}

func (p *pod) equal(q *pod) bool {
	return p.UID == q.UID && p.Namespace == q.Namespace && p.Name == q.Name && p.Hash == q.Hash &&
		slices.Equal(p.Labels, q.Labels) && slices.Equal(p.Annotations, q.Annotations) &&
		slices.Equal(p.Owners, q.Owners) && slices.Equal(p.Containers, q.Containers)
}

// pairs lists the wanted names, sorted.
func pairs(m map[string]string, wanted func(string) bool) (list []event.Pair) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if wanted(name) {
			list = append(list, event.Pair{Name: name, Value: m[name]})
		}
	}
	return list
}

func everyName(string) bool { return true }

// key names what the path of a log can name its pod by: a uid, the hash of a
// static pod, or, where a path has neither, namespace and name.
type key string

func nameKey(namespace, name string) key { return key(namespace + "/" + name) }

func (p *pod) keys() []key {
	keys := []key{key(p.UID), nameKey(p.Namespace, p.Name)}
	if p.Hash != "" {
		keys = append(keys, key(p.Hash))
	}
	return keys
}
