package event

import "sync/atomic"

// Pair is one name and its value.
type Pair struct{ Name, Value string }

// Fragment is what is true of every record of a batch: where it comes from.
// It is immutable once a batch points to it, shared by many batches, and
// neutral: each encoder writes it in its schema's names, once, and caches the
// bytes here.
type Fragment struct {
	File        string // path of the log file as it was found
	Runtime     string // containerd, docker, ...
	Namespace   string
	Pod         string
	PodUID      string
	Container   string // its name
	ContainerID string
	Image       string // as the container runtime names it
	ImageDigest string // sha256:...
	Cluster     string
	Node        string
	Labels      []Pair // the pod's
	Annotations []Pair
	Owners      []Pair // kind and name of what made the pod, the nearest first: ReplicaSet, Deployment
	NodeLabels  []Pair
	SpaceLabels []Pair // the namespace's
	Partial     bool   // metadata was asked for, and some of it is not known
	Fields      []Pair // static fields of the settings
	Wishes      Wishes

	cached atomic.Pointer[cached]
}

// cached is what one owner keeps with a fragment; there are as many as sinks.
type cached struct {
	owner, value any
	next         *cached
}

func (c *cached) of(owner any) (value any, ok bool) {
	for ; c != nil; c = c.next {
		if c.owner == owner {
			return c.value, true
		}
	}
	return nil, false
}

// Wishes are what a pod's owner asks for in the pod's annotations. Whoever
// makes records of the log heeds them; they are on no record.
type Wishes struct {
	Dataset        string
	Multiline      string
	Stdout, Stderr StreamWishes
}

// StreamWishes are what is asked for one of a container's two streams.
type StreamWishes struct {
	Exclude bool
	Parser  string
}

// Clone copies everything but what encoders cached.
func (f *Fragment) Clone() *Fragment {
	return &Fragment{
		File: f.File, Runtime: f.Runtime, Namespace: f.Namespace, Pod: f.Pod, PodUID: f.PodUID,
		Container: f.Container, ContainerID: f.ContainerID, Image: f.Image, ImageDigest: f.ImageDigest,
		Cluster: f.Cluster, Node: f.Node, Labels: f.Labels, Annotations: f.Annotations, Owners: f.Owners,
		NodeLabels: f.NodeLabels, SpaceLabels: f.SpaceLabels, Partial: f.Partial, Fields: f.Fields, Wishes: f.Wishes,
	}
}

// Workload is what is behind the pod in the end: a Deployment, not its
// ReplicaSet.
func (f *Fragment) Workload() (kind, name string) {
	if n := len(f.Owners); n > 0 {
		return f.Owners[n-1].Name, f.Owners[n-1].Value
	}
	return "", ""
}

// Enrichment is "partial" where metadata is missing that was asked for.
func (f *Fragment) Enrichment() string {
	if f.Partial {
		return "partial"
	}
	return ""
}

// Cached returns what make returned for this owner and fragment, calling it
// at most a few times (concurrent first calls) and keeping one result. owner
// must be comparable and the same for the life of the encoder.
func (f *Fragment) Cached(owner any, make func(*Fragment) any) any {
	first := f.cached.Load()
	value, ok := first.of(owner)
	if ok {
		return value
	}
	value = make(f)
	for !f.cached.CompareAndSwap(first, &cached{owner, value, first}) {
		first = f.cached.Load()
		if other, ok := first.of(owner); ok {
			return other
		}
	}
	return value
}
