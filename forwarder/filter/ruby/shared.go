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
	for name, pairs := range map[string][]event.Pair{"labels": f.Labels, "annotations": f.Annotations} {
		if len(pairs) == 0 {
			continue
		}
		inner := hash()
		for _, p := range pairs {
			inner.o.add(p.Name, p.Value)
		}
		inner.o.frozen = true
		h.o.set(str(name), inner)
	}
	h.o.frozen = true
	return h
}

func (o *object) add(name, v string) {
	if v != "" {
		o.set(str(name), str(v))
	}
}
