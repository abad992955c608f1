package elastictest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server with a MemoryStore for the test's time.
func start(t *testing.T, opts ...Option) (*Server, *MemoryStore, string) {
	t.Helper()
	store := NewMemoryStore(MemoryLimits{})
	s := New(store, opts...)
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		h.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return s, store, h.URL
}

type reply struct {
	err    error // no answer
	cut    error // an answer that ended early
	status int
	header http.Header
	body   string
}

func send(t *testing.T, ctx context.Context, url string, n int) reply {
	t.Helper()
	body := string(sluiceBody(n, 0))
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/_bulk", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{cut: err, status: res.StatusCode, header: res.Header, body: string(text)}
}

// statuses are those of the items in an answer.
func statuses(t *testing.T, body string) (all []int) {
	t.Helper()
	var v struct {
		Items []map[string]struct{ Status int }
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for _, it := range v.Items {
		for _, i := range it {
			all = append(all, i.Status)
		}
	}
	return all
}

type faultCase struct {
	name   string
	fault  Fault
	stored int
	check  func(t *testing.T, r reply)
}

func faultCases(n int) []faultCase {
	return []faultCase{
		{"reset", Fault{Kind: Reset, After: 100}, 0, func(t *testing.T, r reply) {
			if r.err == nil {
				t.Error("there was an answer")
			}
		}},
		{"vanish", Fault{Kind: Vanish}, n, func(t *testing.T, r reply) {
			if !errors.Is(r.err, io.EOF) {
				t.Errorf("err = %v", r.err)
			}
		}},
		{"refuse 401", Fault{Kind: Refuse, Status: 401}, 0, func(t *testing.T, r reply) {
			if r.status != 401 || r.header.Get("X-Elastic-Product") != "" || len(r.header.Values("Www-Authenticate")) != 2 || !strings.Contains(r.body, "security_exception") {
				t.Errorf("%+v", r)
			}
		}},
		{"refuse 413", Fault{Kind: Refuse, Status: 413}, 0, func(t *testing.T, r reply) {
			if r.status != 413 || r.body != "" || r.header.Get("X-Elastic-Product") != "" {
				t.Errorf("%+v", r)
			}
		}},
		{"refuse 429", Fault{Kind: Refuse, Status: 429, RetryAfter: "7"}, 0, func(t *testing.T, r reply) {
			if r.status != 429 || r.header.Get("Retry-After") != "7" || !strings.Contains(r.body, "es_rejected_execution_exception") {
				t.Errorf("%+v", r)
			}
		}},
		{"refuse 502", Fault{Kind: Refuse, Status: 502}, 0, func(t *testing.T, r reply) {
			if r.status != 502 || json.Valid([]byte(r.body)) {
				t.Errorf("%+v", r)
			}
		}},
		{"refuse 503", Fault{Kind: Refuse, Status: 503}, 0, func(t *testing.T, r reply) {
			if r.status != 503 || r.header.Get("Retry-After") != "" || !json.Valid([]byte(r.body)) {
				t.Errorf("%+v", r)
			}
		}},
		{"html", Fault{Kind: HTML}, 0, func(t *testing.T, r reply) {
			if r.status != 200 || r.header.Get("Content-Type") != "text/html" {
				t.Errorf("%+v", r)
			}
		}},
		{"part", Fault{Kind: Part, Keep: 2}, 2, func(t *testing.T, r reply) {
			wantStatuses(t, r, 201, 201, 429, 429, 429, 429)
		}},
		{"fewer", Fault{Kind: Fewer, Keep: 4}, 4, func(t *testing.T, r reply) {
			wantStatuses(t, r, 201, 201, 201, 201)
		}},
		{"items", Fault{Kind: Items, Item: func(pos int) int { return []int{0, 429, 400, 403, 404, 503}[pos] }}, 1, func(t *testing.T, r reply) {
			wantStatuses(t, r, 201, 429, 400, 403, 404, 503)
		}},
		{"cut", Fault{Kind: Cut}, n, func(t *testing.T, r reply) {
			if r.status != 200 || r.cut != nil || json.Valid([]byte(r.body)) {
				t.Errorf("%+v", r)
			}
		}},
		{"packed", Fault{Kind: Packed}, n, func(t *testing.T, r reply) { wantStatuses(t, r, 201, 201, 201, 201, 201, 201) }},
		{"drip", Fault{Kind: Drip}, n, func(t *testing.T, r reply) { wantStatuses(t, r, 201, 201, 201, 201, 201, 201) }},
		{"silence that ends", Fault{Kind: Silence, Hold: time.Millisecond}, 0, func(t *testing.T, r reply) {
			if r.err == nil {
				t.Error("there was an answer")
			}
		}},
		{"delay", Fault{Delay: time.Millisecond}, n, func(t *testing.T, r reply) { wantStatuses(t, r, 201, 201, 201, 201, 201, 201) }},
	}
}

func TestFaults(t *testing.T) {
	const n = 6
	index := func(m *MemoryStore) int { k, _ := m.Held(); return k }
	for _, c := range faultCases(n) {
		t.Run(c.name, func(t *testing.T) {
			s, store, url := start(t, WithFaults(Queue(c.fault)))
			c.check(t, send(t, t.Context(), url, n))
			if got := index(store); got != c.stored {
				t.Errorf("%d documents are stored, want %d", got, c.stored)
			}
			again := send(t, t.Context(), url, n) // the queue is empty now
			if again.status != 200 || index(store) != n {
				t.Errorf("after the fault: %d stored, %+v", index(store), again)
			}
			if st := s.Stats(); st.Requests != 2 || st.Faults != 1 || st.Documents != n {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

func wantStatuses(t *testing.T, r reply, want ...int) {
	t.Helper()
	got := statuses(t, r.body)
	if r.status != 200 || len(got) != len(want) {
		t.Fatalf("%d, items %v", r.status, got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("item %d is %d, want %d", i, got[i], want[i])
		}
	}
}

func TestSilenceEndsWithTheClient(t *testing.T) {
	met := make(chan struct{})
	_, store, url := start(t, WithFaults(func(Request) Fault {
		close(met)
		return Fault{Kind: Silence}
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-met
		cancel()
	}()
	if r := send(t, ctx, url, 1); !errors.Is(r.err, context.Canceled) {
		t.Errorf("%+v", r)
	}
	if n, _ := store.Held(); n != 0 {
		t.Errorf("%d documents are stored", n)
	}
}

func TestCloseEndsSilence(t *testing.T) {
	met := make(chan struct{}, 1)
	s, _, url := start(t, WithFaults(func(Request) Fault {
		met <- struct{}{}
		return Fault{Kind: Silence}
	}))
	go func() {
		<-met
		s.Close()
	}()
	if r := send(t, t.Context(), url, 1); r.err == nil {
		t.Errorf("%+v", r)
	}
}

// TestChaos: a client that sends again what was not answered for stores every
// document once.
func TestChaos(t *testing.T) {
	const n = 50
	_, store, url := start(t, WithFaults(Chaos(7, 0.7, time.Millisecond)))
	done := false
	for try := 0; try < 300 && !done; try++ {
		r := send(t, t.Context(), url, n)
		if r.err != nil || r.cut != nil || r.status != 200 || !json.Valid([]byte(r.body)) {
			continue
		}
		got := statuses(t, r.body)
		done = len(got) == n
		for _, st := range got {
			done = done && (st == 201 || st == 409)
		}
	}
	if !done {
		t.Fatal("no answer accounts for all documents")
	}
	if got := store.Count(".ds-logs-kubernetes.container_logs-default-" + time.Now().UTC().Format("2006.01.02") + "-000001"); got != n {
		t.Errorf("%d documents are stored", got)
	}
}

func TestChaosIsRepeatable(t *testing.T) {
	a, b := Chaos(3, 0.5, time.Second), Chaos(3, 0.5, time.Second)
	kinds := map[Kind]int{}
	for n := range int64(1000) {
		x, y := a(Request{Bulk: n}), b(Request{Bulk: n})
		if x.Kind != y.Kind || x.Status != y.Status || x.After != y.After || x.Delay != y.Delay {
			t.Fatalf("request %d: %+v, then %+v", n, x, y)
		}
		kinds[x.Kind]++
	}
	if kinds[None] < 400 || kinds[None] > 600 || len(kinds) != len(kindNames) {
		t.Errorf("%v", kinds)
	}
	if f := a(Request{Bulk: -1}); f.Kind != None {
		t.Error("a fault for what is not a bulk request")
	}
}

func TestForEndsSoLongAfterTheFirstBulkRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := For(time.Second, Fault{Kind: Refuse, Status: http.StatusTooManyRequests})
		time.Sleep(time.Hour) // nothing has come yet
		for _, c := range []struct {
			bulk int64
			wait time.Duration
			want Kind
		}{{-1, 0, None}, {0, 0, Refuse}, {1, 999 * time.Millisecond, Refuse}, {-1, 0, None}, {2, time.Millisecond, None}} {
			time.Sleep(c.wait)
			if got := plan(Request{Bulk: c.bulk}).Kind; got != c.want {
				t.Errorf("request %d: %v, want %v", c.bulk, got, c.want)
			}
		}
	})
}
