package elastic

import (
	"slices"
	"strings"

	"sluice/event"
	"sluice/wire/quote"
)

// fragment is what an event.Fragment is to this sink: bytes that are the same
// in every record that shares it.
type fragment struct {
	container bool     // the records are a container's lines
	key       string   // the target, where no template makes it
	log       []byte   // schema ecs: what ends the object log
	tail      []byte   // what ends a document and its line, with a comma in front
	fixed     uint32   // schema ecs: slots that static fields have filled
	names     []string // schema fluentd: names at the root that are taken
}

// leaf is a string at a dotted path.
type leaf struct{ path, value string }

// makeFragment is for event.Fragment.Cached.
func (s *Sink) makeFragment(f *event.Fragment) any {
	if s.ecs {
		return s.ecsFragment(f)
	}
	return s.fluentdFragment(f)
}

func (s *Sink) ecsFragment(f *event.Fragment) *fragment {
	r := &fragment{container: f.File != ""}
	dataset := s.dataset
	if r.container {
		if dataset == "" {
			dataset = "kubernetes.container_logs"
		}
		if f.Wishes.Dataset != "" {
			dataset = f.Wishes.Dataset
		}
	} else if dataset == "" {
		dataset = "forward"
	}
	dataset = cleanPart(dataset, "generic")
	var ls []leaf
	add := func(path, value string) {
		if value != "" {
			ls = append(ls, leaf{path, value})
		}
	}
	if len(s.target.parts) == 0 {
		r.key = "logs-" + dataset + "-" + s.namespace
		add("data_stream.type", "logs")
		add("data_stream.dataset", dataset)
		add("data_stream.namespace", s.namespace)
	}
	add("event.dataset", dataset)
	add("ecs.version", "8.11.0")
	ls = r.kubernetes(ls, f)
	add("container.id", f.ContainerID)
	add("container.image.name", f.Image)
	add("container.image.hash.all", f.ImageDigest)
	add("container.runtime", f.Runtime)
	add("orchestrator.cluster.name", f.Cluster)
	add("host.name", f.Node)
	add("agent.type", "sluice")
	ls = r.statics(ls, f.Fields)
	r.log = quote.Append([]byte(`"file":{"path":`), bytesOf(f.File))
	r.log = append(r.log, '}', '}')
	r.tail = appendTail(ls)
	return r
}

// kubernetes adds what there is below that name, which is Beats' where ECS has
// none.
func (r *fragment) kubernetes(ls []leaf, f *event.Fragment) []leaf {
	add := func(path, value string) {
		if value != "" {
			ls = append(ls, leaf{"kubernetes." + path, value})
		}
	}
	add("namespace", f.Namespace)
	ls = appendPairs(ls, "kubernetes.namespace_labels.", f.SpaceLabels)
	add("pod.name", f.Pod)
	add("pod.uid", f.PodUID)
	add("container.name", f.Container)
	if r.container {
		add("node.name", f.Node)
	}
	ls = appendPairs(ls, "kubernetes.node.labels.", f.NodeLabels)
	for _, o := range f.Owners {
		switch o.Name {
		case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob":
			add(strings.ToLower(o.Name)+".name", o.Value)
		default:
			add("owner.kind", o.Name)
			add("owner.name", o.Value)
		}
	}
	ls = appendPairs(ls, "kubernetes.labels.", f.Labels)
	ls = appendPairs(ls, "kubernetes.annotations.", f.Annotations)
	add("enrichment", f.Enrichment())
	return ls
}

// perRecord are the paths that records fill themselves.
var perRecord = []string{"@timestamp", "message", "stream", "json", "log.offset", "log.file.path", "log.flags", "labels.tag"}

// statics adds the static fields at the root. One that names a path of the
// schema replaces its value; one that cannot stand beside the schema moves to
// labels.
func (r *fragment) statics(ls []leaf, fields []event.Pair) []leaf {
	own := len(ls)
	for _, f := range fields {
		name := f.Name
		if !cleanKey(bytesOf(name)) {
			name = string(appendClean(nil, bytesOf(name)))
		}
		i := slices.IndexFunc(ls, func(l leaf) bool { return l.path == name })
		if i >= 0 && !strings.HasPrefix(name, "data_stream.") {
			ls[i].value = f.Value
			continue
		}
		clashes := func(path string) bool { return overlaps(path, name) }
		s := slices.Index(promoted[:], name)
		switch {
		case s > 0:
			r.fixed |= 1 << s
		case slices.ContainsFunc(perRecord, clashes), slices.ContainsFunc(promoted[1:], clashes),
			slices.ContainsFunc(ls[:own], func(l leaf) bool { return clashes(l.path) }):
			name = "labels." + strings.ReplaceAll(name, ".", "_")
		}
		ls = append(ls, leaf{unused(ls, name), f.Value})
	}
	for i := range ls[own:] { // they stand at the root under their whole name
		ls[own+i].path = strings.ReplaceAll(ls[own+i].path, ".", dot)
	}
	return ls
}

