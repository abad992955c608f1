package elastic

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// read reads an answer to its end and returns its items' statuses.
func read(r io.Reader, limit int64) (statuses []int, err error) {
	a := new(answer)
	for a.reset(r, limit); a.next(); {
		statuses = append(statuses, a.item.status)
	}
	return statuses, a.err
}

func TestAnswerErrors(t *testing.T) {
	good := `{"took":3,"x":{"y":[1,{"z":"]}"}]},"errors":false,"items":[{"create":{"_id":null,"status":201}} , {"index":{"status":200}}]}`
	if s, err := read(strings.NewReader(good+"\n"), 1<<20); err != nil || len(s) != 2 {
		t.Fatalf("%v, %v", s, err)
	}
	if s, err := read(iotest.OneByteReader(strings.NewReader(good)), 1<<20); err != nil || len(s) != 2 {
		t.Fatalf("byte by byte: %v, %v", s, err)
	}
	for n := range len(good) {
		if _, err := read(strings.NewReader(good[:n]), 1<<20); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	if _, err := read(strings.NewReader(good), 40); err != errLong {
		t.Errorf("beyond the limit: %v", err)
	}
	lost := errors.New("lost")
	if _, err := read(io.MultiReader(strings.NewReader(good[:50]), iotest.ErrReader(lost)), 1<<20); err != lost {
		t.Errorf("a lost connection: %v", err)
	}
	for in, want := range map[string]error{
		`<html><body>502</body></html>`:       errNoJSON,
		`[]`:                                  errNoJSON,
		`{}`:                                  errNoItems,
		`{"took":0}`:                          errNoItems,
		`{"error":{"type":"x"},"status":500}`: errNoItems,
		`{"items":{}}`:                        errNoJSON,
		`{"items":[]}x`:                       errNoJSON,
		`{"items":[],"items":[]}`:             errNoJSON,
		`{"items":[{}]}`:                      errNoJSON,
		`{"items":[{"create":{}}]}`:           errNoJSON,
		`{"items":[{"create":{"status":"201"}}]}`:           errNoJSON,
		`{"items":[{"create":{"status":2010}}]}`:            errNoJSON,
		`{"items":[{"create":{"status":99}}]}`:              errNoJSON,
		`{"items":[{"create":{"status":201.5}}]}`:           errNoJSON,
		`{"items":[{"create":{"status":201}}}`:              errNoJSON,
		`{"items":[{"create":{"status":201}},]}`:            errNoJSON,
		`{"items":[,{"create":{"status":201}}]}`:            errNoJSON,
		`{"items":[{"create":{"status":201}}{"a":1}]}`:      errNoJSON,
		`{"items":[{"create":{"status":201},"b":{}}]}`:      errNoJSON,
		`{"items":[{"create":{"status" 201}}]}`:             errNoJSON,
		`{"took":,"items":[]}`:                              errNoJSON,
		`{"took":1 "items":[]}`:                             errNoJSON,
		`{"took":"\x","items":[]}`:                          errNoJSON,
		"{\"took\":\x00,\"items\":[]}":                      errNoJSON,
		`{"a":[1}},"items":[]}`:                             errNoJSON,
		`{"items":[{"create":{"status":201}}]} {"x":1}`:     errNoJSON,
		"{\"items\":[{\"create\":{\"status\":201}}]}\n\x00": errNoJSON,
	} {
		if _, err := read(strings.NewReader(in), 1<<20); err != want {
			t.Errorf("%s: got %v, want %v", in, err, want)
		}
	}
}

// goodAnswer is what n stored documents are answered with.
func goodAnswer(n int) string {
	return `{"errors":false,"items":[` + strings.Repeat(`{"create":{"status":201}},`, n-1) + `{"create":{"status":201}}]}`
}

func TestAnswerAllocates(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", nil)
	body := goodAnswer(5000)
	c := chunkOf(5000)
	a := new(answer)
	r := strings.NewReader(body)
	n := testing.AllocsPerRun(20, func() {
		r.Reset(body)
		a.reset(r, 1<<20)
		if v, err := s.judge(a, c); err != nil || v.Accepted != 5000 {
			t.Fatal(v, err)
		}
	})
	if n > 2 {
		t.Errorf("%v allocations for 5000 good items", n)
	}
}

func BenchmarkAnswer(b *testing.B) {
	s := newSink(b, "http://127.0.0.1:1", nil)
	body := goodAnswer(5000)
	c := chunkOf(5000)
	a := new(answer)
	r := strings.NewReader(body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r.Reset(body)
		a.reset(r, 1<<20)
		_, _ = s.judge(a, c)
	}
}

func FuzzAnswer(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("testdata", "answers", "*.json"))
	for _, name := range files {
		p, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p, 3)
	}
	f.Add([]byte(goodAnswer(3)), 2)
	s := newSink(f, "http://127.0.0.1:1", nil)
	f.Fuzz(func(t *testing.T, p []byte, sent int) {
		sent = 1 + sent&7
		a := new(answer)
		a.reset(strings.NewReader(string(p)), 1<<20)
		v, err := s.judge(a, chunkOf(sent))
		if err == nil && !v.Counts(sent) {
			t.Fatalf("%d items sent, verdict %s", sent, summary(v))
		}
		var std struct {
			Items []map[string]struct{ Status int }
		}
		if err != nil || json.Unmarshal(p, &std) != nil {
			return
		}
		// What both can read they read alike. encoding/json joins repeated keys.
		got, _ := read(strings.NewReader(string(p)), 1<<20)
		if len(got) != len(std.Items) && strings.Count(strings.ToLower(string(p)), "items") == 1 {
			t.Fatalf("%d items, encoding/json reads %d", len(got), len(std.Items))
		}
	})
}
