package elastic

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server and a sink for it.
func serve(t *testing.T, h http.HandlerFunc, change func(*Config)) *Sink {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return newSink(t, srv.URL, change)
}

// answering reads the request and gives a fixed answer.
func answering(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}

// all is the summary of a verdict that asks for three items again.
func all(signal string) string {
	return "accepted 0 duplicate 0 elsewhere 0 retry 0 retry 1 retry 2 (" + signal + ")"
}

func TestDeliver(t *testing.T) {
	rejected := `{"error":{"root_cause":[],"type":"es_rejected_execution_exception","reason":"secret"},"status":429}`
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
		after   time.Duration
	}{
		{"stored", answering(200, goodAnswer(3), "X-Elastic-Product", "Elasticsearch"), "accepted 3 duplicate 0 elsewhere 0", 0},
		{"OpenSearch", answering(200, goodAnswer(3), "X-OpenSearch-Version", "3.6.0"), "accepted 3 duplicate 0 elsewhere 0", 0},
		{"gzip", answering(200, gzipped(goodAnswer(3)), "Content-Encoding", "gzip"), "accepted 3 duplicate 0 elsewhere 0", 0},
		{"fewer items", answering(200, goodAnswer(1)), "accepted 1 duplicate 0 elsewhere 0 retry 1 retry 2 (none: missing_from_answer)", 0},
		{"400", answering(400, `{"error":{"type":"x_content_parse_exception","reason":"r"},"status":400}`), all("split: 400 x_content_parse_exception"), 0},
		{"400 parameter", answering(400, `{"error":{"type":"illegal_argument_exception","reason":"request [/x/_bulk] contains unrecognized parameter: [p]"}}`), all("pause: 400 illegal_argument_exception"), 0},
		{"400 path", answering(400, `{"error":"no handler found for uri [/_foo/bar] and method [POST]"}`), all("pause: 400"), 0},
		{"400 name", answering(400, `{"error":{"type":"invalid_index_name_exception","reason":"r"}}`), all("park: 400 invalid_index_name_exception"), 0},
		{"401", answering(401, `{"error":{"type":"security_exception","reason":"r"}}`), all("pause: 401 security_exception"), 0},
		{"403", answering(403, `{"error":{"type":"cluster_block_exception","reason":"r"}}`), all("pause: 403 cluster_block_exception"), 0},
		{"404", answering(404, `{"error":{"type":"index_not_found_exception","reason":"r"}}`), all("park: 404 index_not_found_exception"), 0},
		{"405", answering(405, `{"error":"Incorrect HTTP method"}`), all("pause: 405"), 0},
		{"406", answering(406, `{"error":"Content-Type header [] is not supported","status":406}`), all("pause: 406"), 0},
		{"413", answering(413, ""), all("too large: 413"), 0},
		{"429", answering(429, rejected), all("throttle: 429 es_rejected_execution_exception"), 0},
		{"429 seconds", answering(429, rejected, "Retry-After", "7"), all("throttle: 429 es_rejected_execution_exception"), 7 * time.Second},
		{"429 date", answering(429, rejected, "Retry-After", "Sun, 22 Nov 2026 09:43:00 GMT"), all("throttle: 429 es_rejected_execution_exception"), 30 * time.Second},
		{"429 for ever", answering(429, rejected, "Retry-After", "99999999"), all("throttle: 429 es_rejected_execution_exception"), maxAfter},
		{"500", answering(500, gzipped(`{"error":{"type":"no_master"}}`), "Content-Encoding", "gzip"), all("throttle: 500 no_master"), 0},
		{"502", answering(502, "<html>secret</html>"), all("throttle: 502"), 0},
		{"503 bad gzip", answering(503, "nonsense", "Content-Encoding", "gzip", "Retry-After", "x"), all("throttle: 503"), 0},
		{"504", answering(504, ""), all("throttle: 504"), 0},
		{"redirect", answering(307, "", "Location", "http://127.0.0.1:1/"), all("pause: 307"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.handler, nil)
			s.nodes.now = func() time.Time { return time.Date(2026, 11, 22, 9, 42, 30, 0, time.UTC) }
			v, err := s.Deliver(t.Context(), chunkOf(3))
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(v); got != c.want || v.After != c.after || !v.Counts(3) {
				t.Errorf("after %v\n got %s\nwant %s", v.After, got, c.want)
			}
		})
	}
}

func TestDeliverUnknownFate(t *testing.T) {
	hangUp := func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }
	halfBody := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, goodAnswer(3)[:40])
	}
	for name, h := range map[string]http.HandlerFunc{
		"HTML":         answering(200, "<html>secret</html>"),
		"nothing":      answering(204, ""),
		"half a body":  halfBody,
		"half JSON":    answering(200, goodAnswer(3)[:40]),
		"more items":   answering(200, goodAnswer(4)),
		"no items":     answering(200, `{"took":1}`),
		"hang-up":      hangUp,
		"half a gzip":  answering(200, gzipped(goodAnswer(3))[:20], "Content-Encoding", "gzip"),
		"no gzip":      answering(200, goodAnswer(3), "Content-Encoding", "gzip"),
		"endless text": answering(200, `{"x":"`+strings.Repeat("a", answerBase+4*answerItem)+`","items":[]}`),
	} {
		s := serve(t, h, nil)
		v, err := s.Deliver(t.Context(), chunkOf(3))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: verdict %s, error %v", name, summary(v), err)
		}
	}
}

