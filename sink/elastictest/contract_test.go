package elastictest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The answers in testdata/contract.txt are Elasticsearch's. -update records
// them again from the server that ELASTICSEARCH_TEST_URL names.
var update = flag.Bool("update", false, "record testdata/contract.txt from the server at ELASTICSEARCH_TEST_URL")

const recorded = "testdata/contract.txt"

// call is one request of a case. In path and body {i} stands for an index of the
// case's own, {s} for a data stream, {f} for one with a failure store, {run} for
// a word that no other run used.
type call struct {
	method, path string
	body         string
	header       map[string]string // Content-Type is x-ndjson if there is a body; "-" leaves a header out
	head         bool              // send the head alone, and wait for an answer
}

// contractCase is some requests, one after another, on a server.
type contractCase struct {
	name  string
	loose bool // do not compare the reasons, but their types
	calls []call
}

func TestContract(t *testing.T) {
	cases := contractCases()
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.name] {
			t.Fatalf("two cases are called %s", c.name)
		}
		seen[c.name] = true
	}
	if *update {
		record(t, cases)
	}
	want := readRecorded(t)
	t.Run("stand-in", func(t *testing.T) {
		srv := httptest.NewServer(New(NewMemoryStore(MemoryLimits{})))
		defer srv.Close()
		checkContract(t, srv.URL, cases, want)
	})
	t.Run("elasticsearch", func(t *testing.T) {
		url := os.Getenv("ELASTICSEARCH_TEST_URL")
		if url == "" {
			t.Skip("ELASTICSEARCH_TEST_URL is not set; see server/elasticsearch.sh")
		}
		checkContract(t, url, cases, want)
	})
}

func checkContract(t *testing.T, url string, cases []contractCase, want map[string]string) {
	p := newProbe(t, url)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := p.run(t, c)
			w, ok := want[c.name]
			if !ok {
				t.Fatalf("no answer is recorded; got\n%s", got)
			}
			if got != w {
				t.Errorf("got\n%s\nwant\n%s", got, w)
			}
		})
	}
}

