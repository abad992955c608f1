package elastictest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// mget serves POST /{index}/_mget: which of these ids are there?
func (s *Server) mget(w http.ResponseWriter, r *http.Request, name string) {
	var body struct {
		IDs  []string `json:"ids"`
		Docs []struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
		} `json:"docs"`
	}
	if _, stop := s.meet(w, r, -1); stop || !s.readJSON(w, r, &body) {
		return
	}
	if len(body.IDs)+len(body.Docs) == 0 {
		s.fail(w, r, invalid("1: no documents to get;"))
		return
	}
	q := r.URL.Query()
	o := begin(nil, parseFilter(q.Get("filter_path")))
	if list, ok := o.member("docs"); ok {
		o.dst = append(o.dst, '[')
		withSource := q.Get("_source") != "false"
		for _, id := range body.IDs {
			o.dst = s.got(o.dst, list, name, id, withSource)
		}
		for _, d := range body.Docs {
			index := d.Index
			if index == "" {
				index = name
			}
			o.dst = s.got(o.dst, list, index, d.ID, withSource)
		}
		o.dst = append(o.dst, ']')
		o.done(list)
	}
	s.write(w, r, http.StatusOK, o.end())
}

// got appends one document of an _mget.
func (s *Server) got(dst []byte, n *node, index, id string, withSource bool) []byte {
	mark := len(dst)
	if dst[len(dst)-1] != '[' {
		dst = append(dst, ',')
	}
	inner := len(dst)
	o := begin(dst, n)
	o.str("_index", index)
	o.str("_id", id)
	t, known := s.indices.find(index)
	_, backing := s.indices.streamOf(index)
	if !backing && (!known || t.stream) {
		if k, ok := o.member("error"); ok {
			err := noIndex(index, known)
			e := begin(o.dst, k)
			if rc, ok := e.member("root_cause"); ok {
				e.dst = append(err.appendTo(append(e.dst, '['), rc), ']')
				e.done(rc)
			}
			inner := err.appendTo(nil, k)
			if e.count > 0 && len(inner) > 2 {
				e.dst = append(e.dst, ',')
			}
			o.dst = append(e.dst, inner[1:]...)
			o.done(k)
		}
	} else {
		d, found := s.store.Get(index, []byte(id))
		if found {
			o.num("_version", 1)
			o.num("_seq_no", max(0, d.Seq-1))
			o.num("_primary_term", 1)
		}
		o.raw("found", strconv.FormatBool(found))
		if found && withSource && d.Source != nil && o.leaf("_source") {
			o.dst = append(o.dst, d.Source...)
		}
	}
	if dst = o.end(); len(dst) == inner+2 {
		return dst[:mark]
	}
	return dst
}

// read resolves the indices that a request reads, or answers and returns false.
func (s *Server) read(w http.ResponseWriter, r *http.Request, name string) ([]*shard, bool) {
	found, err := s.indices.resolve(name, r.URL.Query().Get("ignore_unavailable") == "true")
	if err != nil {
		s.fail(w, r, err)
	}
	return found, err == nil
}

func shards(o *writer, n int, skipped bool) {
	c := []count{{"total", int64(n)}, {"successful", int64(n)}, {"skipped", 0}, {"failed", 0}}
	if !skipped {
		c = append(c[:2], c[3])
	}
	o.counts("_shards", c...)
}

// count serves GET /{index}/_count.
func (s *Server) count(w http.ResponseWriter, r *http.Request, name string) {
	found, ok := s.read(w, r, name)
	if !ok {
		return
	}
	var n int64
	for _, one := range found {
		n += s.store.Count(one.name)
	}
	o := begin(nil, parseFilter(r.URL.Query().Get("filter_path")))
	o.num("count", n)
	shards(&o, len(found), true)
	s.write(w, r, http.StatusOK, o.end())
}

// refresh serves POST /{index}/_refresh; here documents are seen at once.
func (s *Server) refresh(w http.ResponseWriter, r *http.Request, name string) {
	found, ok := s.read(w, r, name)
	if !ok {
		return
	}
	o := begin(nil, everything)
	shards(&o, len(found), false)
	s.write(w, r, http.StatusOK, o.end())
}

