package forward

import (
	"slices"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
)

// fragment is what an event.Fragment is to this sink: pairs of a msgpack map
// that are the same in every record that shares it.
type fragment struct {
	pairs []byte
	n     uint32
	names []string // of the pairs
}

// makeFragment is for event.Fragment.Cached. Names and shape are those of
// fluent-plugin-kubernetes_metadata_filter.
func makeFragment(f *event.Fragment) any {
	r := &fragment{}
	if f.File != "" {
		r.container(f)
	}
	if f.Cluster != "" {
		r.text("cluster_name", f.Cluster)
	}
	for _, p := range f.Fields {
		r.text(p.Name, p.Value)
	}
	return r
}

func (r *fragment) container(f *event.Fragment) {
	if f.ContainerID != "" {
		r.name("docker")
		r.pairs = appendTexts(r.pairs, []event.Pair{{Name: "container_id", Value: f.ContainerID}})
	}
	texts := slices.DeleteFunc([]event.Pair{
		{Name: "container_name", Value: f.Container},
		{Name: "namespace_name", Value: f.Namespace},
		{Name: "pod_name", Value: f.Pod},
		{Name: "pod_id", Value: f.PodUID},
		{Name: "host", Value: f.Node},
	}, func(p event.Pair) bool { return p.Value == "" })
	n := len(texts)
	for _, more := range [][]event.Pair{f.Labels, f.Annotations} {
		if len(more) > 0 {
			n++
		}
	}
	if n == 0 {
		return
	}
	r.name("kubernetes")
	r.pairs = msgp.AppendMapHeader(r.pairs, uint32(n))
	for _, p := range texts {
		r.pairs = msgp.AppendString(msgp.AppendString(r.pairs, p.Name), p.Value)
	}
	if len(f.Labels) > 0 {
		r.pairs = appendTexts(msgp.AppendString(r.pairs, "labels"), f.Labels)
	}
	if len(f.Annotations) > 0 {
		r.pairs = appendTexts(msgp.AppendString(r.pairs, "annotations"), f.Annotations)
	}
}

// name begins a pair. One whose name is there already gets "_" appended.
func (r *fragment) name(name string) {
	for slices.Contains(r.names, name) {
		name += "_"
	}
	r.names = append(r.names, strings.Clone(name))
	r.n++
	r.pairs = msgp.AppendString(r.pairs, name)
}

func (r *fragment) text(name, value string) {
	r.name(name)
	r.pairs = msgp.AppendString(r.pairs, value)
}

func appendTexts(dst []byte, pairs []event.Pair) []byte {
	dst = msgp.AppendMapHeader(dst, uint32(len(pairs)))
	for _, p := range pairs {
		dst = msgp.AppendString(msgp.AppendString(dst, p.Name), p.Value)
	}
	return dst
}
