package query

import (
	"fmt"
	"strings"
	"testing"
)

const line = `{"@timestamp":"2026-11-22T20:00:54.698Z","message":"GET /loans/4711 took 12ms: \"slow\"\n\tat Café.scala:7",
"stream":"stderr","log":{"level":"WARNING","offset":3673,"file":{"path":"/var/log/containers/a.log"}},
"kubernetes":{"namespace":"lending","pod":{"name":"loan-api-7d9f-abcde"},"labels":{"app":"loan-api","app.kubernetes.io/name":"x"}},
"json":{"status":503,"duration_ms":12.5,"ok":true,"none":null,"tags":["red","dark blue"],"items":[{"id":1},{"id":2}],"my key":"v","empty":""}}`

func TestMatch(t *testing.T) {
	hit := []string{
		"", "GET", "get loans", "4711", `"took 12ms"`, "lo*", "*oans", "l*ns", "/loans/*", "slow", "caf*", "CAFÉ.scala", `"\n\tat"`,
		"level:warn", "level:(error or warn)", "log.level:warning", "stream:stderr", "log.offset:3673",
		"kubernetes.namespace:lending", "namespace:LENDING", "pod:loan-api-*", "pod:loan*abcde", "kubernetes.labels.app:loan-api",
		"kubernetes.labels.app.kubernetes.io/name:x",
		"json.status:503", "json.status>=500", "json.status > 502.5", "json.status<=503", "json.status<504", "json.duration_ms<13", "json.ok:true",
		"json.tags:red", "json.tags:blue", `json.tags:"dark blue"`, "json.items.id:2", `json.my\ key:v`, `"json.my key":v`, "json.status:*", `json.empty:""`,
		"not json.absent:*", "json.status:(500 or 503)", "not (post or put)", "slow and not fast", "fast or slow",
		"_id:abc", "_index:logs-*", "@timestamp>2026-11-22T20:00", "message:took", `message:"GET /loans"`, "message:*",
	}
	miss := []string{
		"loan", "oans", "get post", `"12ms took"`, "l*x", "GET*12ms", "level:error", "level:warning x", "kubernetes.namespace:lend", "pod:loan",
		"json.status:50", "json.status>503", "json.status<abc", "json.tags:gre*", "json.items.id:3", "json.empty:*x", "json:*", "message:foo",
		"namespace:(a or b)", "not slow", "log.file:*", "_id:ab", "json.tags.red:*", "stderr", "lending", `json.status:""`,
	}
	run := func(list []string, want bool) {
		for _, s := range list {
			q, err := Parse(s)
			if err != nil {
				t.Errorf("%s: %v", s, err)
				continue
			}
			if got := q.Matcher().Match("logs-x", []byte("abc"), []byte(line)); got != want {
				t.Errorf("%s: got %v, want %v", s, got, want)
			}
		}
	}
	run(hit, true)
	run(miss, false)
}

// Keys may hold the dots themselves; bare words find documents without message.
func TestMatchOtherShapes(t *testing.T) {
	for _, c := range []struct {
		q, doc string
		want   bool
	}{
		{"a.b.c:1", `{"a.b":{"c":1}}`, true},
		{"a.b.c:1", `{"a":{"b.c":1}}`, true},
		{"a.b.c:1", `{"a":{"b":2},"a.b":{"c":1}}`, true},
		{"a.b:1", `{"a":[{"b":0},{"b":[2,1]}]}`, true},
		{"hello", `{"json":{"event":"hello world"}}`, true},
		{"event", `{"json":{"event":"hello world"}}`, false},
		{"x", `{"message":"y","other":"x"}`, false},
		{"a:1", `[{"a":1}]`, false},
		{"a:1", `{"a":`, false},
		{"a:b", `{"a":"b`, false},
		{"a:\u00fc", `{"a":"\u00fc"}`, true},
		{"a:😀", `{"a":"\ud83d\ude00"}`, true},
		{`a:"\\x"`, `{"a":"\\x"}`, true},
	} {
		q, err := Parse(c.q)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Matcher().Match("", nil, []byte(c.doc)); got != c.want {
			t.Errorf("%s on %s: got %v", c.q, c.doc, got)
		}
	}
}

func TestLevel(t *testing.T) {
	m := new(Query).Matcher()
	for doc, want := range map[string]string{
		`{"log":{"level":"Error"},"message":"INFO x"}`:                    "error",
		`{"message":"2026-11-22 20:00:00,1 WARN  [main] c.e.X - y"}`:      "warn",
		`{"message":"no level, AN ERRORS"}`:                               "",
		`{"json":{"level":30}}`:                                           "info",
		`{"json":{"level":"loud","severity":"CRITICAL"}}`:                 "fatal",
		`{"message":"x\nERROR"}`:                                          "",
		`{"message":"` + strings.Repeat("x ", 60) + `ERROR"}`:             "",
		`{"message":"E, [2026] ERROR -- : boom","stream":"stderr","a":1}`: "error",
		`nonsense`: "",
	} {
		if got := m.Level([]byte(doc)); got != want {
			t.Errorf("%.60s: got %q, want %q", doc, got, want)
		}
	}
}

func TestMarks(t *testing.T) {
	q, err := Parse("get and loan* or not slow level:error")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(q.Marks("GET /loans GET slow")); got != "[[0 3] [5 9] [11 14]]" {
		t.Errorf("got %s", got)
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	for _, s := range []string{"slow", "absent", "kubernetes.namespace:lending", "json.items:x", "level:error", "json.status>500"} {
		q, _ := Parse(s)
		m, doc := q.Matcher(), []byte(line)
		m.Match("i", nil, doc)
		if n := testing.AllocsPerRun(100, func() { m.Match("i", nil, doc) }); n > 1 {
			t.Errorf("%s: %v allocations a document", s, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	doc := []byte(line)
	for _, s := range []string{"took", "absent", "kubernetes.namespace:lending", "json.absent:1", "level:error"} {
		b.Run(s, func(b *testing.B) {
			q, _ := Parse(s)
			m := q.Matcher()
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				m.Match("i", nil, doc)
			}
		})
	}
}
