package elastictest

import (
	"net/http"
	"strings"
)

// mediaType judges the headers Content-Type and Accept of a request that has a
// body, for a body of lines or of one JSON text. answer is the body of the
// refusal, with its status.
func (s *Server) mediaType(r *http.Request, lines bool) (status int, answer []byte) {
	header := r.Header.Get("Content-Type")
	typ, params, _ := strings.Cut(header, ";")
	typ = strings.ToLower(strings.TrimSpace(typ))
	if header != "" && !strings.Contains(typ, "/") {
		e := &apiError{
			status: http.StatusBadRequest, typ: "media_type_header_exception", reason: "Invalid media-type value on headers [Content-Type]",
			cause: &apiError{typ: "illegal_argument_exception", reason: "invalid media-type [" + header + "]"},
		}
		return e.status, e.body()
	}
	accept := r.Header.Get("Accept")
	if v := compatible(params); !s.openSearch && (v != "" || compatible(accept) != "") {
		if e := incompatible(header, accept, v, compatible(accept)); e != nil {
			return e.status, e.body()
		}
	}
	plain, vendor := strings.CutPrefix(typ, "application/vnd.elasticsearch+")
	if vendor && !s.openSearch {
		typ = "application/" + plain
	}
	switch typ {
	case "application/json", "application/x-ndjson":
		return 0, nil
	case "application/yaml", "application/cbor":
		if lines { // the real server answers in the format itself
			return http.StatusNotAcceptable, plainError(http.StatusNotAcceptable,
				"Content-Type ["+strings.ToUpper(strings.TrimPrefix(typ, "application/"))+"] does not support stream parsing. Use JSON or SMILE instead")
		}
	case "application/smile":
		if lines { // the line's end is another byte there
			e := illegal(notTerminated)
			return e.status, e.body()
		}
	}
	return http.StatusNotAcceptable, plainError(http.StatusNotAcceptable, "Content-Type header ["+header+"] is not supported")
}

// compatible is the major version that a media type asks for.
func compatible(s string) string {
	_, v, _ := strings.Cut(strings.ToLower(s), "compatible-with=")
	v, _, _ = strings.Cut(v, ";")
	return strings.TrimSpace(v)
}

func incompatible(typ, accept, tv, av string) *apiError {
	why := ""
	switch {
	case tv != "" && tv != "7" && tv != "8":
		why = "Content-Type version must be either version 8 or 7, but found " + tv + ". Content-Type=" + typ
	case av != "" && av != "7" && av != "8":
		why = "Accept version must be either version 8 or 7, but found " + av + ". Accept=" + accept
	case tv == av:
		return nil
	case tv == "7" || av == "7":
		why = "A compatible version is required on both Content-Type and Accept headers if either one has requested a compatible version and the compatible versions must match. Accept=" + orNull(accept) + ", Content-Type=" + orNull(typ)
	default:
		why = "A compatible version is required on both Content-Type and Accept headers if either one has requested a compatible version. Accept=" + orNull(accept) + ", Content-Type=" + orNull(typ)
	}
	return &apiError{
		status: http.StatusBadRequest, typ: "media_type_header_exception", reason: "Invalid media-type value on headers [Content-Type, Accept]",
		cause: &apiError{typ: "status_exception", reason: why},
	}
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return s
}
