package agent_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/sink/elastictest"
)

// keptStore keeps the documents, by target and id.
type keptStore struct {
	*elastictest.CountStore
	mu   sync.Mutex
	docs map[string]string
	grew chan struct{}
}

func newKeptStore() *keptStore {
	return &keptStore{CountStore: elastictest.NewCountStore(), docs: map[string]string{}, grew: make(chan struct{}, 1)}
}

// backing is the day in the name of a data stream's backing index.
var backing = regexp.MustCompile(`\d{4}\.\d\d\.\d\d`)

func (s *keptStore) Create(docs []elastictest.Doc, created []bool) {
	s.CountStore.Create(docs, created)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range docs {
		s.docs[backing.ReplaceAllString(d.Index, "DAY")+" "+string(d.ID)] = string(d.Source)
	}
	select {
	case s.grew <- struct{}{}:
	default:
	}
}

// wait returns the documents when there are n.
func (s *keptStore) wait(t *testing.T, n int) map[string]string {
	t.Helper()
	late := time.After(3 * time.Minute)
	for {
		s.mu.Lock()
		docs := maps.Clone(s.docs)
		s.mu.Unlock()
		if len(docs) >= n {
			return docs
		}
		select {
		case <-s.grew:
		case <-late:
			t.Fatalf("%d of %d documents are stored", len(docs), n)
		}
	}
}

// containerLines are lines of every kind, which make nine documents.
func containerLines() string {
	var b strings.Builder
	line := 0
	add := func(stream, tag, text string) {
		line++
		fmt.Fprintf(&b, "2026-11-22T12:00:00.%09dZ %s %s %s\n", line, stream, tag, text)
	}
	add("stdout", "F", "plain text with \"quotes\" and ünïcode")
	add("stderr", "F", "an error")
	add("stdout", "F", `{"level":"WARN","msg":"in JSON","user":{"id":7,"roles":["a","b"],"ok":true},"took":1.5,"none":null,"more":{"x":1.0,"y":-0.1,"z":"ü\n","w":18446744073709551615}}`)
	add("stdout", "P", "a line that the runtime ")
	add("stdout", "F", "wrote in two parts")
	add("stdout", "F", "long "+strings.Repeat("x", 5000))
	add("stdout", "F", "Exception in thread \"main\" java.lang.IllegalStateException: broken")
	add("stdout", "F", "\tat com.example.Web.main(Web.java:7)")
	add("stdout", "F", "\tat com.example.Web.run(Web.java:9)")
	add("stdout", "F", "behind the trace")
	add("stdout", "F", `{"kubernetes":"the record's own","docker":{"container_id":"x"}}`)
	add("stdout", "F", "the last line")
	return b.String()
}

// TestTheSameDocumentThroughAnAggregator ships one container's file by an agent
// that writes to Elasticsearch itself, and by the same agent through an
// aggregator: the documents are the same to the byte.
func TestTheSameDocumentThroughAnAggregator(t *testing.T) {
	const n = 9
	for _, schema := range []string{"ecs", "fluentd"} {
		for _, mode := range []string{"packed", "forward"} {
			t.Run(schema+" "+mode, func(t *testing.T) {
				p := newPair(t)
				w := newWriter(t, p.front, 1)
				if _, err := w.files[0].WriteString(containerLines()); err != nil {
					t.Fatal(err)
				}
				es := fmt.Sprintf("schema: %s, ", schema)
				agentSettings := fmt.Sprintf(`
inputs:
  containers: { path: "%s/containers/*.log", refresh_interval: 200ms, max_line: 1KiB }
  forward: { listen: [] }
cluster: berlin
fields: [{ name: env, value: prod }]
filters: [{ type: parser, key_name: message, reserve_data: true, emit_invalid_record_to_error: false, parse: { type: json } }]
`, p.front)

				direct := newKeptStore()
				alone := t.TempDir()
				p.write(alone, agentSettings+fmt.Sprintf(`elasticsearch: { %s urls: ["%s"] }`, es, serve(t, direct)))
				stop := launch(t, alone)
				want := direct.wait(t, n)
				stop()

				through := newKeptStore()
				host, port, _ := strings.Cut(p.addr, ":")
				p.write(p.front, agentSettings+fmt.Sprintf(`
output: forward
forward: { servers: [{ host: "%s", port: %s }], metadata: option, mode: %s }
`, host, port, mode))
				p.write(p.back, fmt.Sprintf(`
inputs:
  containers: { path: "" }
  forward: { listen: ["%s"] }
elasticsearch: { %s urls: ["%s"] }
`, p.addr, es, serve(t, through)))
				launch(t, p.back)
				launch(t, p.front)
				got := through.wait(t, n)

				if len(want) != n || len(got) != n {
					t.Errorf("%d documents directly, %d through the aggregator, want %d", len(want), len(got), n)
				}
				for id, doc := range want {
					if got[id] != doc {
						t.Errorf("%s\ndirectly %.600s\nthrough  %.600s", id, doc, got[id])
					}
				}
				all := fmt.Sprint(want)
				for _, part := range []string{"web-0", "shop", "berlin", `"env":"prod"`} {
					if !strings.Contains(all, part) {
						t.Errorf("%s is in no document", part)
					}
				}
				if schema == "ecs" && (!strings.Contains(all, `"flags":["truncated"]`) || !strings.Contains(all, `"flags":["multiline"]`) || !strings.Contains(all, `"offset":`)) {
					t.Error("the flags and offsets are not looked at")
				}
			})
		}
	}
}
