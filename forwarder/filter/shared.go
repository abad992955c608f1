package filter

import (
	"strings"

	"sluice/event"
	"sluice/parser"
)

// sharedValue returns the function which reads, from what is true of every
// record of a batch, the value that path names; nil if there is none. A
// container's records do not carry their pod's data, yet settings speak of it:
// in the names of Fluentd's kubernetes_metadata and in those of ECS.
func sharedValue(path []parser.Step) func(*event.Fragment) string {
	var names []string
	for _, s := range path {
		names = append(names, s.Name)
	}
	if len(names) > 2 && names[0] == "kubernetes" {
		name := strings.Join(names[2:], ".") // a label's name may have been written with dots
		switch names[1] {
		case "labels":
			return func(f *event.Fragment) string { return pairValue(f.Labels, name) }
		case "namespace_labels":
			return func(f *event.Fragment) string { return pairValue(f.SpaceLabels, name) }
		case "node_labels":
			return func(f *event.Fragment) string { return pairValue(f.NodeLabels, name) }
		case "annotations":
			return func(f *event.Fragment) string { return pairValue(f.Annotations, name) }
		}
	}
	switch strings.Join(names, ".") {
	case "kubernetes.namespace_name", "kubernetes.namespace":
		return func(f *event.Fragment) string { return f.Namespace }
	case "kubernetes.pod_name", "kubernetes.pod.name":
		return func(f *event.Fragment) string { return f.Pod }
	case "kubernetes.pod_id", "kubernetes.pod.uid":
		return func(f *event.Fragment) string { return f.PodUID }
	case "kubernetes.container_name", "kubernetes.container.name":
		return func(f *event.Fragment) string { return f.Container }
	case "kubernetes.host", "kubernetes.node.name":
		return func(f *event.Fragment) string { return f.Node }
	case "kubernetes.container_image", "container.image.name":
		return func(f *event.Fragment) string { return f.Image }
	case "kubernetes.container_image_id", "container.image.hash.all":
		return func(f *event.Fragment) string { return f.ImageDigest }
	case "kubernetes.owner_kind":
		return func(f *event.Fragment) string { kind, _ := f.Workload(); return kind }
	case "kubernetes.owner_name":
		return func(f *event.Fragment) string { _, name := f.Workload(); return name }
	case "kubernetes.enrichment":
		return (*event.Fragment).Enrichment
	case "docker.container_id", "container.id":
		return func(f *event.Fragment) string { return f.ContainerID }
	case "container.runtime":
		return func(f *event.Fragment) string { return f.Runtime }
	case "orchestrator.cluster.name":
		return func(f *event.Fragment) string { return f.Cluster }
	case "log.file.path":
		return func(f *event.Fragment) string { return f.File }
	}
	return nil
}

func pairValue(pairs []event.Pair, name string) string {
	for _, p := range pairs {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}
