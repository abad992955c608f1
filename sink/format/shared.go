package format

import (
	"sluice/event"
	"sluice/wire/quote"
)

// member is a field that a batch says of all its records.
type member struct {
	name string
	json []byte
}

// owner is whose cache the members are in: they are the same for all
// formatters.
type owner struct{}

// makeMembers is for event.Fragment.Cached. Names and shape are those of
// fluent-plugin-kubernetes_metadata_filter.
func makeMembers(f *event.Fragment) any {
	var list []member
	add := func(name string, o object) {
		if len(o) > 0 {
			list = append(list, member{name, append(o, '}')})
		}
	}
	if f.File != "" {
		var docker, kubernetes object
		docker.text("container_id", f.ContainerID)
		add("docker", docker)
		kubernetes.text("container_name", f.Container)
		kubernetes.text("namespace_name", f.Namespace)
		kubernetes.text("pod_name", f.Pod)
		kubernetes.text("pod_id", f.PodUID)
		kubernetes.text("host", f.Node)
		kubernetes.text("container_image", f.Image)
		kubernetes.text("container_image_id", f.ImageDigest)
		kind, name := f.Workload()
		kubernetes.text("owner_kind", kind)
		kubernetes.text("owner_name", name)
		kubernetes.text("enrichment", f.Enrichment())
		kubernetes.texts("namespace_labels", f.SpaceLabels)
		kubernetes.texts("node_labels", f.NodeLabels)
		kubernetes.texts("labels", f.Labels)
		kubernetes.texts("annotations", f.Annotations)
		add("kubernetes", kubernetes)
	}
	if f.Cluster != "" {
		list = append(list, member{"cluster_name", quote.Append(nil, []byte(f.Cluster))})
	}
	for _, p := range f.Fields {
		list = append(list, member{p.Name, quote.Append(nil, []byte(p.Value))})
	}
	return list
}

// object is a JSON object being written, without its end; empty: nothing is in
// it.
type object []byte

func (o *object) name(name string) {
	mark := byte(',')
	if len(*o) == 0 {
		mark = '{'
	}
	*o = append(quote.Append(append(*o, mark), []byte(name)), ':')
}

func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		*o = quote.Append(*o, []byte(value))
	}
}

func (o *object) texts(name string, pairs []event.Pair) {
	var inner object
	for _, p := range pairs {
		inner.name(p.Name)
		inner = quote.Append(inner, []byte(p.Value))
	}
	if len(inner) > 0 {
		o.name(name)
		*o = append(append(*o, inner...), '}')
	}
}
