package page

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/sink/elastictest"
)

func TestSearch(t *testing.T) {
	p := newPage(t, some(t))
	for _, c := range []struct {
		target string
		hits   int
	}{
		{"/", 250}, // the last 15 minutes
		{searchURL(""), 250},
		{searchURL("number 7"), 1},
		{searchURL("level:error"), 25},
		{searchURL("namespace:payments and not level:error"), 25},
		{searchURL("kubernetes.namespace:payments or level:error"), 50},
		{searchURL("nothing"), 0},
		{"/?range=5m", 250},
		{"/?from=2026-11-22T11:59:00Z&to=2026-11-22T11:59:30Z", 30},
		{"/?from=2026-11-22+11:59:00", 60},
		{"/?to=2026-11-22T11:56", 10},
		{"/?range=abs", 250},
	} {
		code, body := get(t, p, c.target)
		if code != http.StatusOK {
			t.Errorf("%s: status %d", c.target, code)
			continue
		}
		if got := hits(t, body); got != c.hits {
			t.Errorf("%s: %d hits, want %d", c.target, got, c.hits)
		}
		sum := 0
		for _, m := range barRE.FindAllStringSubmatch(body, -1) {
			var n int
			if _, err := fmt.Sscan(m[1], &n); err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		if sum != c.hits {
			t.Errorf("%s: the bars count %d, want %d", c.target, sum, c.hits)
		}
	}
}

// Every document is on just one page of results, newest first, also when more
// arrive in between.
func TestPaging(t *testing.T) {
	s := some(t)
	p := newPage(t, s)
	var all []string
	target := searchURL("")
	for {
		_, body := get(t, p, target)
		all = append(all, keys(body)...)
		if !strings.Contains(body, `rel="next"`) {
			break
		}
		target = href(t, body, `rel="next"`)
		put(t, s, fmt.Sprintf("late%d", len(all)), noon, container("x", "y", "info", "late"))
	}
	if len(all) != 250 {
		t.Fatalf("%d documents on all pages, want 250", len(all))
	}
	want := slices.Sorted(slices.Values(all))
	slices.Reverse(want)
	if !slices.Equal(all, want) {
		t.Error("not newest first")
	}
}

// Documents that arrive out of order are shown by their time.
func TestOrderIsByTime(t *testing.T) {
	s := elastictest.NewMemoryStore(elastictest.MemoryLimits{})
	for i, age := range []int{5, 1, 3, 3, 2, 9} {
		put(t, s, fmt.Sprint(i), noon.Add(-time.Duration(age)*time.Second), container("n", "p", "info", "x"))
	}
	_, body := get(t, newPage(t, s), "/")
	if got := strings.Join(keys(body), ""); got != "143205" {
		t.Errorf("order %s, want 143205", got)
	}
}

func TestBadRequestsAreExplained(t *testing.T) {
	p := newPage(t, some(t))
	for _, c := range []struct{ target, want string }{
		{searchURL("level:error and (foo"), "at character 17: this ( is never closed"},
		{searchURL(`"`), "never closed"},
		{searchURL("(<script>"), "never closed"},
		{"/?range=7m", "there is no time range"},
		{"/?from=yesterday", "is not a time"},
	} {
		code, body := get(t, p, c.target)
		if code != http.StatusBadRequest || !strings.Contains(body, c.want) || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%s: status %d, wanted the words %q", c.target, code, c.want)
		}
		if strings.Contains(body, "<script>") || hitsRE.MatchString(body) {
			t.Errorf("%s: shows what it should not", c.target)
		}
	}
	_, body := get(t, p, searchURL("level:error and (foo"))
	if !strings.Contains(body, "level:error and (foo\n                ^</pre>") {
		t.Error("the place is not marked")
	}
	for _, target := range []string{"/?before=junk", "/?before=1.2.3", "/?doc=none", "/?before=99999999999999999999.0.1", "/?from=9999-12-31"} {
		if code, _ := get(t, p, target); code != http.StatusOK {
			t.Errorf("%s: status %d", target, code)
		}
	}
}

const evil = "<script>alert(1)</script>\n\"><img src=x onerror=alert(2)>\rjavascript:alert(3)"

