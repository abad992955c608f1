package main

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/event"
	"sluice/forwarder/deadletter"
	"sluice/sink/elastictest"
)

// letterDir is a data directory with what an output refused: the second
// document twice, as after a crash; and bytes of an input.
func letterDir(t *testing.T) (data string, ids []string) {
	t.Helper()
	data = t.TempDir()
	s, err := deadletter.Open(deadletter.Dir(data), deadletter.DefaultConfig(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := &event.Block{Key: "logs-app-default", Tag: "app"}
	for i := range 3 {
		id := event.MakeID(1, event.SourceKey{Hi: 7, Lo: 7}, uint64(i+100))
		ids = append(ids, id.String())
		b.Body = fmt.Appendf(b.Body, "{\"create\":{\"_id\":%q}}\n{\"@timestamp\":\"2026-01-02T03:04:05Z\",\"message\":\"m%d \\u001b\"}\n", id.String(), i)
		b.Close(id, 1)
	}
	c := &event.Chunk{Key: b.Key, Blocks: []*event.Block{b}}
	for _, r := range [][]event.Rejection{
		{{Item: 0, Status: 400, Type: "document_parsing_exception", Reason: "bad \x1b[31m field"}, {Item: 1, Status: 400, Type: "first"}},
		{{Item: 1, Status: 400, Type: "second"}, {Item: 2, Status: 413, Type: "too_large"}},
	} {
		if err := s.Put("elasticsearch", c, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PutRaw("forward", "10.0.0.9", "x", "compression", "why", []byte("\x1f\x8b")); err != nil {
		t.Fatal(err)
	}
	return data, ids
}

func TestDeadLetters(t *testing.T) {
	data, ids := letterDir(t)
	store := elastictest.NewMemoryStore(elastictest.MemoryLimits{})
	refuse := elastictest.Fault{Kind: elastictest.Items, Item: elastictest.At(400, 0)}
	server := elastictest.New(store, elastictest.WithFaults(elastictest.Queue(refuse)))
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "s.yaml")
	settings := []string{file, fmt.Sprintf("data_dir: %s\nelasticsearch: { urls: [%q] }\n", data, web.URL)}
	letters := func(want int, args ...string) (out, errOut string) {
		t.Helper()
		status, out, errOut := in(t, sluice(), settings, append([]string{"dead-letters"}, args...)...)
		if status != want {
			t.Fatalf("%q: status %d, want %d\n%s%s", args, status, want, out, errOut)
		}
		return out, errOut
	}

	out, _ := letters(0, "ls", "--data-dir", data)
	lines := strings.Split(out, "\n")
	if len(lines) != 6 || !strings.Contains(lines[0], "FIRST SEEN") || !strings.Contains(lines[1], `bad \x1b[31m field`) || !strings.Contains(lines[2], "second") {
		t.Fatalf("%s", out)
	}
	if f := strings.Fields(lines[2]); f[0] != "1-3" || f[2] != "2" || f[5] != ids[1] {
		t.Fatalf("%q", f)
	}
	if out, _ := letters(0, "ls", "--config", file, "--reason", "LARGE", "--format", "json"); strings.Count(out, "\n") != 1 || !strings.Contains(out, `"id":"`+ids[2]) || strings.Contains(out, "m2") {
		t.Fatalf("%s", out)
	}
	if out, _ := letters(0, "ls", "--config", file, "--until", "1h"); out != "" {
		t.Fatalf("%s", out)
	}
	if out, _ := letters(0, "show", ids[1], "--config", file); !strings.Contains(out, "2 times in all") || !strings.Contains(out, `"message":"m1 `) {
		t.Fatalf("%s", out)
	}
	if out, _ := letters(0, "show", "1-5", "--config", file, "--format", "json"); !strings.Contains(out, `"item_base64":"H4s="`) {
		t.Fatalf("%s", out)
	}
	if _, errOut := letters(1, "show", "9-9", "--config", file); !strings.Contains(errOut, "no such letter") {
		t.Fatal(errOut)
	}

	for _, args := range []string{"drop", "replay", "replay --all --id x", "ls --since soon", "ls --index [", "show", "", "ls --format xml"} {
		letters(2, strings.Fields(args)...)
	}

	// The first of the request's documents is refused once more.
	out, errOut := letters(1, "replay", "--config", file, "--index", "logs-app-*")
	if out != "3 sent, 1 refused again\n" || !strings.Contains(errOut, "letter 1-1 is refused again: 400") {
		t.Fatalf("%s%s", out, errOut)
	}
	if out, _ := letters(1, "replay", "--config", file, "--all", "--format", "json"); out != `{"sent":1,"refused":0,"failed":0,"raw":1,"unknown":0}`+"\n" {
		t.Fatal(out)
	}
	holdsOnce(t, store, ids)
	if out, _ := letters(0, "drop", "1-5", "--config", file); out != "1 dropped\n" {
		t.Fatal(out)
	}
	if _, errOut := letters(0, "ls", "--config", file); errOut != "no dead letters\n" {
		t.Fatal(errOut)
	}
}

// holdsOnce checks that the store has these documents, and nothing else.
func holdsOnce(t *testing.T, store *elastictest.MemoryStore, ids []string) {
	t.Helper()
	if n, _ := store.Held(); n != len(ids) {
		t.Fatalf("%d documents are stored, want each of %d once", n, len(ids))
	}
	for _, id := range ids {
		found := false
		store.Scan(time.Time{}, time.Time{}, func(d elastictest.Doc) bool { found = found || string(d.ID) == id; return true })
		if !found {
			t.Errorf("document %s is not stored", id)
		}
	}
}