func TestDeliverSingleBadRequest(t *testing.T) {
	s := serve(t, answering(400, `{"error":{"type":"parse_exception","reason":"quoted"}}`), nil)
	v, err := s.Deliver(t.Context(), chunkOf(1))
	if got := summary(v); err != nil || got != "accepted 0 duplicate 0 elsewhere 0 reject 0=400 parse_exception" || v.Reject[0].Reason != "quoted" {
		t.Errorf("%v, %s", err, got)
	}
}

// A proxy that closes the connection on large bodies is met by halving.
func TestDeliverClosedAgain(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil)
	c := chunkOf(20000)
	for c.Tries = 1; c.Tries < 3; c.Tries++ {
		if v, err := s.Deliver(t.Context(), c); err == nil {
			t.Fatalf("try %d: %s", c.Tries, summary(v))
		}
	}
	v, err := s.Deliver(t.Context(), c)
	if err != nil || v.Signal != event.TooLarge || !v.Counts(20000) {
		t.Errorf("third try: %v, signal %v", err, v.Signal)
	}
}

func TestDeliverRequest(t *testing.T) {
	for _, compression := range []string{"gzip", "none"} {
		c := chunkOf(2)
		c.Blocks = append(c.Blocks, &event.Block{}, chunkOf(1).Blocks[0])
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			var body io.Reader = r.Body
			if compression == "gzip" {
				if r.Header.Get("Content-Encoding") != "gzip" {
					t.Error("no Content-Encoding")
				}
				zr, err := gzip.NewReader(r.Body)
				if err != nil {
					t.Error(err)
					return
				}
				body = zr
			}
			got, _ := io.ReadAll(body)
			if want := strings.Repeat("{\"create\":{}}\n{\"a\":1}\n", 3); string(got) != want {
				t.Errorf("body %q", got)
			}
			if r.ContentLength < 0 || r.Method != http.MethodPost || r.URL.Path != "/prefix/x/_bulk" ||
				r.Header.Get("Content-Type") != "application/x-ndjson" || r.UserAgent() != "sluice" || r.Header.Get("Accept-Encoding") != "" {
				t.Errorf("%s %s, %d bytes, %v", r.Method, r.URL, r.ContentLength, r.Header)
			}
			if r.Header.Get("X-Tenant") != "shop" {
				t.Errorf("%v", r.Header)
			}
			if want := "ApiKey " + base64.StdEncoding.EncodeToString([]byte("id:key")); r.Header.Get("Authorization") != want {
				t.Errorf("Authorization %q", r.Header.Get("Authorization"))
			}
			_, _ = io.WriteString(w, goodAnswer(3))
		}, func(cfg *Config) {
			cfg.Compression, cfg.APIKey = compression, "id:key"
			cfg.Like.Headers = []event.Pair{{Name: "x-tenant", Value: "shop"}}
			cfg.URLs[0] += "/prefix/"
		})
		for range 2 {
			if v, err := s.Deliver(t.Context(), c); err != nil || v.Accepted != 3 {
				t.Errorf("%s: %v, %s", compression, err, summary(v))
			}
		}
		if (c.Wire != nil) != (compression == "gzip") {
			t.Errorf("%s: wire of %d bytes", compression, len(c.Wire))
		}
	}
	if v, err := new(Sink).Deliver(t.Context(), &event.Chunk{}); err != nil || !v.Counts(0) {
		t.Error(err)
	}
}

// A retry sends the same bytes, until they are suspected themselves.
func TestWireIsKept(t *testing.T) {
	var g gzips
	c := chunkOf(100)
	g.wire(c)
	first := &c.Wire[0]
	for c.Tries = 2; c.Tries <= 3; c.Tries++ {
		if g.wire(c); &c.Wire[0] != first {
			t.Errorf("compressed again at try %d", c.Tries)
		}
	}
	if g.wire(c); &c.Wire[0] == first {
		t.Error("the same bytes at try 4")
	}
}

func TestDeliverDeadline(t *testing.T) {
	release := make(chan struct{})
	slow := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}
	for _, compression := range []string{"gzip", "none"} {
		s := serve(t, slow, func(c *Config) { c.Compression = compression })
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := s.Deliver(ctx, chunkOf(3))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || s.nodes.list[0].failed != 0 {
			t.Errorf("the caller's deadline: %v, %d failures", err, s.nodes.list[0].failed)
		}
		s.timeout = 20 * time.Millisecond
		if _, err := s.Deliver(t.Context(), chunkOf(3)); !errors.Is(err, context.DeadlineExceeded) || s.nodes.list[0].failed != 1 {
			t.Errorf("the sink's own: %v, %d failures", err, s.nodes.list[0].failed)
		}
	}
	close(release)
}

func TestDeliverTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(answering(200, goodAnswer(3)))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	pem := "-----BEGIN CERTIFICATE-----\n" + base64.StdEncoding.EncodeToString(srv.Certificate().Raw) + "\n-----END CERTIFICATE-----\n"
	if err := os.WriteFile(ca, []byte(pem), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSink(t, srv.URL, func(c *Config) { c.CA = ca })
	if v, err := s.Deliver(t.Context(), chunkOf(3)); err != nil || v.Accepted != 3 {
		t.Errorf("with the CA: %v", err)
	}
	if _, err := newSink(t, srv.URL, nil).Deliver(t.Context(), chunkOf(3)); err == nil {
		t.Error("an unknown CA was trusted")
	}
}
