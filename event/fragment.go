package event

import "sync"

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
	Cluster     string
	Node        string
	Labels      []Pair // the pod's
	Annotations []Pair
	Fields      []Pair // static fields of the settings

	cached sync.Map
}

// Cached returns what make returned for this owner and fragment, calling it
// at most a few times (concurrent first calls) and keeping one result. owner
// must be comparable and the same for the life of the encoder.
func (f *Fragment) Cached(owner any, make func(*Fragment) any) any {
	if v, ok := f.cached.Load(owner); ok {
		return v
	}
	v, _ := f.cached.LoadOrStore(owner, make(f))
	return v
}
