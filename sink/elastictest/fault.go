package elastictest

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// Request is what a fault plan decides by.
type Request struct {
	Method, Path  string
	Bulk          int64 // counts bulk requests from 0; -1: not a bulk request
	ContentLength int64
	Header        http.Header // not to be changed
}

// Kind is one way to misbehave.
type Kind uint8

const (
	None    Kind = iota
	Reset        // reset the connection after reading After bytes of the body
	Refuse       // answer Status to the whole request and store nothing
	HTML         // answer 200 with an HTML page and store nothing, as a captive proxy
	Silence      // read the request and never answer; for Hold, if set, then hang up
	Part         // store the first Keep documents and answer 429 for the others
	Fewer        // store the first Keep documents and answer for these alone, with 200
	Items        // store all but those for which Item gives a status, which they are answered
	Vanish       // store all, then close the connection without an answer
	Cut          // store all, answer 200 with half of the JSON
	Packed       // answer gzip'd, asked for or not
	Drip         // store all, answer in small pieces that come Hold apart
)

var kindNames = [...]string{"none", "reset", "refuse", "html", "silence", "part", "fewer", "items", "vanish", "cut", "packed", "drip"}

// String names the kind.
func (k Kind) String() string { return kindNames[k] }

// Fault is what happens to one request.
type Fault struct {
	Kind       Kind
	Delay      time.Duration     // before the body is read, with any kind
	After      int64             // Reset: bytes of the body
	Status     int               // Refuse: 401, 403, 413, 429, 500, 502, 503 or another
	RetryAfter string            // Refuse: the header, if not empty
	Keep       int               // Part, Fewer: documents
	Item       func(pos int) int // Items: the status for the item at pos, or 0
	Hold       time.Duration     // Silence, Drip
}

// item is the status that the fault gives the item at pos; 0: none.
func (f *Fault) item(pos int) int {
	switch {
	case f.Kind == Part && pos >= f.Keep:
		return http.StatusTooManyRequests
	case f.Kind == Items && f.Item != nil:
		return f.Item(pos)
	}
	return 0
}

// meet asks the plan and carries out what comes before a request is served.
// stop: that was all.
func (s *Server) meet(w http.ResponseWriter, r *http.Request, bulk int64) (f Fault, stop bool) {
	if bulk >= 0 {
		s.counts.requests.Add(1)
	}
	plan := s.faults.Load()
	if plan == nil {
		return f, false
	}
	f = (*plan)(Request{Method: r.Method, Path: r.URL.Path, Bulk: bulk, ContentLength: r.ContentLength, Header: r.Header})
	if bulk >= 0 && (f.Kind != None || f.Delay > 0) {
		s.counts.faults.Add(1)
	}
	if f.Delay > 0 && !s.wait(r, f.Delay) {
		hangUp(w, true)
		return f, true
	}
	switch f.Kind {
	case Reset:
		io.CopyN(io.Discard, r.Body, f.After)
		hangUp(w, true)
	case Refuse:
		s.drain(r)
		s.refuse(w, r, &f)
	case HTML:
		s.drain(r)
		w.Header().Del("X-Elastic-Product")
		w.Header().Set("Content-Type", "text/html")
		s.write(w, r, http.StatusOK, []byte("<html><body><h1>Sign in</h1></body></html>"))
	case Silence:
		s.drain(r) // else net/http would not notice that the client left
		hold := f.Hold
		if hold <= 0 {
			hold = time.Hour // bounded even where the client has no deadline
		}
		s.wait(r, hold)
		hangUp(w, false)
	default:
		return f, false
	}
	return f, true
}

func (s *Server) drain(r *http.Request) {
	io.Copy(io.Discard, io.LimitReader(r.Body, 2*s.maxBody))
}

// wait waits for d; false: the client or the server ended it.
func (s *Server) wait(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-s.closed:
	}
	return false
}

