// Package apitest is a stand-in for the part of a Kubernetes API server that an
// enrich.Enricher may ask: it lists and watches pods, nodes and namespaces.
//
// Promise: what was added, changed and removed is listed and comes to every
// watch, in order, once; whatever else is asked of it (another path, verb or
// selector) is refused and reported. It has faults to switch on. It answers in
// JSON; the real server, which answers in protobuf, is asked in make test-kube.
package apitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// Server is such a server, of one node's pods.
type Server struct {
	*httptest.Server
	refused   func(what string)
	selectors map[string]string

	mu      sync.Mutex
	rv      int
	oldest  int // versions before it are forgotten
	objects map[string]map[types.UID]runtime.Object
	events  map[string][]event // by resource
	more    chan struct{}      // closed at each event
	cut     chan struct{}      // closed to end the watches
	fail    int                // status of every answer; 0: none fails
	stuck   chan struct{}      // answers wait until it is closed; nil: they do not
	lists   map[string]int
}

type event struct {
	kind   string
	rv     int
	object json.RawMessage
}

// New starts a server on the loopback network, of the pods of a node. refused is
// told what nobody may ask.
func New(node string, refused func(what string)) *Server {
	a := &Server{
		refused: refused, rv: 100, more: make(chan struct{}), cut: make(chan struct{}), lists: map[string]int{},
		selectors: map[string]string{"pods": "spec.nodeName=" + node, "nodes": "metadata.name=" + node, "namespaces": ""},
		objects:   map[string]map[types.UID]runtime.Object{"pods": {}, "nodes": {}, "namespaces": {}},
		events:    map[string][]event{},
	}
	a.Server = httptest.NewServer(http.HandlerFunc(a.serve))
	return a
}

// Close ends the server and its watches.
func (a *Server) Close() {
	a.CutWatches()
	a.Server.Close()
}

// Kubeconfig is a file with which a client finds the server.
func (a *Server) Kubeconfig() []byte {
	return fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":%q}}],"contexts":[{"name":"x","context":{"cluster":"c"}}],"current-context":"x"}`, a.URL)
}

func (a *Server) serve(w http.ResponseWriter, r *http.Request) {
	resource, ok := strings.CutPrefix(r.URL.Path, "/api/v1/")
	q := r.URL.Query()
	want, known := a.selectors[resource]
	if !ok || !known || r.Method != http.MethodGet || q.Get("fieldSelector") != want || !strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.kubernetes.protobuf") {
		a.refuse(w, "unexpected %s %s, Accept %q", r.Method, r.URL, r.Header.Get("Accept"))
		return
	}
	a.mu.Lock()
	fail, stuck := a.fail, a.stuck
	a.mu.Unlock()
	if stuck != nil {
		select {
		case <-stuck:
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if fail != 0 {
		a.status(w, fail)
		return
	}
	if q.Get("watch") == "true" {
		a.watch(w, r, resource, q)
		return
	}
	a.list(w, resource)
}

func (a *Server) refuse(w http.ResponseWriter, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	a.refused(what)
	http.Error(w, what, http.StatusBadRequest)
}

func statusObject(code int) *metav1.Status {
	reason := map[int]metav1.StatusReason{403: metav1.StatusReasonForbidden, 410: metav1.StatusReasonExpired, 500: metav1.StatusReasonInternalError}[code]
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Code: int32(code), Reason: reason, Message: "as the test wants",
	}
}

func (a *Server) status(w http.ResponseWriter, code int) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(statusObject(code))
}

var listKinds = map[string]string{"pods": "PodList", "nodes": "NodeList", "namespaces": "NamespaceList"}

func (a *Server) list(w http.ResponseWriter, resource string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lists[resource]++
	items := []runtime.Object{}
	for _, o := range a.objects[resource] {
		items = append(items, o)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"kind": listKinds[resource], "apiVersion": "v1", "metadata": map[string]any{"resourceVersion": strconv.Itoa(a.rv)}, "items": items,
	})
}

func (a *Server) watch(w http.ResponseWriter, r *http.Request, resource string, q url.Values) {
	if q.Get("sendInitialEvents") != "" { // as servers before 1.32 do: then it is listed
		a.status(w, http.StatusUnprocessableEntity)
		return
	}
	from, err := strconv.Atoi(q.Get("resourceVersion"))
	if err != nil {
		a.refuse(w, "watch without a version: %s", r.URL)
		return
	}
	flush := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	for {
		a.mu.Lock()
		cut, more, forgotten := a.cut, a.more, from < a.oldest
		due := a.events[resource]
		due = due[sort.Search(len(due), func(n int) bool { return due[n].rv > from }):]
		a.mu.Unlock()
		if forgotten {
			_ = json.NewEncoder(w).Encode(map[string]any{"type": "ERROR", "object": statusObject(410)})
			return
		}
		for _, e := range due {
			_ = json.NewEncoder(w).Encode(map[string]any{"type": e.kind, "object": e.object})
			from = e.rv
		}
		_ = flush.Flush()
		select {
		case <-more:
		case <-cut:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func resourceOf(o runtime.Object) (string, *metav1.ObjectMeta) {
	switch o := o.(type) {
	case *corev1.Pod:
		o.Kind, o.APIVersion = "Pod", "v1"
		return "pods", &o.ObjectMeta
	case *corev1.Node:
		o.Kind, o.APIVersion = "Node", "v1"
		return "nodes", &o.ObjectMeta
	case *corev1.Namespace:
		o.Kind, o.APIVersion = "Namespace", "v1"
		return "namespaces", &o.ObjectMeta
	}
	panic(fmt.Sprintf("BUG: %T", o))
}

func (a *Server) change(kind string, objects ...runtime.Object) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, o := range objects {
		o = o.DeepCopyObject()
		resource, meta := resourceOf(o)
		a.rv++
		meta.ResourceVersion = strconv.Itoa(a.rv)
		switch {
		case kind == "DELETED":
			delete(a.objects[resource], meta.UID)
		default:
			a.objects[resource][meta.UID] = o
		}
		raw, err := json.Marshal(o)
		if err != nil {
			panic(fmt.Sprintf("BUG: %v", err))
		}
		a.events[resource] = append(a.events[resource], event{kind, a.rv, raw})
	}
	close(a.more)
	a.more = make(chan struct{})
}

// Add makes objects.
func (a *Server) Add(o ...runtime.Object) { a.change("ADDED", o...) }

// Update changes objects.
func (a *Server) Update(o ...runtime.Object) { a.change("MODIFIED", o...) }

// Remove deletes objects.
func (a *Server) Remove(o ...runtime.Object) { a.change("DELETED", o...) }

// CutWatches ends every watch that is open.
func (a *Server) CutWatches() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.cut)
	a.cut = make(chan struct{})
}

// Forget makes every version before now too old to watch from.
func (a *Server) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rv++
	a.oldest = a.rv
	clear(a.events)
}

// FailWith makes every request fail, or, with 0, succeed again.
func (a *Server) FailWith(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail = status
}

// Stall makes answers wait until the returned function is called.
func (a *Server) Stall() (release func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stuck = make(chan struct{})
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		close(a.stuck)
		a.stuck = nil
	}
}

// Listed is how often a resource was listed.
func (a *Server) Listed(resource string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lists[resource]
}
