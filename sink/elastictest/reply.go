package elastictest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// What GET / says of the server.
const (
	version   = "8.19.21"
	buildHash = "4fe44c255c3d0da06779b921e132cdc555ed9aff"
)

func (s *Server) fail(w http.ResponseWriter, r *http.Request, e *apiError) {
	s.write(w, r, e.status, e.body())
}

// write answers with a JSON body, packed if the client wants that.
func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
		if a := r.Header.Get("Accept"); compatible(a) != "" && status == http.StatusOK {
			h.Set("Content-Type", strings.ReplaceAll(a, "; ", ";"))
		}
	}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(body) > 0 {
		s.writePacked(w, status, body)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // the client may be gone: its loss
}

func (s *Server) writePacked(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level exists
	z.Write(body)
	z.Close()
}

// unauthorized answers 401, which comes without the product header.
func (s *Server) unauthorized(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Del("X-Elastic-Product")
	h.Add("WWW-Authenticate", `Basic realm="security", charset="UTF-8"`)
	h.Add("WWW-Authenticate", "ApiKey")
	reason := "unable to authenticate with provided credentials and anonymous access is not allowed for this request"
	if r.Header.Get("Authorization") == "" {
		reason = "missing authentication credentials for REST request [" + r.RequestURI + "]"
	}
	s.fail(w, r, &apiError{
		status: http.StatusUnauthorized, typ: "security_exception", reason: reason,
		meta: []meta{{"header", `{"WWW-Authenticate":["Basic realm=\"security\", charset=\"UTF-8\"","ApiKey"]}`}},
	})
}

// root serves GET and HEAD /.
func (s *Server) root(w http.ResponseWriter, r *http.Request, _ string) {
	if s.openSearch {
		s.write(w, r, http.StatusOK, []byte(`{"name":"stand-in","cluster_name":"sluice-test","cluster_uuid":"`+s.idStart+
			`","version":{"distribution":"opensearch","number":"3.6.0","build_type":"zip","build_snapshot":false,"minimum_wire_compatibility_version":"2.19.0","minimum_index_compatibility_version":"2.0.0"},"tagline":"The OpenSearch Project: https://opensearch.org/"}`))
		return
	}
	o := begin(nil, parseFilter(r.URL.Query().Get("filter_path")))
	o.str("name", "n1")
	o.str("cluster_name", "sluice-test")
	o.str("cluster_uuid", s.idStart)
	if v, ok := o.member("version"); ok {
		i := begin(o.dst, v)
		i.str("number", version)
		i.str("build_flavor", "default")
		i.str("build_type", "zip")
		i.str("build_hash", buildHash)
		i.str("build_date", "2026-08-26T22:10:47.574903747Z")
		i.raw("build_snapshot", "false")
		i.str("lucene_version", "9.12.2")
		i.str("minimum_wire_compatibility_version", "7.17.0")
		i.str("minimum_index_compatibility_version", "7.0.0")
		o.dst = i.end()
		o.done(v)
	}
	o.str("tagline", "You Know, for Search")
	s.write(w, r, http.StatusOK, o.end())
}

// health serves GET /_cluster/health.
func (s *Server) health(w http.ResponseWriter, r *http.Request, _ string) {
	n := int64(s.indices.size())
	o := begin(nil, parseFilter(r.URL.Query().Get("filter_path")))
	o.str("cluster_name", "sluice-test")
	o.str("status", "green")
	o.raw("timed_out", "false")
	for _, c := range []count{{"number_of_nodes", 1}, {"number_of_data_nodes", 1}, {"active_primary_shards", n}, {"active_shards", n}} {
		o.num(c.name, c.n)
	}
	for _, name := range []string{
		"relocating_shards", "initializing_shards", "unassigned_shards", "unassigned_primary_shards", "delayed_unassigned_shards",
		"number_of_pending_tasks", "number_of_in_flight_fetch", "task_max_waiting_in_queue_millis",
	} {
		o.num(name, 0)
	}
	o.raw("active_shards_percent_as_number", "100.0")
	s.write(w, r, http.StatusOK, o.end())
}
