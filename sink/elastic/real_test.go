package elastic

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"testing"
	"time"

	"sluice/event"
)

// What a real server makes of documents that are changed.
func TestRealElasticsearchUpdates(t *testing.T) {
	url := os.Getenv("ELASTICSEARCH_TEST_URL")
	if url == "" {
		t.Skip("ELASTICSEARCH_TEST_URL is not set: make test-elasticsearch starts a real Elasticsearch and sets it")
	}
	index := fmt.Sprintf("sluice-updates-%d", time.Now().UnixNano())
	t.Cleanup(func() { ask(t, http.MethodDelete, url+"/"+index) })
	none := "accepted 0 duplicate 0 elsewhere 0 reject 0="
	for n, step := range []struct {
		write, field, value string
		want                string
		doc                 map[string]any // "a" behind it
	}{
		{"update", "n", "0", none + "404 document_missing_exception", nil},
		{"upsert", "n", "1", "accepted 1 duplicate 0 elsewhere 0", map[string]any{"id": "a", "n": 1.0}},
		{"upsert", "m", "2", "accepted 1 duplicate 0 elsewhere 0", map[string]any{"id": "a", "n": 1.0, "m": 2.0}},
		{"update", "n", "3", "accepted 1 duplicate 0 elsewhere 0", map[string]any{"id": "a", "n": 3.0, "m": 2.0}},
		{"update", "n", "3", "accepted 1 duplicate 0 elsewhere 0", map[string]any{"id": "a", "n": 3.0, "m": 2.0}}, // a repeat
		{"create", "n", "4", none + "409 version_conflict_engine_exception", map[string]any{"id": "a", "n": 3.0, "m": 2.0}},
		{"index", "n", "5", "accepted 1 duplicate 0 elsewhere 0", map[string]any{"id": "a", "n": 5.0}},
	} {
		s := newSink(t, url, func(cfg *Config) {
			cfg.Schema, cfg.Index, cfg.Like = "fluentd", index, Like{Theirs: Theirs{IDKey: "id", Write: step.write}}
		})
		b := &event.Batch{}
		b.Begin(event.Record{Time: testTime, Weight: 1, ID: event.MakeID(1, event.SourceKey{Hi: 1}, uint64(n))})
		b.Add(b.KeyString("id"), b.PutString("a", event.Text))
		b.Add(b.KeyString(step.field), b.PutString(step.value, event.JSON))
		v, err := s.Deliver(t.Context(), &event.Chunk{Key: index, Blocks: encode(s, b).List, Tries: 1})
		if got := summary(v); err != nil || got != step.want {
			t.Errorf("step %d: %s, %v, want %s", n, got, err, step.want)
		}
		if doc := ask(t, http.MethodGet, url+"/"+index+"/_doc/a?filter_path=_source")["_source"]; step.doc != nil && !reflect.DeepEqual(doc, any(step.doc)) {
			t.Errorf("step %d: the document is %v, want %v", n, doc, step.doc)
		}
	}
}

func ask(t *testing.T, method, url string) (answer map[string]any) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