// query is the part of a search that is understood.
type query struct {
	Query map[string]json.RawMessage `json:"query"`
	Size  *int                       `json:"size"`
	From  int                        `json:"from"`
	Sort  json.RawMessage            `json:"sort"`
	Total json.RawMessage            `json:"track_total_hits"`
}

// search serves GET and POST /{index}/_search: match_all, the latest first.
func (s *Server) search(w http.ResponseWriter, r *http.Request, name string) {
	size, body, ok := s.readQuery(w, r)
	if !ok {
		return
	}
	found, ok := s.read(w, r, name)
	if !ok {
		return
	}
	wanted := map[string]bool{}
	var total int64
	for _, n := range found {
		wanted[n.name] = true
		total += s.store.Count(n.name)
	}
	var hits []Doc
	skip := body.From
	if size > 0 {
		s.store.Scan(time.Time{}, time.Time{}, func(d Doc) bool {
			if !wanted[d.Index] {
				return true
			}
			if skip--; skip < 0 {
				hits = append(hits, d)
			}
			return len(hits) < size
		})
	}
	relation := "eq"
	if t := r.URL.Query().Get("track_total_hits"); total > 10_000 && t != "true" && string(body.Total) != "true" {
		total, relation = 10_000, "gte"
	}
	s.write(w, r, http.StatusOK, searchAnswer(hits, len(found), total, relation))
}

func searchAnswer(hits []Doc, shards int, total int64, relation string) []byte {
	score := "null"
	if len(hits) > 0 {
		score = "1.0"
	} else if shards == 0 {
		score = "0.0"
	}
	n := strconv.Itoa(shards)
	b := []byte(`{"took":0,"timed_out":false,"_shards":{"total":` + n + `,"successful":` + n + `,"skipped":0,"failed":0},"hits":{"total":{"value":` +
		strconv.FormatInt(total, 10) + `,"relation":"` + relation + `"},"max_score":` + score + `,"hits":[`)
	for i, d := range hits {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(append(b, `{"_index":`...), []byte(d.Index))
		b = appendQuoted(append(b, `,"_id":`...), d.ID)
		b = append(b, `,"_score":1.0,"_source":`...)
		b = append(append(b, d.Source...), '}')
	}
	return append(b, "]}}"...)
}

func (s *Server) readQuery(w http.ResponseWriter, r *http.Request) (size int, body query, ok bool) {
	if r.ContentLength != 0 && !s.readJSON(w, r, &body) {
		return 0, body, false
	}
	size = 10
	if body.Size != nil {
		size = *body.Size
	}
	q := r.URL.Query()
	if v := q.Get("size"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			e := illegal("Failed to parse int parameter [size] with value [" + v + "]")
			e.cause = &apiError{typ: "number_format_exception", reason: `For input string: "` + v + `"`}
			s.fail(w, r, e)
			return 0, body, false
		}
		size = n
	}
	switch {
	case size < 0:
		s.fail(w, r, illegal("[size] parameter cannot be negative, found ["+strconv.Itoa(size)+"]"))
		return 0, body, false
	case body.From+size > 10_000:
		reason := "Result window is too large, from + size must be less than or equal to: [10000] but was [" + strconv.Itoa(body.From+size) + "]. See the scroll api for a more efficient way to request large data sets. This limit can be set by changing the [index.max_result_window] index level setting."
		s.fail(w, r, illegal(reason))
		return 0, body, false
	case q.Has("q"):
		s.fail(w, r, &apiError{status: http.StatusNotImplemented, typ: "stand_in_exception", reason: "the stand-in searches with match_all alone, not with the parameter q"})
		return 0, body, false
	}
	for name := range body.Query {
		if name != "match_all" {
			s.fail(w, r, &apiError{status: http.StatusBadRequest, typ: "parsing_exception", reason: "unknown query [" + strings.TrimSpace(name) + "]"})
			return 0, body, false
		}
	}
	return size, body, true
}