// Nothing in a document becomes markup, wherever it is shown.
func TestEscaping(t *testing.T) {
	s := elastictest.NewMemoryStore(elastictest.MemoryLimits{})
	put(t, s, "a", noon.Add(-time.Second), map[string]any{
		"message": evil, "stream": evil, "log": map[string]any{"level": evil},
		"kubernetes": map[string]any{"namespace": evil, "pod": map[string]any{"name": evil}}, evil: evil, "tag": evil,
	})
	put(t, s, `"><script>`, noon.Add(-time.Second), map[string]any{"json": map[string]any{evil: evil}})
	p := newPage(t, s)
	for _, target := range []string{
		"/", "/?doc=logs-x/a", "/record?doc=logs-x/a", searchURL("alert"), searchURL(evil), searchURL(`"` + strings.ReplaceAll(evil, `"`, `\"`) + `"`),
		"/?doc=" + strings.Repeat("%22%3E%3Cscript%3E", 2), "/?from=%22%3E%3Cscript%3E",
	} {
		_, body := get(t, p, target)
		for _, bad := range []string{"<script>", "<img", "onerror=alert(2)>\"", `href="javascript`} {
			if strings.Contains(strings.ReplaceAll(body, `<script src="/assets/page.js" defer></script>`, ""), bad) {
				t.Errorf("%s: the page has %s", target, bad)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	p := newPage(t, some(t))
	for _, target := range []string{"/", "/record?doc=logs-x/id001", "/assets/page.js", "/assets/page.css", "/none", searchURL("(")} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Host = "localhost:1"
		p.ServeHTTP(w, r)
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", target, w.Header())
		}
	}
	_, body := get(t, p, "/?doc=logs-x/id249")
	for _, inline := range []string{" style=", "<style", " onclick", "<script>"} {
		if strings.Contains(body, inline) {
			t.Errorf("the page has %s, which its policy forbids", inline)
		}
	}
	for host, want := range map[string]int{"localhost": 200, "localhost:8080": 200, "127.0.0.1:8080": 200, "[::1]:8080": 200, "evil.example:8080": 421, "": 421} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		p.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %q: status %d, want %d", host, w.Code, want)
		}
	}
}

func TestRecord(t *testing.T) {
	s := some(t)
	doc := container("lending", "api-1", "error", "first\n\tat second\n\tat third")
	doc["json"] = map[string]any{"my key": "a \"b\" \\", "list": []any{1, "two", map[string]any{"x": true}}, "none": nil}
	put(t, s, "trace", noon.Add(-time.Millisecond), doc)
	p := newPage(t, s)
	_, body := get(t, p, "/?doc=logs-x/trace")
	for _, want := range []string{
		`aria-expanded="true"`, "<pre>first\n\tat second\n\tat third</pre>", "+2 lines",
		`<th scope="row">json.list.x</th>`, `<th scope="row">json.none</th>`, `<th scope="row">kubernetes.pod.name</th>`, `<th scope="row">_id</th>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the record does not show %s", want)
		}
	}
	// Each link for finds the record, and out leaves it out.
	for _, name := range []string{"_id", "json.my key", "kubernetes.pod.name", "log.level", "json.list", "message", "@timestamp"} {
		_, in := get(t, p, href(t, body, `aria-label="Filter for this value of `+name+`"`))
		_, out := get(t, p, href(t, body, `aria-label="Filter out this value of `+name+`"`))
		if !slices.Contains(keys(in), "trace") || slices.Contains(keys(out), "trace") {
			t.Errorf("filtering for %s finds %v, filtering out %d hits", name, keys(in), hits(t, out))
		}
		if a, b := hits(t, in), hits(t, out); a+b != 251 {
			t.Errorf("filtering for %s: %d with and %d without, want 251 together", name, a, b)
		}
	}
	if code, fragment := get(t, p, "/record?doc=logs-x/trace"); code != 200 || strings.Contains(fragment, "<html") || !strings.Contains(fragment, "json.my key") {
		t.Errorf("the fragment: status %d", code)
	}
	if code, _ := get(t, p, "/record?doc=logs-x/nope"); code != http.StatusNotFound {
		t.Errorf("an unknown record: status %d", code)
	}
	// A link to a record that is not among the results still shows it.
	_, body = get(t, p, searchURL("number 7", "doc", "logs-x/trace"))
	if !strings.Contains(body, "<pre>first") {
		t.Error("a record of another page of results is not shown")
	}
}

func TestElsewhere(t *testing.T) {
	p, err := New(Config{Links: []Link{{"Newest logs", "http://127.0.0.1:9200/logs-*/_search"}}})
	if err != nil {
		t.Fatal(err)
	}
	code, body := get(t, p, "/")
	if code != 200 || !strings.Contains(body, `href="http://127.0.0.1:9200/logs-*/_search"`) {
		t.Errorf("status %d:\n%s", code, body)
	}
	if code, _ := get(t, p, "/tail"); code != http.StatusNotFound {
		t.Errorf("tail without a store: status %d", code)
	}
}
