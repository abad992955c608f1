package enrich

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// fakeAPI answers what an Enricher may ask of an API server and nothing else:
// another path, verb or selector fails the test. It is for faults; the real
// server is asked in make test-kube.
type fakeAPI struct {
	t *testing.T
	*httptest.Server

	mu      sync.Mutex
	rv      int
	oldest  int // versions before it are forgotten
	objects map[string]map[types.UID]runtime.Object
	events  []fakeEvent
	more    chan struct{} // closed at each event
	cut     chan struct{} // closed to end the watches
	fail    int           // status of every answer; 0: none fails
	stuck   chan struct{} // answers wait until it is closed; nil: they do not
	lists   map[string]int
}

type fakeEvent struct {
	resource, kind string
	rv             int
	object         json.RawMessage
}

func newFakeAPI(t *testing.T) *fakeAPI {
	a := &fakeAPI{
		t: t, rv: 100, more: make(chan struct{}), cut: make(chan struct{}), lists: map[string]int{},
		objects: map[string]map[types.UID]runtime.Object{"pods": {}, "nodes": {}, "namespaces": {}},
	}
	a.Server = httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(func() {
		a.cutWatches()
		a.Close()
	})
	return a
}

var selectors = map[string]string{"pods": "spec.nodeName=node-1", "nodes": "metadata.name=node-1", "namespaces": ""}

func (a *fakeAPI) serve(w http.ResponseWriter, r *http.Request) {
	resource, ok := strings.CutPrefix(r.URL.Path, "/api/v1/")
	q := r.URL.Query()
	want, known := selectors[resource]
	if !ok || !known || r.Method != http.MethodGet || q.Get("fieldSelector") != want || !strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.kubernetes.protobuf") {
		a.t.Errorf("unexpected %s %s, Accept %q", r.Method, r.URL, r.Header.Get("Accept"))
		http.Error(w, "unexpected", http.StatusBadRequest)
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

func statusObject(code int) *metav1.Status {
	reason := map[int]metav1.StatusReason{403: metav1.StatusReasonForbidden, 410: metav1.StatusReasonExpired, 500: metav1.StatusReasonInternalError}[code]
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Code: int32(code), Reason: reason, Message: "as the test wants",
	}
}

func (a *fakeAPI) status(w http.ResponseWriter, code int) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(statusObject(code))
}

var listKinds = map[string]string{"pods": "PodList", "nodes": "NodeList", "namespaces": "NamespaceList"}

func (a *fakeAPI) list(w http.ResponseWriter, resource string) {
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

func (a *fakeAPI) watch(w http.ResponseWriter, r *http.Request, resource string, q url.Values) {
	if q.Get("sendInitialEvents") != "" { // as servers before 1.32 do: then it is listed
		a.status(w, http.StatusUnprocessableEntity)
		return
	}
	from, err := strconv.Atoi(q.Get("resourceVersion"))
	if err != nil {
		a.t.Errorf("watch without a version: %s", r.URL)
	}
	flush := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	for {
		a.mu.Lock()
		cut, more, forgotten := a.cut, a.more, from < a.oldest
		var due []fakeEvent
		for _, e := range a.events {
			if e.resource == resource && e.rv > from {
				due = append(due, e)
			}
		}
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

func (a *fakeAPI) change(kind string, objects ...runtime.Object) {
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
			a.t.Error(err)
		}
		a.events = append(a.events, fakeEvent{resource, kind, a.rv, raw})
	}
	close(a.more)
	a.more = make(chan struct{})
}

func (a *fakeAPI) add(o ...runtime.Object) { a.change("ADDED", o...) }

func (a *fakeAPI) update(o ...runtime.Object) { a.change("MODIFIED", o...) }

func (a *fakeAPI) remove(o ...runtime.Object) { a.change("DELETED", o...) }

// cutWatches ends every watch that is open.
func (a *fakeAPI) cutWatches() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.cut)
	a.cut = make(chan struct{})
}

// forget makes every version before now too old to watch from.
func (a *fakeAPI) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rv++
	a.oldest, a.events = a.rv, nil
}

// failWith makes every request fail, or, with 0, succeed again.
func (a *fakeAPI) failWith(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail = status
}

// stall makes answers wait until the returned function is called.
func (a *fakeAPI) stall() (release func()) {
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

func (a *fakeAPI) listed(resource string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lists[resource]
}
