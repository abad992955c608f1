package elastictest

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// index serves what is asked of an index as a whole: is it there, delete it.
func (s *Server) index(w http.ResponseWriter, r *http.Request, name string) {
	switch r.Method {
	case http.MethodDelete:
		sh, err := s.indices.remove(name)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.store.Drop(sh.name)
		s.write(w, r, http.StatusOK, []byte(`{"acknowledged":true}`))
	case http.MethodPut:
		if _, ok := s.indices.find(name); ok {
			s.fail(w, r, &apiError{status: http.StatusBadRequest, typ: "resource_already_exists_exception", reason: "index [" + name + "] already exists"})
			return
		}
		if _, err := s.indices.open(name, false); err != nil {
			s.fail(w, r, err)
			return
		}
		s.write(w, r, http.StatusOK, []byte(`{"acknowledged":true,"shards_acknowledged":true,"index":`+quoted(name)+`}`))
	default:
		if _, ok := s.indices.find(name); !ok {
			s.fail(w, r, noIndex(name, false))
			return
		}
		s.write(w, r, http.StatusOK, []byte(`{`+quoted(name)+`:{"aliases":{},"mappings":{},"settings":{}}}`))
	}
}

// rollover serves POST /{stream}/_rollover.
func (s *Server) rollover(w http.ResponseWriter, r *http.Request, name string) {
	from, to, err := s.indices.rollover(name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, r, http.StatusOK, []byte(`{"acknowledged":true,"shards_acknowledged":true,"old_index":`+quoted(from)+`,"new_index":`+quoted(to)+
		`,"rolled_over":true,"dry_run":false,"lazy":false,"conditions":{}}`))
}

// creationDate serves GET /{name}/_settings/index.creation_date, the one setting
// that is kept here.
func (s *Server) creationDate(w http.ResponseWriter, r *http.Request, name string) {
	if _, stop := s.meet(w, r, -1); stop {
		return
	}
	all, ok := s.read(w, r, name)
	if !ok {
		return
	}
	flat := r.URL.Query().Get("flat_settings") == "true"
	o := begin(nil, everything)
	for _, sh := range all {
		date := quoted(strconv.FormatInt(sh.made.UnixMilli(), 10))
		if flat {
			o.raw(sh.name, `{"settings":{"index.creation_date":`+date+`}}`)
		} else {
			o.raw(sh.name, `{"settings":{"index":{"creation_date":`+date+`}}}`)
		}
	}
	s.write(w, r, http.StatusOK, o.end())
}

// templateBody is what of a template is looked at; the rest is taken as it is.
type templateBody struct {
	Patterns   []string         `json:"index_patterns"`
	Priority   int              `json:"priority"`
	DataStream *json.RawMessage `json:"data_stream"`
	ComposedOf []string         `json:"composed_of"`
	Template   struct {
		Mappings struct {
			Properties map[string]property `json:"properties"`
		} `json:"mappings"`
		Options struct {
			FailureStore struct {
				Enabled bool `json:"enabled"`
			} `json:"failure_store"`
		} `json:"data_stream_options"`
	} `json:"template"`
}

type property struct {
	Type       string              `json:"type"`
	Enabled    *bool               `json:"enabled"`
	Properties map[string]property `json:"properties"`
}

// flattened lists the paths below which there is no mapping.
func flattened(props map[string]property, prefix string, into []string) []string {
	for name, p := range props {
		if p.Type == "flattened" || p.Type == "flat_object" || p.Enabled != nil && !*p.Enabled {
			into = append(into, prefix+name)
		}
		into = flattened(p.Properties, prefix+name+".", into)
	}
	return into
}

func (s *Server) indexTemplate(w http.ResponseWriter, r *http.Request, name string) {
	s.template(w, r, name, "index_template", s.indices.templates)
}

func (s *Server) componentTemplate(w http.ResponseWriter, r *http.Request, name string) {
	s.template(w, r, name, "component_template", s.indices.components)
}

func (s *Server) template(w http.ResponseWriter, r *http.Request, name, kind string, all map[string]*template) {
	x := s.indices
	if r.Method == http.MethodPut || r.Method == http.MethodPost {
		s.putTemplate(w, r, name, kind, all)
		return
	}
	x.mu.Lock()
	_, there := all[name]
	if r.Method == http.MethodDelete {
		delete(all, name)
	}
	x.mu.Unlock()
	switch {
	case there && r.Method == http.MethodDelete:
		s.write(w, r, http.StatusOK, []byte(`{"acknowledged":true}`))
	case there:
		s.write(w, r, http.StatusOK, []byte(`{"`+kind+`s":[{"name":`+quoted(name)+`,"`+kind+`":{}}]}`))
	case r.Method == http.MethodDelete:
		s.fail(w, r, &apiError{status: http.StatusNotFound, typ: "index_template_missing_exception", reason: kind + " [" + name + "] missing"})
	default:
		words := map[string]string{"index_template": "index template", "component_template": "component template"}[kind]
		s.fail(w, r, &apiError{status: http.StatusNotFound, typ: "resource_not_found_exception", reason: words + " matching [" + name + "] not found"})
	}
}

func (s *Server) putTemplate(w http.ResponseWriter, r *http.Request, name, kind string, all map[string]*template) {
	var body templateBody
	if !s.readJSON(w, r, &body) {
		return
	}
	if kind == "index_template" && len(body.Patterns) == 0 {
		s.fail(w, r, illegal("Required [index_patterns]"))
		return
	}
	t := &template{
		patterns: body.Patterns, priority: body.Priority, stream: body.DataStream != nil, composed: body.ComposedOf,
		failures: body.Template.Options.FailureStore.Enabled, flat: flattened(body.Template.Mappings.Properties, "", nil),
	}
	s.indices.mu.Lock()
	all[name] = t
	s.indices.mu.Unlock()
	s.write(w, r, http.StatusOK, []byte(`{"acknowledged":true}`))
}

// readJSON reads a small body, or answers and returns false.
func (s *Server) readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	var in reader
	body, err := in.read(r, s.maxBody)
	if err != nil {
		if err == errTooLarge {
			tooLarge(w, r, s.maxBody)
		} else {
			hangUp(w, false)
		}
		return false
	}
	if len(body) == 0 {
		s.fail(w, r, &apiError{status: http.StatusBadRequest, typ: "parse_exception", reason: "request body or source parameter is required"})
		return false
	}
	if status, answer := s.mediaType(r, false); status != 0 {
		s.write(w, r, status, answer)
		return false
	}
	var scan scanner
	scan.src = body
	serr := scan.space()
	if serr == nil && scan.pos < len(body) && body[scan.pos] == '{' {
		serr = scan.skip()
	}
	if serr != nil {
		s.fail(w, r, serr.request())
		return false
	}
	if err := json.Unmarshal(body, into); err != nil {
		s.fail(w, r, &apiError{status: http.StatusBadRequest, typ: "parsing_exception", reason: err.Error()})
		return false
	}
	return true
}
