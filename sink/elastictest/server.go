package elastictest

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// Server answers as one node of Elasticsearch 8.19 does. It is an http.Handler;
// the http.Server around it is its user's.
type Server struct {
	store      Store
	indices    *indices
	maxBody    int64
	openSearch bool
	authorize  func(header string) bool

	faults  atomic.Pointer[func(Request) Fault]
	calls   atomic.Int64 // bulk requests so far
	ids     atomic.Uint64
	idStart string
	counts  counters
	pool    sync.Pool // of *bulk
	closed  chan struct{}
	close   sync.Once
}

type counters struct{ requests, faults, documents, conflicts, refused, wire, text atomic.Int64 }

// Stats count what came in bulk requests since the start.
type Stats struct {
	Requests  int64 // bulk requests
	Faults    int64 // of these, met by a fault
	Documents int64 // stored
	Conflicts int64 // items answered 409
	Refused   int64 // items with any other error, also those of faults
	WireBytes int64 // of bodies as sent
	TextBytes int64 // of bodies decompressed
}

// Option changes a Server from its defaults.
type Option func(*Server)

// WithMaxBody sets http.max_content_length: bytes of a decompressed body (100 MiB).
func WithMaxBody(n int64) Option { return func(s *Server) { s.maxBody = n } }

// AsOpenSearch answers as OpenSearch 3.6 where that matters to a sink: no product
// header, no parameters and media types of Elasticsearch alone, its error type
// and names of backing indices, no failure store.
func AsOpenSearch() Option {
	return func(s *Server) { s.openSearch, s.indices.undated = true, true }
}

// WithAuthorization asks check for each request's Authorization header; where it
// says no the answer is 401.
func WithAuthorization(check func(header string) bool) Option {
	return func(s *Server) { s.authorize = check }
}

// WithMaxShards sets cluster.max_shards_per_node (1000): how many indices and
// data streams there may be.
func WithMaxShards(n int) Option { return func(s *Server) { s.indices.maxShards = n } }

// WithFaults is SetFaults from the start.
func WithFaults(plan func(Request) Fault) Option { return func(s *Server) { s.SetFaults(plan) } }

// New returns a server that keeps its documents in store. It starts nothing.
func New(store Store, opts ...Option) *Server {
	s := &Server{
		store: store, indices: newIndices(), maxBody: 100 << 20,
		idStart: randomID(6), closed: make(chan struct{}),
	}
	s.pool.New = func() any { return &bulk{s: s} }
	for _, o := range opts {
		o(s)
	}
	return s
}

// SetFaults makes plan decide about every request from now on; nil: no faults.
func (s *Server) SetFaults(plan func(Request) Fault) {
	if plan == nil {
		s.faults.Store(nil)
		return
	}
	s.faults.Store(&plan)
}

// Close ends the waits of faults, so that an http.Server around it can end.
func (s *Server) Close() { s.close.Do(func() { close(s.closed) }) }

// Stats returns the counts so far.
func (s *Server) Stats() Stats {
	c := &s.counts
	return Stats{
		Requests: c.requests.Load(), Faults: c.faults.Load(), Documents: c.documents.Load(), Conflicts: c.conflicts.Load(),
		Refused: c.refused.Load(), WireBytes: c.wire.Load(), TextBytes: c.text.Load(),
	}
}

// Rollover gives a data stream a new backing index, as POST /{name}/_rollover.
func (s *Server) Rollover(name string) error {
	if _, _, err := s.indices.rollover(name); err != nil {
		return err
	}
	return nil
}

// Error lets Rollover return it.
func (e *apiError) Error() string { return e.typ + ": " + e.reason }

// handler serves one kind of request; name is the index in its path.
type handler func(w http.ResponseWriter, r *http.Request, name string)

// route is one path of the API; the empty method list means none of ours.
type route struct {
	methods string // as in the answer to a wrong one
	serve   handler
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, rt, ok := s.route(r.URL.Path)
	if s.authorize != nil && !s.authorize(r.Header.Get("Authorization")) {
		s.unauthorized(w, r)
		return
	}
	if !s.openSearch {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
	}
	switch {
	case !ok:
		s.write(w, r, http.StatusBadRequest, []byte(`{"error":`+quoted("no handler found for uri ["+r.RequestURI+"] and method ["+r.Method+"]")+`}`))
	case !allows(rt.methods, r.Method):
		w.Header().Set("Allow", strings.ReplaceAll(rt.methods, " ", ""))
		s.write(w, r, http.StatusMethodNotAllowed, plainError(http.StatusMethodNotAllowed,
			"Incorrect HTTP method for uri ["+r.RequestURI+"] and method ["+r.Method+"], allowed: ["+rt.methods+"]"))
	default:
		rt.serve(w, r, name)
	}
}

func allows(methods, m string) bool {
	for one := range strings.SplitSeq(methods, ", ") {
		if one == m {
			return true
		}
	}
	return false
}

// route finds what serves a path.
func (s *Server) route(path string) (name string, rt route, ok bool) {
	if path == "/" {
		return "", route{"GET, DELETE, HEAD", s.root}, true
	}
	one, two, nested := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case one == "_bulk" && !nested:
		return "", route{"POST, PUT", s.bulk}, true
	case one == "_mget" && !nested:
		return "", route{"GET, POST", s.mget}, true
	case one == "_count" && !nested:
		return "", route{"GET, POST", s.count}, true
	case one == "_search" && !nested:
		return "", route{"GET, POST", s.search}, true
	case one == "_refresh" && !nested:
		return "", route{"GET, POST", s.refresh}, true
	case one == "_cluster" && two == "health":
		return "", route{"GET", s.health}, true
	case one == "_index_template" && nested:
		return two, route{"GET, DELETE, HEAD, PUT, POST", s.indexTemplate}, true
	case one == "_component_template" && nested:
		return two, route{"GET, DELETE, HEAD, PUT, POST", s.componentTemplate}, true
	case strings.HasPrefix(one, "_"):
		return "", route{}, false
	case !nested:
		return one, route{"GET, DELETE, HEAD, PUT", s.index}, true
	}
	switch two {
	case "_bulk":
		rt = route{"POST, PUT", s.bulk}
	case "_mget":
		rt = route{"GET, POST", s.mget}
	case "_count":
		rt = route{"GET, POST", s.count}
	case "_search":
		rt = route{"GET, POST", s.search}
	case "_refresh":
		rt = route{"GET, POST", s.refresh}
	case "_rollover":
		rt = route{"POST", s.rollover}
	case "_settings/index.creation_date":
		rt = route{"GET", s.creationDate}
	}
	return one, rt, rt.serve != nil
}
