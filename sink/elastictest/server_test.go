package elastictest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// conn is one connection on which a test speaks HTTP by hand.
func conn(t *testing.T, url string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return c, bufio.NewReader(c)
}

const bulkHead = "POST /_bulk HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"

func readReply(t *testing.T, r *bufio.Reader) (*http.Response, string) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestBodyLimit(t *testing.T) {
	_, store, url := start(t, WithMaxBody(2000))
	pad := func(n int) []byte { // a good body of n bytes
		line := `{"create":{"_index":"i"}}` + "\n" + `{"a":"%s"}` + "\n"
		return fmt.Appendf(nil, line, strings.Repeat("x", n-len(line)+2))
	}
	t.Run("declared", func(t *testing.T) {
		c, r := conn(t, url)
		fmt.Fprintf(c, bulkHead+"Content-Length: 5000\r\n\r\n%s", make([]byte, 5000))
		res, body := readReply(t, r)
		if res.StatusCode != 413 || body != "" || res.Header.Get("X-Elastic-Product") != "" || res.ContentLength != 0 || res.Close {
			t.Errorf("%+v %q", res, body)
		}
		fmt.Fprintf(c, bulkHead+"Content-Length: 2000\r\n\r\n%s", pad(2000)) // the connection lives; the limit itself passes
		if res, body := readReply(t, r); res.StatusCode != 200 {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	})
	t.Run("chunked", func(t *testing.T) {
		c, r := conn(t, url)
		fmt.Fprintf(c, bulkHead+"Transfer-Encoding: chunked\r\n\r\n1388\r\n%s\r\n0\r\n\r\n", make([]byte, 5000))
		if res, _ := readReply(t, r); res.StatusCode != 413 || !res.Close {
			t.Errorf("%+v", res)
		}
	})
	t.Run("inflated", func(t *testing.T) {
		z := packed(pad(2001))
		c, r := conn(t, url)
		fmt.Fprintf(c, bulkHead+"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(z), z)
		if res, _ := readReply(t, r); res.StatusCode != 413 || !res.Close {
			t.Errorf("%+v", res)
		}
	})
	t.Run("expect", func(t *testing.T) {
		c, r := conn(t, url)
		fmt.Fprintf(c, bulkHead+"Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n")
		if res, _ := readReply(t, r); res.StatusCode != 413 {
			t.Errorf("%+v", res)
		}
	})
	if n, _ := store.Held(); n != 1 {
		t.Errorf("%d documents are stored", n)
	}
}

func TestClientThatLeavesStoresNothing(t *testing.T) {
	s, store, url := start(t)
	c, _ := conn(t, url)
	body := sluiceBody(10, 0)
	fmt.Fprintf(c, bulkHead+"Content-Length: %d\r\n\r\n%s", len(body), body[:len(body)-1])
	c.Close()
	tick, late := time.NewTicker(time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for s.Stats().WireBytes == 0 {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("the request was never seen")
		}
	}
	if n, _ := store.Held(); n != 0 {
		t.Errorf("%d documents are stored", n)
	}
}

func TestAuthorization(t *testing.T) {
	_, _, url := start(t, WithAuthorization(func(h string) bool { return h == "ApiKey good" }))
	for key, want := range map[string]int{"": 401, "ApiKey bad": 401, "ApiKey good": 200} {
		req, _ := http.NewRequest("GET", url+"/", nil)
		req.Header.Set("Authorization", key)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if product := res.Header.Get("X-Elastic-Product") != ""; res.StatusCode != want || product != (want == 200) {
			t.Errorf("%q: %d, product header %t", key, res.StatusCode, product)
		}
	}
}

func TestOpenSearch(t *testing.T) {
	_, _, url := start(t, AsOpenSearch())
	post := func(path, typ, body string) (int, string, http.Header) {
		res, err := http.Post(url+path, typ, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text), res.Header
	}
	const lines = "application/x-ndjson"
	good := `{"create":{"_index":"logs-a-b","_id":"1"}}` + "\n" + stamped + "\n"
	status, body, header := post("/_bulk", lines, good)
	if status != 200 || header.Get("X-Elastic-Product") != "" || !strings.HasPrefix(body, `{"took":0,"errors":false,"items":[{"create":{"_index":".ds-logs-a-b-000001"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body, _ = post("/_bulk?include_source_on_error=false", lines, good); status != 400 {
		t.Errorf("a parameter of Elasticsearch: %d %s", status, body)
	}
	if status, body, _ = post("/_bulk", "application/vnd.elasticsearch+x-ndjson; compatible-with=8", good); status != 406 {
		t.Errorf("a media type of Elasticsearch: %d %s", status, body)
	}
	if _, body, _ = post("/_bulk", lines, `{"create":{"_index":"logs-a-b","_id":"2"}}`+"\n{\"n\":1}\n"); !strings.Contains(body, "mapper_parsing_exception") || strings.Contains(body, "failure_store") {
		t.Errorf("%s", body)
	}
}

func TestShardLimit(t *testing.T) {
	_, store, url := start(t, WithMaxShards(1))
	res, err := http.Post(url+"/_bulk", "application/x-ndjson", strings.NewReader("{\"create\":{\"_index\":\"a\"}}\n{}\n{\"create\":{\"_index\":\"b\"}}\n{}\n{\"create\":{\"_index\":\"a\"}}\n{}\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if got := fmt.Sprint(statuses(t, string(text))); got != "[201 400 201]" || !strings.Contains(string(text), "validation_exception") || store.Count("a") != 2 {
		t.Errorf("%s", text)
	}
}

func TestFlattenedByComponentTemplate(t *testing.T) {
	_, _, url := start(t)
	do := func(method, path, body string) string {
		req, _ := http.NewRequest(method, url+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return string(text)
	}
	do("PUT", "/_component_template/m", `{"template":{"mappings":{"properties":{"kubernetes":{"properties":{"labels":{"type":"flattened"}}}}}}}`)
	do("PUT", "/_index_template/t", `{"index_patterns":["x-*"],"priority":1,"composed_of":["m"]}`)
	body := do("POST", "/x-1/_bulk", "{\"create\":{}}\n{\"kubernetes\":{\"labels\":{\"\":1}}}\n{\"create\":{}}\n{\"kubernetes\":{\"other\":{\"\":1}}}\n")
	if got := statuses(t, body); len(got) != 2 || got[0] != 201 || got[1] != 400 {
		t.Errorf("%s", body)
	}
}

// TestNothingAllocatedPerDocument: bench puts the sink before this server in one
// process and must measure the sink.
func TestNothingAllocatedPerDocument(t *testing.T) {
	allocs := func(n int) float64 {
		s := New(NewNullStore())
		body := packed(sluiceBody(n, 0))
		return testing.AllocsPerRun(20, func() {
			req, _ := http.NewRequest("POST", sinkFilter, bytes.NewReader(body))
			req.Header.Set("Content-Type", "application/x-ndjson")
			req.Header.Set("Content-Encoding", "gzip")
			w := &sink{h: http.Header{}}
			s.ServeHTTP(w, req)
			if w.code != 200 {
				t.Fatal(w.code)
			}
		})
	}
	few, many := allocs(100), allocs(2100)
	if more := many - few; more > 100 { // buffers, not documents
		t.Errorf("2,000 more documents allocate %.0f times more", more)
	}
}

// FuzzDocument: the scanner takes what encoding/json takes, but for what the
// server refuses on purpose, and refuses what encoding/json refuses, but for
// what the server takes on purpose.
func FuzzDocument(f *testing.F) {
	for _, c := range documentCases() {
		for i, l := range strings.Split(c.calls[0].body, "\n") {
			if i%2 == 1 {
				f.Add([]byte(l))
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var s scanner
		err := s.document(src, []byte("id"), nil)
		trimmed := bytes.TrimSpace(src)
		if err == nil && !json.Valid(src) {
			if bytes.ContainsRune(src, '/') || bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
				return // comments, a byte order mark
			}
			t.Errorf("taken, though not JSON: %q", src)
		}
		if err != nil && err.unreadable && json.Valid(src) && bytes.HasPrefix(trimmed, []byte("{")) {
			switch why := err.reason; {
			case strings.Contains(why, "Duplicate field"), strings.Contains(why, "exceeds the maximum"), strings.Contains(why, "UTF-8"), err.suppressed != nil:
			case strings.Contains(why, "Unexpected end"): // UTF-8 cut at the end
			default:
				t.Errorf("refused, though JSON: %q: %s", src, why)
			}
		}
	})
}

// FuzzBulk: whatever comes is answered, and what is answered 200 is JSON.
func FuzzBulk(f *testing.F) {
	for _, group := range [][]contractCase{actionCases(), streamCases()} {
		for _, c := range group {
			f.Add([]byte(c.calls[0].body))
		}
	}
	s := New(NewMemoryStore(MemoryLimits{Documents: 100, IDs: 1000}))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, _ := http.NewRequest("POST", "/_bulk", bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/x-ndjson")
		w := &capture{sink: sink{h: http.Header{}}}
		s.ServeHTTP(w, req)
		if w.code != 200 && w.code != 400 || !json.Valid(w.body.Bytes()) {
			t.Errorf("%d %s", w.code, w.body.Bytes())
		}
	})
}

type capture struct {
	sink
	body bytes.Buffer
}

func (c *capture) Write(b []byte) (int, error) { return c.body.Write(b) }
