package elastic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/klauspost/compress/gzip"

	"sluice/event"
)

// bulkFilter asks for what verdicts need. items.*.status keeps one element per
// document, so that positions hold.
var bulkFilter = []string{
	"errors", "error", "items.*.status", "items.*.failure_store",
	"items.*.error.type", "items.*.error.reason", "items.*.error.caused_by.reason",
}

// Bytes of an answer that are read: a reason may quote a whole value.
const (
	answerBase = 64 << 10
	answerItem = 64 << 10
	answerMax  = 64 << 20
)

// maxAfter bounds what Retry-After is believed.
const maxAfter = 10 * time.Minute

// Deliver sends the chunk once, to one server. c.Tries counts this delivery.
func (s *Sink) Deliver(ctx context.Context, c *event.Chunk) (event.Verdict, error) {
	if c.Len() == 0 {
		return event.Verdict{}, nil
	}
	n := s.nodes.pick()
	v, healthy, err := s.attempt(ctx, n, c)
	if err == nil || ctx.Err() == nil { // a delivery that we ended ourselves says nothing of the server
		if s.nodes.mark(n, healthy) {
			s.log.Warn("an Elasticsearch server is left out after failures, or used again", "url", n.name, "used", healthy)
		}
	}
	if err == nil {
		return v, nil
	}
	s.doubt.raise(time.Now())
	if ctx.Err() == nil && closed(err) && c.Tries%rebuildAfter == 0 && c.Bytes() > suspect && c.Len() > 1 {
		return event.RetryAll(c.Len(), event.TooLarge, "connection_closed"), nil
	}
	return event.Verdict{}, fmt.Errorf("cannot deliver to %s: %w", n.name, err)
}

// attempt asks what of the chunk is stored already, if that is in doubt, and
// sends it if nothing is. healthy: the server is there and has no trouble of its
// own, whatever it says of the request.
func (s *Sink) attempt(ctx context.Context, n *node, c *event.Chunk) (v event.Verdict, healthy bool, err error) {
	v, err = s.sentBefore(ctx, n, c)
	if no, ok := errors.AsType[refusal](err); ok {
		return no.verdict, no.healthy, nil
	}
	if err != nil || v.Duplicate > 0 {
		return v, err == nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	bulk := esapi.BulkRequest{Index: url.PathEscape(c.Key), FilterPath: bulkFilter, Pipeline: s.like.Pipeline, Header: s.header()}
	bulk.Header["Content-Type"] = []string{"application/x-ndjson"}
	via := sized{Transport: n.client}
	if s.gzip {
		s.gzips.wire(c)
		bulk.Header["Content-Encoding"] = []string{"gzip"}
		bulk.Body = bytes.NewReader(c.Wire)
	} else {
		p := &plain{blocks: c.Blocks}
		defer p.release()
		bulk.Body, via.length, via.body = p.reader(), int64(c.Bytes()), p.reader
	}
	defer func(start time.Time) { s.seconds.Observe(time.Since(start).Seconds()) }(time.Now())
	return s.exchange(ctx, bulk, via, c)
}

// suspect is the size, in bytes, from which a request whose connection was
// closed again and again may have been too large for a proxy: some close
// without letting the client read their 413. With own ids it does not matter
// that its fate is unknown.
const suspect = 256 << 10

func closed(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF)
}

// header is what every request says.
func (s *Sink) header() http.Header {
	h := http.Header{"Accept": {"application/json"}}
	for _, p := range s.like.Headers {
		h.Set(p.Name, p.Value)
	}
	if auth := s.auth.header(s.log); auth != "" {
		h["Authorization"] = []string{auth}
	}
	return h
}

// sized gives a request whose body is not a plain slice its length: without
// it the body would be sent chunked, and a server that finds it too large
// would close the connection.
type sized struct {
	esapi.Transport
	length int64
	body   func() io.ReadCloser // nil: the request knows its length
}

