package elastic

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/event"
)

var signalNames = [...]string{event.None: "none", event.Throttle: "throttle", event.TooLarge: "too large", event.Split: "split", event.Pause: "pause", event.Park: "park", event.Unsent: "unsent"}

// summary says a verdict in one line.
func summary(v event.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "accepted %d duplicate %d elsewhere %d", v.Accepted, v.Duplicate, v.Elsewhere)
	for _, i := range v.Retry {
		fmt.Fprintf(&b, " retry %d", i)
	}
	for _, r := range v.Reject {
		fmt.Fprintf(&b, " reject %d=%d %s", r.Item, r.Status, r.Type)
	}
	if v.Reason != "" || v.Signal != event.None {
		fmt.Fprintf(&b, " (%s: %s)", signalNames[v.Signal], v.Reason)
	}
	return b.String()
}

// chunkOf is n items of a few bytes.
func chunkOf(n int) *event.Chunk {
	b := &event.Block{Key: "x", Since: math.MaxInt64} // nobody sent it before
	for i := range n {
		b.Body = append(b.Body, "{\"create\":{}}\n{\"a\":1}\n"...)
		b.Close(event.MakeID(0, event.SourceKey{}, uint64(i)), 1)
	}
	return &event.Chunk{Key: "x", Blocks: []*event.Block{b}, Tries: 1}
}

// The answers are real servers': es8 8.19.21, es7 7.17.29, os3 OpenSearch 3.6.0.
func TestRecordedAnswers(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", nil)
	const none = "accepted 0 duplicate 0 elsewhere 0"
	for _, c := range []struct {
		file  string
		items int
		want  string
	}{
		{"es8-a01-mixed", 3, "accepted 1 duplicate 1 elsewhere 0 reject 1=400 document_parsing_exception"},
		{"os3-a01-mixed", 3, "accepted 1 duplicate 1 elsewhere 0 reject 1=400 mapper_parsing_exception"},
		{"es7-a01-mixed", 3, "accepted 1 duplicate 1 elsewhere 0 reject 1=400 mapper_parsing_exception"},
		{"es8-m08-strict", 1, none + " reject 0=400 strict_dynamic_mapping_exception"},
		{"es7-m08-strict", 1, none + " reject 0=400 strict_dynamic_mapping_exception"},
		{"es7-m09-immense-term", 1, none + " reject 0=400 illegal_argument_exception"},
		{"os3-m07-field-limit", 1, none + " reject 0=400 illegal_argument_exception"},
		{"es8-m12-source-duplicate-key", 2, "accepted 1 duplicate 0 elsewhere 0 reject 0=400 document_parsing_exception"},
		{"os3-m12-source-truncated", 2, "accepted 1 duplicate 0 elsewhere 0 reject 0=400 mapper_parsing_exception"},
		{"es8-a05-error-trace", 1, none + " reject 0=400 document_parsing_exception"},
		{"es8-d08-mapping-error", 1, none + " reject 0=400 document_parsing_exception"},
		{"es8-t02-block-read-only-allow-delete", 2, "accepted 1 duplicate 0 elsewhere 0 retry 0 (throttle: 429 cluster_block_exception)"},
		{"es8-t02-block-write", 2, "accepted 1 duplicate 0 elsewhere 0 retry 0 (park: 403 cluster_block_exception)"},
		{"es8-t03-closed", 1, none + " retry 0 (park: 400 index_closed_exception)"},
		{"es8-t04-shard-limit", 1, none + " retry 0 (park: 400 validation_exception)"},
		{"os3-t04-shard-limit", 1, none + " retry 0 (park: 400 validation_exception)"},
		{"es8-t04-auto-create-off", 2, "accepted 1 duplicate 0 elsewhere 0 retry 0 (park: 404 index_not_found_exception)"},
		{"es8-t05-alias-no-write-index", 1, none + " retry 0 (park: 400 illegal_argument_exception)"},
		{"es8-t01-name-upper", 1, none + " retry 0 (park: 400 invalid_index_name_exception)"},
		{"es7-t01-name-empty", 1, none + " retry 0 (none: 500 string_index_out_of_bounds_exception)"},
		{"es8-t07-no-primary", 1, none + " retry 0 (none: 503 unavailable_shards_exception)"},
		{"es8-d03-op-index", 1, none + " retry 0 (park: 400 illegal_argument_exception)"},
		{"es8-d05-routing", 1, none + " retry 0 (park: 400 illegal_argument_exception)"},
		{"es8-d06-backing-create", 1, none + " retry 0 (park: 400 illegal_argument_exception)"},
		{"es8-d11-failure-store", 5, "accepted 4 duplicate 1 elsewhere 3"},
		{"es8-d11-failure-store-op-index", 3, none + " retry 0 reject 1=400 document_parsing_exception reject 2=400 document_parsing_exception (park: 400 illegal_argument_exception)"},
		{"es8-a09-pipeline-missing-item", 2, "accepted 1 duplicate 0 elsewhere 0 retry 0 (park: 400 illegal_argument_exception)"},
		{"es8-a10-pipeline-illegal-argument", 1, none + " reject 0=400 illegal_argument_exception"},
		{"es8-a10-pipeline-runtime", 1, none + " retry 0 (none: 500 runtime_exception)"},
		{"os3-a10-pipeline-failing", 1, none + " retry 0 (none: 500 fail_processor_exception)"},
		{"es8-r11-missing-source-line", 2, "accepted 1 duplicate 0 elsewhere 0 retry 1 (none: missing_from_answer)"},
	} {
		f, err := os.Open(filepath.Join("testdata", "answers", c.file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a := new(answer)
		a.reset(f, 1<<20)
		chunk := chunkOf(c.items)
		v, err := s.judge(a, chunk)
		if err != nil || !v.Counts(c.items) {
			t.Errorf("%s: %v, %s", c.file, err, summary(v))
		}
		if got := summary(v); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.file, got, c.want)
		}
	}
}

