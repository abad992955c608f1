package elastic

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/event"
	"sluice/sink/elastictest"
)

const rolling = "logs-shop-default"

// streamChunk is n records for a data stream, of which the oldest happened at since.
func streamChunk(n int, since time.Time) *event.Chunk {
	b := &event.Block{Key: rolling, Since: since.UnixNano()}
	for i := range n {
		id := event.MakeID(0, event.SourceKey{Hi: 5}, uint64(i))
		b.Body = fmt.Appendf(b.Body, "{\"create\":{\"_id\":\"%s\"}}\n{\"@timestamp\":1,\"n\":%d}\n", id, i)
		b.Close(id, 1)
	}
	return &event.Chunk{Key: rolling, Blocks: []*event.Block{b}}
}

// deliver sends until every item is answered for, as a lane does.
func deliver(t *testing.T, s *Sink, c *event.Chunk) (accepted, duplicate uint32) {
	t.Helper()
	for range 10 {
		if c.Tries++; c.Len() == 0 {
			return accepted, duplicate
		}
		v, err := s.Deliver(t.Context(), c)
		if err != nil {
			continue
		}
		if len(v.Reject) > 0 || !v.Counts(c.Len()) {
			t.Fatalf("%d items: %s", c.Len(), summary(v))
		}
		accepted, duplicate = accepted+v.Accepted, duplicate+v.Duplicate
		c.Keep(v.Retry, func(*event.Block) {})
	}
	t.Fatalf("%d items were never answered for", c.Len())
	return 0, 0
}

// Whatever became of a first request, and whoever sent it: what it stored is not
// stored again after a rollover.
func TestNothingIsStoredTwiceOverARollover(t *testing.T) {
	const n = 5
	long := time.Now().Add(-time.Hour)
	for name, first := range map[string]elastictest.Fault{
		"no answer":      {Kind: elastictest.Vanish},
		"half an answer": {Kind: elastictest.Cut},
		"some items":     {Kind: elastictest.Fewer, Keep: 2},
		"nothing stored": {Kind: elastictest.Refuse, Status: 503},
		"a proxy's word": {Kind: elastictest.Refuse, Status: 504},
		"another life":   {}, // stored, answered, and forgotten by a kill
	} {
		t.Run(name, func(t *testing.T) {
			store := elastictest.NewMemoryStore(elastictest.MemoryLimits{})
			server := elastictest.New(store)
			web := httptest.NewServer(server)
			defer web.Close()
			defer server.Close()
			s := newSink(t, web.URL, nil)
			s.doubt.until.Store(0) // it has been running for long
			server.SetFaults(func(r elastictest.Request) elastictest.Fault {
				if r.Bulk == 0 {
					return first
				}
				return elastictest.Fault{}
			})
			if v, err := s.Deliver(t.Context(), streamChunk(n, long)); err == nil && v.Duplicate > 0 {
				t.Fatalf("the first time: %s", summary(v))
			}
			stored, _ := store.Held()
			if stored > 0 {
				if err := server.Rollover(rolling); err != nil {
					t.Fatal(err)
				}
			}
			if name == "another life" {
				s = newSink(t, web.URL, nil)
			}
			accepted, duplicate := deliver(t, s, streamChunk(n, long))
			if now, _ := store.Held(); now != n || int(accepted) != n-stored || int(duplicate) != stored {
				t.Errorf("%d stored at first; then %d accepted, %d there already; %d documents", stored, accepted, duplicate, now)
			}
		})
	}
}

// Where nothing is in doubt no question is asked: one request is all.
func TestWhatIsNotInDoubtIsNotAskedFor(t *testing.T) {
	var paths []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.Method+" "+r.URL.Path)
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasSuffix(r.URL.Path, "_bulk") {
			_, _ = io.WriteString(w, goodAnswer(2))
		} else {
			_, _ = io.WriteString(w, `{"logs-shop-default":{"settings":{"index.creation_date":"1"}}}`)
		}
	}, nil)
	for _, c := range []struct {
		since time.Time
		want  string
	}{
		{time.Now().Add(2 * grace), "POST /logs-shop-default/_bulk"},
		{time.Now(), "GET /logs-shop-default/_settings/index.creation_date, POST /logs-shop-default/_bulk"}, // no rollover: no more than that
	} {
		paths = nil
		if v, err := s.Deliver(t.Context(), streamChunk(2, c.since)); err != nil || v.Accepted != 2 {
			t.Fatalf("%v, %s", err, summary(v))
		}
		if got := strings.Join(paths, ", "); got != c.want {
			t.Errorf("asked %s, want %s", got, c.want)
		}
	}
}

// A question that is not answered: what passes is met as if the records had been
// refused, what does not pass is no reason to keep them.
func TestAQuestionThatIsNotAnswered(t *testing.T) {
	const refused, sent = `{"error":{"type":"security_exception","reason":"r"}}`, "accepted 2 duplicate 0 elsewhere 0"
	for _, c := range []struct {
		status       int
		answer, want string
	}{
		{401, refused, "accepted 0 duplicate 0 elsewhere 0 retry 0 retry 1 (pause: 401 security_exception)"},
		{429, refused, "accepted 0 duplicate 0 elsewhere 0 retry 0 retry 1 (throttle: 429 security_exception)"},
		{503, refused, "accepted 0 duplicate 0 elsewhere 0 retry 0 retry 1 (throttle: 503 security_exception)"},
		{403, refused, sent},
		{404, refused, sent},
		{405, refused, sent},
		{200, `{"name":"n","version":{"number":"8.19.0"}}`, sent},
		{200, `{"x":{"settings":{}}}`, sent},
		{200, `<html>sign in</html>`, sent},
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if strings.HasSuffix(r.URL.Path, "_bulk") {
				_, _ = io.WriteString(w, goodAnswer(2))
				return
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.answer)
		}, nil)
		v, err := s.Deliver(t.Context(), streamChunk(2, time.Now()))
		if got := summary(v); err != nil || got != c.want {
			t.Errorf("%d %s: %v\n got %s\nwant %s", c.status, c.answer, err, got, c.want)
		}
	}
	s := serve(t, answering(200, `{"x":{"settings":`), nil) // cut
	if v, err := s.Deliver(t.Context(), streamChunk(2, time.Now())); err == nil {
		t.Errorf("half an answer: %s", summary(v))
	}
}
