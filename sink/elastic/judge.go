package elastic

import (
	"bytes"
	"strconv"
	"strings"

	"sluice/event"
)

// bounded is how many deliveries a document gets whose refusal may or may not
// pass (a failing pipeline, an error not known here) before it is rejected.
const bounded = 5

// judge collects the verdict on one answer.
type judge struct {
	own    func(i uint32) bool // the item's id is ours
	mends  func(i uint32) bool // it changes a document
	tries  int
	v      event.Verdict
	kind   string // type of the last rejection: neighbours share it
	unsure bool   // an item that is to be sent again may be stored all the same
}

// item judges item i by its status, then by the type of its error.
func (j *judge) item(i uint32, it *item) {
	switch {
	case it.status/100 == 2:
		j.v.Accepted++
		if it.elsewhere() {
			j.v.Elsewhere++
		}
	case it.status == 409 && j.own(i):
		j.v.Duplicate++
	case it.status == 409 && j.mends(i): // somebody else changed it meanwhile
		j.retry(i, event.None, it)
	case it.status == 409, it.status == 404 && string(it.typ) == "document_missing_exception": // there is nothing to change
		j.reject(i, it)
	case it.status == 429:
		j.retry(i, event.Throttle, it)
	case it.status == 403 || it.status == 404:
		j.retry(i, event.Park, it)
	case it.status >= 500:
		j.unsure = true
		if j.tries >= bounded && it.status == 500 && pipelineFailure(it.typ) {
			j.reject(i, it)
		} else {
			j.retry(i, event.None, it)
		}
	case string(it.store) == "failed": // the failure store could not even keep it
		j.reject(i, it)
	case setup(it.typ, it.reason):
		j.retry(i, event.Park, it)
	case j.tries >= bounded || documentsFault(it.typ):
		j.reject(i, it)
	default:
		j.retry(i, event.None, it)
	}
}

func (j *judge) reject(i uint32, it *item) {
	if j.kind == "" || j.kind != string(it.typ) {
		j.kind = typeName(it.typ)
	}
	j.v.Reject = append(j.v.Reject, event.Rejection{Item: i, Status: it.status, Type: j.kind, Reason: it.words()})
}

// rank orders signals: back-pressure first, it passes soonest and concerns all.
var rank = [...]uint8{event.None: 0, event.Park: 1, event.Throttle: 2, event.TooLarge: 0, event.Split: 0, event.Pause: 0}

func (j *judge) retry(i uint32, s event.Signal, it *item) {
	if j.v.Reason == "" || rank[s] > rank[j.v.Signal] {
		j.v.Signal, j.v.Reason = s, reasonOf(it.status, it.typ)
	}
	j.v.Retry = append(j.v.Retry, i)
}

func (j *judge) wait(i uint32, s event.Signal, reason string) {
	if j.v.Reason == "" {
		j.v.Signal, j.v.Reason = s, reason
	}
	j.v.Retry = append(j.v.Retry, i)
}

// setup reports whether a 400 is about the index, not the document. Reasons
// are matched from their first word on: later ones may quote the document.
func setup(kind, reason []byte) bool {
	switch string(kind) {
	case "validation_exception", "index_closed_exception", "invalid_index_name_exception":
		return true
	case "illegal_argument_exception":
	default:
		return false
	}
	for _, p := range [...][2]string{
		{"only write ops with an op_type of create", ""},
		{"no write index is defined for alias [", ""},
		{"pipeline with id [", "] does not exist"},
		{"index request targeting data stream [", "custom routing"},
		{"index request with op_type=", "targeting backing indices is disallowed"},
	} {
		if bytes.HasPrefix(reason, []byte(p[0])) && bytes.Contains(reason, []byte(p[1])) {
			return true
		}
	}
	return false
}

// requestSetup says what a 400 for the whole request means when the documents
// are not to blame; None: they may be.
func requestSetup(kind, reason []byte) event.Signal {
	switch string(kind) {
	case "invalid_index_name_exception", "index_closed_exception", "validation_exception":
		return event.Park
	case "media_type_header_exception", "content_type_header_exception", "security_exception":
		return event.Pause
	}
	for _, p := range [...]string{"request [/", "no handler found for uri ["} {
		if bytes.HasPrefix(reason, []byte(p)) {
			return event.Pause
		}
	}
	return event.None
}

// documentsFault reports whether a 400 of this type is the document's own: the
// parse and mapping family of Elasticsearch 7 to 9 and OpenSearch.
func documentsFault(kind []byte) bool {
	k := string(kind)
	return k == "illegal_argument_exception" || strings.Contains(k, "mapp") || strings.Contains(k, "pars") ||
		k == "number_format_exception" || k == "max_bytes_length_exceeded_exception"
}

// pipelineFailure reports whether a 500 of this type is an ingest pipeline's.
func pipelineFailure(kind []byte) bool {
	switch k := string(kind); k {
	case "runtime_exception", "script_exception", "null_pointer_exception", "class_cast_exception",
		"string_index_out_of_bounds_exception", "index_out_of_bounds_exception", "number_format_exception":
		return true
	default:
		return strings.HasSuffix(k, "processor_exception")
	}
}

// maxType bounds the name of an error type, in bytes.
const maxType = 60

// typeName is an error's type as it may be logged: letters and "_" only.
func typeName(kind []byte) string {
	if len(kind) == 0 {
		return "unknown"
	}
	for _, c := range kind {
		if c != '_' && (c < 'a' || c > 'z') {
			return "unknown"
		}
	}
	return string(kind[:min(len(kind), maxType)])
}

// reasonOf is a fixed vocabulary: the status, and the type if there is one.
func reasonOf(status int, kind []byte) string {
	if t := typeName(kind); t != "unknown" {
		return strconv.Itoa(status) + " " + t
	}
	return strconv.Itoa(status)
}
