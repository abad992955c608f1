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

	stranger string // one of them

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
	tear    int    // the last one of them
	bare    int    // without metadata
	sample  string // of the first line without metadata

	// What a document of this stream had that was good: one that has the same is.
	index string
	good  [][]byte
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
	JSON         struct{ Number string } // of the parser line
}

// raw is a document whose parts are not taken apart.
type raw struct{ Kubernetes, Container, Orchestrator json.RawMessage }

// same reports whether the document has what was good in an earlier one.
func (st *stream) same(index string, source []byte) bool {
	for _, part := range st.good {
		if !bytes.Contains(source, part) {
			return false
		}
	}
	return len(st.good) > 0 && st.index == index
}

// remember keeps what is good in a document.
func (st *stream) remember(index string, source []byte) {
	var r raw
	if json.Unmarshal(source, &r) == nil {
		st.index, st.good = index, [][]byte{bytes.Clone(r.Kubernetes), bytes.Clone(r.Container), bytes.Clone(r.Orchestrator)}
	}
}

// plainMessage finds a message without escapes, nil otherwise: taking a
// document apart costs more than the agent takes for it.
func plainMessage(source []byte) []byte {
	_, rest, ok := bytes.Cut(source, []byte(`"message":"`))
	message, _, closed := bytes.Cut(rest, []byte(`"`))
	if !ok || !closed || bytes.IndexByte(message, '\\') >= 0 {
		return nil
	}
	return message
}

func (s *store) note(index string, source []byte) {
	if !bytes.Contains(source, []byte(`"shop"`)) { // the agent's own and the system's
		return
	}
	if message := plainMessage(source); message != nil {
		name, n, text, ok := parts(message)
		if st := s.streams[string(name)]; ok && st != nil && st.same(index, source) {
			s.total++
			st.count(n, string(text), len(message))
			return
		}
	}
	var d document
	if err := json.Unmarshal(source, &d); err != nil || d.Kubernetes.Namespace != "shop" {
		s.strange++
		s.stranger = string(source[:min(len(source), 500)])
		return
	}
	message, more := strings.CutSuffix(d.Message, "\n\tmore")
	name, n, text, ok := parts([]byte(message))
	if !ok {
		s.strange++
		s.stranger = string(source[:min(len(source), 500)])
		return
	}
	st := s.streams[string(name)]
	if st == nil {
		st = &stream{end: -1}
		s.streams[string(name)] = st
	}
	s.total++
	defiance, lack := d.defies(index, more == (string(text) != "end"), n), d.lacks()
	if defiance != "" {
		s.defied++
		s.defiance = string(name) + ": " + defiance
	}
	if lack != "" {
		if st.bare++; st.sample == "" {
			st.sample = lack
		}
	}
	if defiance == "" && lack == "" && d.Kubernetes.Labels["app"] != "asked" {
		st.remember(index, source)
	}
	st.count(n, string(text), len(message))
}

// parts takes a line of the log application apart.
func parts(message []byte) (name []byte, n int, text []byte, ok bool) {
	name, rest, _ := bytes.Cut(message, []byte(" "))
	number, text, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.Atoi(string(number))
	return name, n, text, err == nil && n >= 0 && n <= 100_000_000
}

// count notes line n of the stream.
func (st *stream) count(n int, text string, length int) {
	if text == "end" {
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
	if length != 120 && length != 40_000 {
		st.torn++
		st.tear = n
	}
}

// defies says which of its pod's annotations document n defies; whole: it is
// two lines where there were two.
func (d *document) defies(index string, whole bool, n int) string {
	k := &d.Kubernetes
	parsed := k.Labels["app"] == "asked" && (k.Container.Name == "app" || k.Container.Name == "half")
	switch {
	case k.Container.Name == "two" && !whole:
		return "multiline.two"
	case parsed != (d.JSON.Number == strconv.Itoa(n)):
		return "parser: the number is " + d.JSON.Number
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
