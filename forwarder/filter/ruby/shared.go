package ruby

import "sluice/event"

// sharedNames are the fields that Fluentd's kubernetes_metadata would have
// added to a record; here they belong to the batch.
var sharedNames = []string{"kubernetes", "docker"}

// cacheKey is this package's in a Fragment's cache.
type cacheKey struct{}

// sharedValue is what the fragment says under a field's name.
func sharedValue(f *event.Fragment, name string) (value, bool) {
	if f == nil || name != "kubernetes" && name != "docker" {
		return value{}, false
	}
	both := f.Cached(cacheKey{}, func(f *event.Fragment) any {
		return [2]value{kubernetes(f), docker(f)}
	}).([2]value)
	v := both[0]
	if name == "docker" {
		v = both[1]
	}
	return v, v.o != nil && len(v.o.pairs) > 0
}

func docker(f *event.Fragment) value {
	h := hash()
	h.o.add("container_id", f.ContainerID)
	h.o.frozen = true
	return h
}

func kubernetes(f *event.Fragment) value {
	h := hash()
	h.o.add("container_name", f.Container)
	h.o.add("namespace_name", f.Namespace)
	h.o.add("pod_name", f.Pod)
	h.o.add("pod_id", f.PodUID)
	h.o.add("host", f.Node)
	h.o.add("container_image", f.Image)
	h.o.add("container_image_id", f.ImageDigest)
	kind, name := f.Workload()
	h.o.add("owner_kind", kind)
	h.o.add("owner_name", name)
	h.o.addPairs("labels", f.Labels)
	h.o.addPairs("annotations", f.Annotations)
	h.o.addPairs("namespace_labels", f.SpaceLabels)
	h.o.addPairs("node_labels", f.NodeLabels)
	h.o.frozen = true
	return h
}

func (o *object) addPairs(name string, pairs []event.Pair) {
	if len(pairs) == 0 {
		return
	}
	h := hash()
	for _, p := range pairs {
		h.o.add(p.Name, p.Value)
	}
	h.o.frozen = true
	o.set(str(name), h)
}

func (o *object) add(name, v string) {
	if v != "" {
		o.set(str(name), str(v))
	}
}