// dot stands for a dot that separates nothing; 0xff is in no UTF-8.
const dot = "\xff"

// overlaps reports whether one path leads to or through the other.
func overlaps(a, b string) bool {
	return a != "" && (a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+"."))
}

// unused appends "_" to the path until no leaf has it.
func unused(ls []leaf, path string) string {
	for slices.ContainsFunc(ls, func(l leaf) bool { return l.path == path }) {
		path += "_"
	}
	return path
}

// appendPairs adds labels or annotations with their dots replaced: app and
// app.kubernetes.io/name could not both be mapped.
func appendPairs(ls []leaf, prefix string, pairs []event.Pair) []leaf {
	others := len(ls) // none of which has the prefix: another Sluice's pairs may be many that become one
	for _, p := range pairs {
		name := string(appendClean(nil, bytesOf(p.Name)))
		ls = append(ls, leaf{unused(ls[others:], prefix+name), p.Value})
	}
	return ls
}

func appendTail(ls []leaf) []byte {
	dst := stripComma(appendTree([]byte{','}, ls))
	return append(dst, '}', '\n')
}

// appendTree appends leaves as members, each with a comma behind it. Leaves
// below one object must stand together.
func appendTree(dst []byte, ls []leaf) []byte {
	for len(ls) > 0 {
		head, _, deeper := strings.Cut(ls[0].path, ".")
		dst = quote.Append(dst, bytesOf(strings.ReplaceAll(head, dot, ".")))
		dst = append(dst, ':')
		n := 1
		if !deeper {
			dst = quote.Append(dst, bytesOf(ls[0].value))
		} else {
			var below []leaf
			for n = 0; n < len(ls) && strings.HasPrefix(ls[n].path, head+"."); n++ {
				below = append(below, leaf{ls[n].path[len(head)+1:], ls[n].value})
			}
			dst = append(stripComma(appendTree(append(dst, '{'), below)), '}')
		}
		dst = append(dst, ',')
		ls = ls[n:]
	}
	return dst
}

// metadata are the names that Elasticsearch keeps for itself at a document's root.
var metadata = []string{
	"_id", "_index", "_source", "_type", "_routing", "_field_names", "_ignored", "_seq_no",
	"_primary_term", "_version", "_doc_count", "_nested_path", "_size", "_tier", "_ignored_source", "_data_stream_timestamp",
}

func (s *Sink) fluentdFragment(f *event.Fragment) *fragment {
	r := &fragment{container: f.File != ""}
	var ls []leaf
	add := func(path, value string) {
		if value != "" {
			ls = append(ls, leaf{path, value})
		}
	}
	if r.container && s.like.Metadata {
		add("docker.container_id", f.ContainerID)
		add("kubernetes.container_name", f.Container)
		add("kubernetes.namespace_name", f.Namespace)
		add("kubernetes.pod_name", f.Pod)
		add("kubernetes.pod_id", f.PodUID)
		add("kubernetes.host", f.Node)
		add("kubernetes.container_image", f.Image)
		add("kubernetes.container_image_id", f.ImageDigest)
		kind, name := f.Workload()
		add("kubernetes.owner_kind", kind)
		add("kubernetes.owner_name", name)
		ls = appendPairs(ls, "kubernetes.namespace_labels.", f.SpaceLabels)
		ls = appendPairs(ls, "kubernetes.node_labels.", f.NodeLabels)
		ls = appendPairs(ls, "kubernetes.labels.", f.Labels)
		ls = appendPairs(ls, "kubernetes.annotations.", f.Annotations)
		add("kubernetes.enrichment", f.Enrichment())
	}
	add("cluster_name", f.Cluster)
	if s.like.TagKey != "" {
		r.names = append(r.names, s.like.TagKey)
	}
	for i := range ls {
		if s.like.Flat != "" {
			ls[i].path = strings.ReplaceAll(ls[i].path, ".", strings.ReplaceAll(s.like.Flat, ".", dot))
		}
		head, _, _ := strings.Cut(ls[i].path, ".")
		r.names = append(r.names, strings.ReplaceAll(head, dot, "."))
	}
	r.names = slices.Compact(r.names)
	for _, p := range f.Fields {
		name := p.Name
		if !cleanKey(bytesOf(name)) {
			name = string(appendClean(nil, bytesOf(name)))
		}
		for _, taken := r.rootName(name); taken; _, taken = r.rootName(name) {
			name += "_"
		}
		r.names = append(r.names, name)
		ls = append(ls, leaf{strings.ReplaceAll(name, ".", dot), p.Value})
	}
	r.tail = appendTail(ls)
	return r
}

// rootName says what a record's field of this name is at the root: the time,
// or a name that is taken.
func (r *fragment) rootName(name string) (s slot, taken bool) {
	if name == "@timestamp" {
		return slotTimestamp, true
	}
	return slotNone, slices.Contains(r.names, name) || strings.HasPrefix(name, "_") && slices.Contains(metadata, name)
}
