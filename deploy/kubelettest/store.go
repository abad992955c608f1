package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"sync"

	"sluice/sink/elastictest"
)

// store judges ids as Elasticsearch does, and notes for each line that it was
// there, whole, and with metadata.
type store struct {
	*elastictest.CountStore

	mu      sync.Mutex
	streams map[string]*stream // by POD/CONTAINER.RUN/STREAM
	total   int
	strange int // documents that are no lines of the log application

	defied   int    // documents that the pod's annotations did not want so
	defiance string // one of them
}

// stream is what arrived of one stream of one run of a container.
type stream struct {
	seen    []bool
	lines   int
	doubled int
	end     int    // how many lines there are; -1: not known yet
	torn    int    // not as long as they were written
	bare    int    // without metadata
	sample  string // of the first line without metadata
}

func newStore() *store {
	return &store{CountStore: elastictest.NewCountStore(), streams: map[string]*stream{}}
}

// Create implements elastictest.Store.
func (s *store) Create(docs []elastictest.Doc, created []bool) {
	s.CountStore.Create(docs, created)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range docs {
		if created[i] {
			s.note(docs[i].Index, docs[i].Source)
		}
	}
}

// document is what is read of one.
type document struct {
	Message    string
	Stream     string
	Kubernetes struct {
		Namespace string
		Pod       struct{ Name, UID string }
		Container struct{ Name string }
		Node      struct {
			Name   string
			Labels map[string]string
		}
		Labels, Namespace_labels                 map[string]string
		Deployment, ReplicaSet, StatefulSet, Job struct{ Name string }
		Enrichment                               string
	}
	Container struct {
		ID    string
		Image struct {
			Name string
			Hash struct{ All string }
		}
	}
	Orchestrator struct{ Cluster struct{ Name string } }
}

func (s *store) note(index string, source []byte) {
	var d document
	if !bytes.Contains(source, []byte(`"shop"`)) { // the agent's own and the system's
		return
	}
	if err := json.Unmarshal(source, &d); err != nil || d.Kubernetes.Namespace != "shop" {
		s.strange++
		return
	}
	name, rest, _ := bytes.Cut([]byte(d.Message), []byte(" "))
	number, text, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.Atoi(string(number))
	if err != nil || n < 0 || n > 100_000_000 {
		s.strange++
		return
	}
	st := s.streams[string(name)]
	if st == nil {
		st = &stream{end: -1}
		s.streams[string(name)] = st
	}
	s.total++
	if what := d.defies(index); what != "" {
		s.defied++
		s.defiance = string(name) + ": " + what
	}
	if what := d.lacks(); what != "" {
		if st.bare++; st.sample == "" {
			st.sample = what
		}
	}
	if string(text) == "end" {
		if st.end >= 0 {
			st.doubled++
		}
		st.end = n
		return
	}
	for n >= len(st.seen) {
		st.seen = append(st.seen, make([]bool, n+1024-len(st.seen))...)
	}
	if st.seen[n] {
		st.doubled++
		return
	}
	st.seen[n] = true
	st.lines++
	if l := len(d.Message); l != 120 && l != 40_000 {
		st.torn++
	}
}

// defies says which of its pod's annotations a document defies.
func (d *document) defies(index string) string {
	k := &d.Kubernetes
	switch {
	case k.Labels["app"] == "asked" && !strings.Contains(index, "logs-asked-"), k.Labels["app"] != "asked" && strings.Contains(index, "logs-asked-"):
		return "dataset: it is in " + index
	case k.Container.Name == "quiet":
		return "exclude.quiet"
	case k.Container.Name == "half" && d.Stream == "stderr":
		return "exclude_stderr-half"
	}
	return ""
}

// lacks names what a document should have and has not.
func (d *document) lacks() string {
	k := &d.Kubernetes
	app := k.Labels["app"]
	owner, known := map[string]string{"busy": k.Deployment.Name, "long": k.Deployment.Name, "asked": k.Deployment.Name, "db": k.StatefulSet.Name, "import": k.Job.Name}[app]
	switch {
	case k.Enrichment != "":
		return "enrichment: " + k.Enrichment
	case app == "":
		return "labels"
	case k.Namespace_labels["team"] != "checkout":
		return "namespace_labels"
	case k.Node.Name != "node-a" || k.Node.Labels["kubernetes.io/hostname"] == "" && k.Node.Labels["kubernetes_io/hostname"] == "":
		return "node"
	case known && owner != app:
		return "owner"
	case k.Pod.Name == "" || k.Pod.UID == "" || k.Container.Name == "" || d.Container.ID == "":
		return "identity"
	case d.Container.Image.Name != "localhost/logapp:1":
		return "image"
	case d.Orchestrator.Cluster.Name != "test":
		return "cluster"
	}
	return ""
}

func (s *store) lines() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}
