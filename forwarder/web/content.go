package web

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
)

type kind uint8

const (
	kindText    kind = iota // for the parser, whole
	kindJSON                // an object, or an array of objects
	kindLines               // a JSON object a line
	kindMsgpack             // maps, or arrays of maps
)

// payload is what records are made of.
type payload struct {
	kind kind
	data []byte
}

// content finds the payload: the body, or a parameter of a form or of the
// address.
func (in *intake) content(s *Server, r *http.Request) (p payload, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return p, bad("the query cannot be read: %v", err)
	}
	media, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var form url.Values
	switch media {
	case "application/x-www-form-urlencoded":
		form, err = url.ParseQuery(string(in.body))
	case "multipart/form-data":
		form, err = parts(in.body, params["boundary"])
	}
	if err != nil {
		return p, bad("the form cannot be read: %v", err)
	}
	time := form.Get("time")
	if time == "" {
		time = query.Get("time")
	}
	if err := in.timeParam(time); err != nil {
		return p, err
	}
	if s.cfg.Whole && form == nil {
		return payload{kindText, in.body}, nil
	}
	switch media {
	case "application/json", "application/csp-report":
		return payload{kindJSON, in.body}, nil
	case "application/x-ndjson":
		return payload{kindLines, in.body}, nil
	case "application/msgpack", "application/x-msgpack":
		return payload{kindMsgpack, in.body}, nil
	}
	for _, values := range []url.Values{form, query} {
		for _, name := range []struct {
			name string
			kind kind
		}{{"msgpack", kindMsgpack}, {"json", kindJSON}, {"ndjson", kindLines}} {
			if values.Has(name.name) {
				return payload{name.kind, []byte(values.Get(name.name))}, nil
			}
		}
	}
	return p, bad("there are no records: send a body of the type application/json, application/x-ndjson or application/msgpack, or the parameter json, ndjson or msgpack")
}

// parts reads a form of several parts.
func parts(body []byte, boundary string) (url.Values, error) {
	form := url.Values{}
	for r := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			return form, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		form.Set(part.FormName(), string(text))
	}
}