// Perform implements esapi.Transport.
func (t sized) Perform(req *http.Request) (*http.Response, error) {
	if t.body != nil {
		req.ContentLength = t.length
		req.GetBody = func() (io.ReadCloser, error) { return t.body(), nil }
	}
	return t.Transport.Perform(req)
}

// exchange sends the request and judges the answer.
func (s *Sink) exchange(ctx context.Context, bulk esapi.BulkRequest, via esapi.Transport, c *event.Chunk) (v event.Verdict, healthy bool, err error) {
	res, err := bulk.Do(ctx, via)
	if err != nil {
		return v, false, err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		v, healthy = s.refused(res, c)
		return v, healthy, nil
	}
	a := s.answer(res, c)
	defer s.answers.Put(a)
	v, err = s.judge(a, c)
	return v, !a.lost(), err
}

// answer is a reader of what was answered; its user puts it back.
func (s *Sink) answer(res *esapi.Response, c *event.Chunk) *answer {
	a := s.answers.Get().(*answer)
	a.reset(decoded(res), min(answerBase+answerItem*int64(c.Len()), answerMax))
	return a
}

// decoded is the answer's body, which a proxy may have compressed.
func decoded(res *esapi.Response) io.Reader {
	if res.Header.Get("Content-Encoding") != "gzip" {
		return res.Body
	}
	zr, err := gzip.NewReader(res.Body)
	if err != nil {
		return failing{err}
	}
	return zr
}

// failing is a reader that has only an error to give.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// judge reads the answer item by item.
func (s *Sink) judge(a *answer, c *event.Chunk) (event.Verdict, error) {
	j := judge{own: func(i uint32) bool { return s.ours(c, i) }, mends: func(i uint32) bool { return s.updates(c, i) }, tries: c.Tries}
	sent := uint32(c.Len())
	i := uint32(0)
	for ; a.next(); i++ {
		if i == sent {
			return event.Verdict{}, fmt.Errorf("cannot use the answer: it has more items than the %d sent", sent)
		}
		j.item(i, &a.item)
	}
	if a.err != nil {
		return event.Verdict{}, fmt.Errorf("cannot read the answer after %d of %d items: %w", i, sent, a.err)
	}
	for ; i < sent; i++ { // not stored, by experience: a body that was cut in transit
		j.wait(i, event.None, "missing_from_answer")
		j.unsure = true
	}
	if j.unsure {
		s.doubt.raise(time.Now())
	}
	return j.v, nil
}

// refused is the verdict for an answer that is not 2xx.
func (s *Sink) refused(res *esapi.Response, c *event.Chunk) (v event.Verdict, healthy bool) {
	a := s.answer(res, c)
	defer s.answers.Put(a)
	for a.next() { // for its error; what is no JSON has none
	}
	status := res.StatusCode
	if status >= 500 || status == http.StatusRequestTimeout { // a proxy's word, or one spoken too early
		s.doubt.raise(time.Now())
	}
	v = event.RetryAll(c.Len(), event.Pause, reasonOf(status, a.item.typ))
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusRequestTimeout:
		v.Signal = event.Throttle
		v.After = retryAfter(res.Header.Get("Retry-After"), s.nodes.now())
	case http.StatusRequestEntityTooLarge:
		v.Signal = event.TooLarge
	case http.StatusNotFound:
		v.Signal = event.Park
	case http.StatusBadRequest:
		switch set := requestSetup(a.item.typ, a.item.reason); {
		case set != event.None:
			v.Signal = set
		case len(v.Retry) == 1:
			v = event.Verdict{Reject: []event.Rejection{{Status: status, Type: typeName(a.item.typ), Reason: a.item.words()}}}
		default: // one document's fault, or a proxy's: halved until it is alone
			v.Signal = event.Split
		}
	}
	return v, status < 500
}

// retryAfter reads the header: seconds or a date (RFC 9110, 10.2.3). 0: none.
func retryAfter(h string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(h, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxAfter)
	}
	t, err := http.ParseTime(h)
	if err != nil {
		return 0
	}
	return min(max(t.Sub(now), 0), maxAfter)
}
