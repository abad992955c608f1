package page

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/sink/elastictest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// put adds a document of that age to the store.
func put(t testing.TB, s *elastictest.MemoryStore, id string, at time.Time, fields map[string]any) {
	t.Helper()
	fields["@timestamp"] = at.Format(time.RFC3339Nano)
	src, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	created := []bool{false}
	s.Create([]elastictest.Doc{{Index: "logs-x", ID: []byte(id), Source: src, Timestamp: at}}, created)
	if !created[0] {
		t.Fatalf("document %s was not taken", id)
	}
}

func container(ns, pod, level, message string) map[string]any {
	return map[string]any{
		"message": message, "stream": "stdout", "log": map[string]any{"level": level},
		"kubernetes": map[string]any{"namespace": ns, "pod": map[string]any{"name": pod}},
	}
}

// some is a store of 250 documents, one a second before noon: every tenth an
// error, every fifth of namespace payments.
func some(t testing.TB) *elastictest.MemoryStore {
	s := elastictest.NewMemoryStore(elastictest.MemoryLimits{})
	for i := range 250 {
		ns, level := "lending", "info"
		if i%5 == 0 {
			ns = "payments"
		}
		if i%10 == 0 {
			level = "error"
		}
		put(t, s, fmt.Sprintf("id%03d", i), noon.Add(-time.Duration(250-i)*time.Second), container(ns, "api-1", level, fmt.Sprintf("request number %d", i)))
	}
	return s
}

func newPage(t testing.TB, s Store) *Page {
	t.Helper()
	p, err := New(Config{Store: s, Location: time.UTC, now: func() time.Time { return noon }, tailEvery: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func get(t testing.TB, p *Page, target string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "127.0.0.1:8080"
	p.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func searchURL(q string, more ...string) string {
	v := url.Values{"q": {q}, "range": {"all"}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return "/?" + v.Encode()
}

var (
	hitsRE = regexp.MustCompile(`<strong id="hits">([\d,]+)</strong>`)
	keyRE  = regexp.MustCompile(`data-key="logs-x/([^"]*)"`)
	barRE  = regexp.MustCompile(`<title>[^<]*: ([\d,]+) hits?`)
)

func hits(t testing.TB, body string) int {
	t.Helper()
	m := hitsRE.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no count of hits in the page:\n%.2000s", body)
	}
	n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func keys(body string) (list []string) {
	for _, m := range keyRE.FindAllStringSubmatch(body, -1) {
		list = append(list, m[1])
	}
	return list
}

// href finds the link with these attributes behind or before it.
func href(t testing.TB, body, near string) string {
	t.Helper()
	m := regexp.MustCompile(`href="([^"]*)"[^>]*` + regexp.QuoteMeta(near)).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no link with %s", near)
	}
	return html.UnescapeString(m[1])
}