func record(t *testing.T, cases []contractCase) {
	url := os.Getenv("ELASTICSEARCH_TEST_URL")
	if url == "" {
		t.Fatal("-update needs ELASTICSEARCH_TEST_URL: the answers are the real server's")
	}
	p := newProbe(t, url)
	var b strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&b, "== %s\n%s\n\n", c.name, p.run(t, c))
	}
	if err := os.WriteFile(recorded, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readRecorded(t *testing.T) map[string]string {
	data, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, part := range strings.Split("\n"+string(data), "\n== ")[1:] {
		name, text, _ := strings.Cut(part, "\n")
		want[name] = strings.TrimSpace(text)
	}
	return want
}

// probe puts cases to one server.
type probe struct {
	url, run_ string
	client    *http.Client
}

const (
	streamName  = "logs-sluice.contract-default"
	failureName = "logs-sluice.contractfs-default"
)

func newProbe(t *testing.T, url string) *probe {
	tr := &http.Transport{DisableKeepAlives: true, DisableCompression: true, ExpectContinueTimeout: time.Minute}
	p := &probe{url: url, run_: fmt.Sprintf("%x", time.Now().UnixNano()), client: &http.Client{Transport: tr, Timeout: time.Minute}}
	const mapping = `"template":{"settings":{"number_of_replicas":0},"mappings":{"date_detection":false,"properties":{"@timestamp":{"type":"date_nanos"},"json":{"type":"flattened"}}}`
	for name, body := range map[string]string{
		"sluice-contract":    `{"index_patterns":["logs-sluice.contract-*"],"priority":500,"data_stream":{},` + mapping + `}}`,
		"sluice-contract-fs": `{"index_patterns":["logs-sluice.contractfs-*"],"priority":500,"data_stream":{},` + mapping + `,"data_stream_options":{"failure_store":{"enabled":true}}}}`,
	} {
		if status, text := p.plain(t, "PUT", "/_index_template/"+name, body); status != 200 {
			t.Fatalf("cannot put template %s: %d %s", name, status, text)
		}
	}
	return p
}

func (p *probe) plain(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

func (p *probe) run(t *testing.T, c contractCase) string {
	index := "contract-" + p.run_ + "-" + strings.ToLower(c.name)
	fill := strings.NewReplacer("{i}", index, "{s}", streamName, "{f}", failureName, "{run}", p.run_)
	var b strings.Builder
	made := false
	for _, one := range c.calls {
		made = made || strings.Contains(one.path+one.body, "{i}")
		one.path, one.body = fill.Replace(one.path), fill.Replace(one.body)
		answer := p.ask(t, one)
		fmt.Fprintf(&b, "%s\n", p.steady(answer, index, c.loose))
		if old := oldIndex.FindStringSubmatch(answer); old != nil { // else every run would leave one
			defer p.plain(t, "DELETE", "/"+old[1], "")
		}
	}
	if made {
		p.plain(t, "DELETE", "/"+index, "")
	}
	return strings.TrimSpace(b.String())
}

var oldIndex = regexp.MustCompile(`"old_index":"([^"]*)"`)

// ask sends one request and writes down the answer.
func (p *probe) ask(t *testing.T, c call) string {
	t.Helper()
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	req, err := http.NewRequest(c.method, p.url+c.path, body)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-ndjson")
	}
	for k, v := range c.header {
		if v == "-" {
			req.Header.Del(k)
		} else {
			req.Header.Set(k, v)
		}
	}
	var res *http.Response
	if c.head {
		res, err = p.head(req)
	} else {
		res, err = p.client.Do(req)
	}
	if err != nil {
		return "no answer"
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return "answer cut"
	}
	head := fmt.Sprintf("%d", res.StatusCode)
	for _, h := range []string{"X-Elastic-Product", "Content-Type", "Allow", "Content-Encoding", "Www-Authenticate"} {
		if v := res.Header.Get(h); v != "" {
			head += " | " + v
		}
	}
	if v := res.Header.Get("Warning"); v != "" {
		head += " | " + v
	}
	if res.Header.Get("Content-Encoding") == "gzip" {
		text = []byte(gunzip(t, text))
	}
	return head + "\n" + string(text)
}

// head sends a request whose body never comes. http.Client would send the body
// to a server that has refused it without closing the connection.
func (p *probe) head(req *http.Request) (*http.Response, error) {
	c, err := net.DialTimeout("tcp", req.URL.Host, time.Minute)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\n", req.Method, req.URL.Path, req.URL.Host)
	req.Header.Write(c)
	io.WriteString(c, "\r\n")
	return http.ReadResponse(bufio.NewReader(c), req) // its body is empty, or refused here
}

var steadyWords = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`"(took|ingest_took|_seq_no|task_max_waiting_in_queue_millis)":\d+`), `"$1":0`},
	{regexp.MustCompile(`creation_date":"\d{13}"`), `creation_date":"TIME"`},
	{regexp.MustCompile(`"_primary_term":\d+`), `"_primary_term":1`}, // counts restarts
	{regexp.MustCompile(`"index_uuid":"[A-Za-z0-9_-]{22}"`), `"index_uuid":"UUID"`},
	{regexp.MustCompile(`"(_id)":"[A-Za-z0-9_-]{20}"`), `"$1":"AUTO"`},
	{regexp.MustCompile(`document with id '[A-Za-z0-9_-]{20}'`), `document with id 'AUTO'`},
	{regexp.MustCompile(`-\d{4}\.\d\d\.\d\d-\d{6}`), `-DATE-GENERATION`},
	{regexp.MustCompile(`"_shards":\{"total":\d+,"successful":\d+`), `"_shards":{"total":1,"successful":1`},
	{regexp.MustCompile(`299 Elasticsearch-[0-9.]+-[0-9a-f]+`), `299 VERSION`},
	{regexp.MustCompile(`\[Accept, Content-Type\]`), `[Content-Type, Accept]`}, // in no order
	{regexp.MustCompile(` -> did you mean [^"]*?\?`), ``},
	{regexp.MustCompile(`"cluster_uuid":"[^"]*"`), `"cluster_uuid":"UUID"`},
}

// steady writes the same for answers that mean the same.
func (p *probe) steady(text, index string, loose bool) string {
	head, body, _ := strings.Cut(text, "\n")
	var v any
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) == nil {
		if loose {
			v = withoutReasons(v)
		}
		if m, ok := v.(map[string]any); ok && m["took"] != nil {
			m["took"] = json.Number("0")
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.Encode(v)
		body = shardsSorted.ReplaceAllString(strings.TrimSpace(b.String()), `"_shards":{}`)
	}
	text = strings.ReplaceAll(strings.ReplaceAll(head+"\n"+body, index, "{i}"), p.run_, "{run}")
	for _, s := range steadyWords {
		text = s.from.ReplaceAllString(text, s.to)
	}
	return text
}

// shardsSorted: how many copies there are is the set-up's business.
var shardsSorted = regexp.MustCompile(`"_shards":\{"failed":0,("skipped":0,)?"successful":\d+,"total":\d+\}`)

func withoutReasons(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if k == "reason" {
				v[k] = "..."
			} else {
				v[k] = withoutReasons(v[k])
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutReasons(v[i])
		}
	}
	return v
}