func TestJudge(t *testing.T) {
	fixed := "accepted 0 duplicate 0 elsewhere 0"
	for _, c := range []struct {
		name, item string
		server     bool // ids
		tries      int
		want       string
	}{
		{"updated", `"status":200,"result":"noop"`, false, 1, "accepted 1 duplicate 0 elsewhere 0"},
		{"conflict without own ids", `"status":409,"error":{"type":"version_conflict_engine_exception"}`, true, 1, fixed + " reject 0=409 version_conflict_engine_exception"},
		{"busy", `"status":429,"error":{"type":"es_rejected_execution_exception"}`, false, 9, fixed + " retry 0 (throttle: 429 es_rejected_execution_exception)"},
		{"forbidden", `"status":403,"error":{"type":"security_exception"}`, false, 9, fixed + " retry 0 (park: 403 security_exception)"},
		{"pipeline", `"status":500,"error":{"type":"fail_processor_exception"}`, false, 4, fixed + " retry 0 (none: 500 fail_processor_exception)"},
		{"pipeline for long", `"status":500,"error":{"type":"fail_processor_exception"}`, false, 5, fixed + " reject 0=500 fail_processor_exception"},
		{"disk for long", `"status":500,"error":{"type":"i_o_exception"}`, false, 50, fixed + " retry 0 (none: 500 i_o_exception)"},
		{"shards for long", `"status":503,"error":{"type":"unavailable_shards_exception"}`, false, 50, fixed + " retry 0 (none: 503 unavailable_shards_exception)"},
		{"unknown 400", `"status":400,"error":{"type":"new_exception"}`, false, 1, fixed + " retry 0 (none: 400 new_exception)"},
		{"unknown 400 for long", `"status":400,"error":{"type":"new_exception"}`, false, 5, fixed + " reject 0=400 new_exception"},
		{"content in a type", `"status":400,"error":{"type":"Parsing <secret>"}`, false, 5, fixed + " reject 0=400 unknown"},
		{"failure store failed", `"status":400,"failure_store":"failed","error":{"type":"new_exception"}`, false, 1, fixed + " reject 0=400 new_exception"},
		{"set-up words in a document", `"status":400,"error":{"type":"illegal_argument_exception","reason":"can't merge [no write index is defined for alias []"}`, false, 1, fixed + " reject 0=400 illegal_argument_exception"},
		{"error as text", `"status":400,"error":"MapperParsingException"`, false, 5, fixed + " reject 0=400 unknown"},
		{"null error", `"status":201,"error":null`, false, 1, "accepted 1 duplicate 0 elsewhere 0"},
	} {
		s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) {
			if c.server {
				cfg.IDs = "server"
			}
		})
		a := new(answer)
		a.reset(strings.NewReader(`{"items":[{"create":{`+c.item+`}}]}`), 1<<20)
		chunk := chunkOf(1)
		chunk.Tries = c.tries
		v, err := s.judge(a, chunk)
		if got := summary(v); err != nil || got != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, err, got, c.want)
		}
	}
}

func TestRejectionWords(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", nil)
	a := new(answer)
	long := strings.Repeat("é", 2000)
	a.reset(strings.NewReader(`{"items":[{"create":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed \"x\" \u00e9\ud83c",`+
		`"caused_by":{"type":"t","reason":"why","caused_by":{"reason":"deeper"}}}}},{"create":{"status":400,"error":{"type":"parse_exception","reason":"`+long+`"}}}]}`), 1<<20)
	v, err := s.judge(a, chunkOf(2))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := v.Reject[0].Reason, "failed \"x\" é�: why"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := v.Reject[1].Reason; got != strings.Repeat("é", 256) {
		t.Errorf("%d bytes: %.20q", len(got), got)
	}
}
