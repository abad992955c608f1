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
	told  *told    // metadata goes into the option; nil: it is in the pairs
	lines bool     // the records are a container's lines
}

// makeFragment is for event.Fragment.Cached. Names and shape are those of
// fluent-plugin-kubernetes_metadata_filter.
func (s *Sink) makeFragment(f *event.Fragment) any {
	r := &fragment{lines: f.File != ""}
	if s.inOption && s.metadata {
		if r.told = tell(f); r.told != nil {
			return r
		}
	}
	if f.File != "" && s.metadata {
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
	texts := []event.Pair{
		{Name: "container_name", Value: f.Container},
		{Name: "namespace_name", Value: f.Namespace},
		{Name: "pod_name", Value: f.Pod},
		{Name: "pod_id", Value: f.PodUID},
		{Name: "host", Value: f.Node},
		{Name: "container_image", Value: f.Image},
		{Name: "container_image_id", Value: f.ImageDigest},
	}
	if n := len(f.Owners); n > 0 { // the last is the workload
		texts = append(texts, event.Pair{Name: "owner_kind", Value: f.Owners[n-1].Name}, event.Pair{Name: "owner_name", Value: f.Owners[n-1].Value})
	}
	if f.Partial {
		texts = append(texts, event.Pair{Name: "enrichment", Value: "partial"})
	}
	texts = slices.DeleteFunc(texts, func(p event.Pair) bool { return p.Value == "" })
	maps := slices.DeleteFunc([]named{
		{"namespace_labels", f.SpaceLabels}, {"node_labels", f.NodeLabels}, {"labels", f.Labels}, {"annotations", f.Annotations},
	}, func(m named) bool { return len(m.pairs) == 0 })
	if len(texts)+len(maps) == 0 {
		return
	}
	r.name("kubernetes")
	r.pairs = msgp.AppendMapHeader(r.pairs, uint32(len(texts)+len(maps)))
	for _, p := range texts {
		r.pairs = msgp.AppendString(msgp.AppendString(r.pairs, p.Name), p.Value)
	}
	for _, m := range maps {
		r.pairs = appendTexts(msgp.AppendString(r.pairs, m.name), m.pairs)
	}
}

type named struct {
	name  string
	pairs []event.Pair
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