// refuse answers a whole request with an error in the words of whoever gives it.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, f *Fault) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	switch f.Status {
	case http.StatusUnauthorized:
		s.unauthorized(w, r)
	case http.StatusRequestEntityTooLarge:
		w.Header().Del("X-Elastic-Product")
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(f.Status)
	case http.StatusBadGateway, http.StatusGatewayTimeout: // a proxy's
		w.Header().Del("X-Elastic-Product")
		w.Header().Set("Content-Type", "text/html")
		s.write(w, r, f.Status, []byte("<html><body><h1>"+strconv.Itoa(f.Status)+" "+http.StatusText(f.Status)+"</h1></body></html>"))
	default:
		typ, reason := wholeError(f.Status)
		s.fail(w, r, &apiError{status: f.Status, typ: typ, reason: reason})
	}
}

func wholeError(status int) (typ, reason string) {
	switch status {
	case http.StatusForbidden:
		return "cluster_block_exception", "blocked by: [FORBIDDEN/6/cluster read-only (api)];"
	case http.StatusTooManyRequests:
		return "es_rejected_execution_exception", "rejected execution of coordinating operation [coordinating_and_primary_bytes=0, replica_bytes=0, all_bytes=0, coordinating_operation_bytes=203128, max_coordinating_bytes=102400]"
	case http.StatusServiceUnavailable:
		return "cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/2/no master];"
	case http.StatusBadRequest:
		return "illegal_argument_exception", notTerminated
	}
	return "exception", "a fault was asked for"
}

// itemFault is the error of one item, in the real server's words for it.
func itemFault(status int, it *item) *apiError {
	e := &apiError{status: status}
	name := string(it.index)
	switch status {
	case http.StatusTooManyRequests:
		e.typ, e.reason = "es_rejected_execution_exception", "rejected execution of TimedRunnable{original=org.elasticsearch.action.bulk.TransportShardBulkAction, creationTimeNanos=1, startTimeNanos=0, finishTimeNanos=-1} on TaskExecutionTimeTrackingEsThreadPoolExecutor[name = n1/write, queue capacity = 1]"
	case http.StatusBadRequest:
		e.typ, e.reason = docError, "[1:6] failed to parse field [n] of type [long] in document with id '"+string(it.id)+"'. Preview of field's value: 'x'"
		e.cause = &apiError{typ: "illegal_argument_exception", reason: `For input string: "x"`}
	case http.StatusForbidden:
		e.typ, e.reason = "cluster_block_exception", "index ["+name+"] blocked by: [FORBIDDEN/8/index write (api)];"
	case http.StatusNotFound:
		return absent(name, " and [action.auto_create_index] is [false]")
	case http.StatusServiceUnavailable:
		e.typ, e.reason = "unavailable_shards_exception", "["+name+"][0] primary shard is not active Timeout: [1m], request: [BulkShardRequest [["+name+"][0]] containing [index {["+name+"]["+string(it.id)+"], source["+string(it.source)+"]}]]"
	default:
		e.typ, e.reason = "runtime_exception", "a fault was asked for"
	}
	return e
}

// reply gives the answer of a request that was served, or spoils it.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, f *Fault, body []byte) {
	switch f.Kind {
	case Vanish:
		hangUp(w, false)
	case Cut:
		s.write(w, r, http.StatusOK, body[:len(body)/2])
	case Packed:
		w.Header().Set("Content-Type", "application/json")
		s.writePacked(w, http.StatusOK, body)
	case Drip:
		s.drip(w, r, f, body)
	default:
		s.write(w, r, http.StatusOK, body)
	}
}

// drip sends body in 16 pieces.
func (s *Server) drip(w http.ResponseWriter, r *http.Request, f *Fault, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	step := len(body)/16 + 1
	for len(body) > 0 {
		n := min(step, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		if fl, ok := w.(http.Flusher); ok {
			fl.Flush()
		}
		if body = body[n:]; len(body) > 0 && !s.wait(r, max(f.Hold, time.Microsecond)) {
			hangUp(w, true)
			return
		}
	}
}
