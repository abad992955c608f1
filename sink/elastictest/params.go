package elastictest

import (
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// params are the query parameters of a bulk request.
type params struct {
	filter            *node
	refresh           bool
	routing           string
	pipeline          string
	requireAlias      bool
	requireDataStream bool
	listPipelines     bool
	copies            int // of a shard that must be there: here is one
}

const common = " pretty human format filter_path error_trace source source_content_type "

// bulkParams judges them, in the real server's order: values first, then names.
func (s *Server) bulkParams(r *http.Request) (p params, err *apiError) {
	q, perr := url.ParseQuery(r.URL.RawQuery)
	if perr != nil {
		return p, illegal("cannot read the query: " + perr.Error())
	}
	p.filter = parseFilter(q.Get("filter_path"))
	p.routing, p.pipeline = q.Get("routing"), q.Get("pipeline")
	p.copies = 1
	if v := q.Get("wait_for_active_shards"); v != "" && v != "all" && v != "index-setting" {
		n, perr := strconv.Atoi(v)
		if perr != nil {
			e := illegal("cannot parse ActiveShardCount[" + v + "]")
			e.cause = &apiError{typ: "number_format_exception", reason: `For input string: "` + v + `"`}
			return p, e
		}
		p.copies = n
	}
	if v := q.Get("timeout"); v != "" && !hasUnit(v) {
		return p, illegal("failed to parse setting [timeout] with value [" + v + "] as a time value: unit is missing or unrecognized")
	}
	switch v := q.Get("refresh"); v {
	case "", "false", "wait_for":
		p.refresh = v == "" && q.Has("refresh")
	case "true":
		p.refresh = true
	default:
		return p, illegal("Unknown value for refresh: [" + v + "].")
	}
	for _, b := range []struct {
		name string
		val  *bool
	}{
		{"require_alias", &p.requireAlias},
		{"require_data_stream", &p.requireDataStream},
		{"list_executed_pipelines", &p.listPipelines},
		{"include_source_on_error", new(bool)},
	} {
		if *b.val, err = boolean_(q, b.name); err != nil {
			return p, err
		}
	}
	known := " refresh timeout routing pipeline wait_for_active_shards require_alias _source _source_includes _source_excludes type "
	if !s.openSearch {
		known += "require_data_stream list_executed_pipelines include_source_on_error "
	}
	return p, unknownParams(r, q, known)
}

func boolean_(q url.Values, name string) (bool, *apiError) {
	switch v := q.Get(name); v {
	case "":
		return q.Has(name), nil
	case "true", "false":
		return v == "true", nil
	default:
		return false, illegal("Failed to parse value [" + v + "] as only [true] or [false] are allowed.")
	}
}

// unknownParams refuses parameters that are not among known. The real server
// also proposes near ones, which is left out here.
func unknownParams(r *http.Request, q url.Values, known string) *apiError {
	var odd []string
	for name := range q {
		if !strings.Contains(known+common, " "+name+" ") {
			odd = append(odd, "["+name+"]")
		}
	}
	if len(odd) == 0 {
		return nil
	}
	sort.Strings(odd)
	s := ""
	if len(odd) > 1 {
		s = "s"
	}
	return illegal("request [" + r.URL.Path + "] contains unrecognized parameter" + s + ": " + strings.Join(odd, ", "))
}

func hasUnit(v string) bool {
	n := digits([]byte(v))
	switch v[n:] {
	case "nanos", "micros", "ms", "s", "m", "h", "d":
		return n > 0
	}
	return v == "-1" || v == "0"
}
