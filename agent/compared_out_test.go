package agent_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// bulkRecorder stands in the place of an Elasticsearch that takes everything.
// It is not strict: other tests see to it that what is sent is right.
type bulkRecorder struct {
	mu   sync.Mutex
	list []string
}

func (r *bulkRecorder) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

func (r *bulkRecorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	text, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !strings.HasSuffix(req.URL.Path, "/_bulk") {
		fmt.Fprint(w, `{"name":"n","cluster_name":"c","cluster_uuid":"u","version":{"number":"8.19.0","build_flavor":"default"},"tagline":"You Know, for Search"}`)
		return
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	var items []string
	for i := 0; i+1 < len(lines); i += 2 {
		r.take(req.URL, lines[i], lines[i+1])
		items = append(items, `{"`+actionOf(lines[i])+`":{"_index":"i","_id":"1","_version":1,"result":"created","_seq_no":0,"_primary_term":1,"status":201,"_shards":{"total":1,"successful":1,"failed":0}}}`)
	}
	fmt.Fprintf(w, `{"took":1,"errors":false,"items":[%s]}`, strings.Join(items, ","))
}

func actionOf(line []byte) string {
	var action map[string]json.RawMessage
	_ = json.Unmarshal(line, &action)
	for name := range action {
		return name
	}
	return "create"
}

// take notes a document: its index and, as it is, the document. Ids that are
// Sluice's own, and that it creates where Fluentd indexes, are no difference.
func (r *bulkRecorder) take(at *url.URL, action, doc []byte) {
	var meta map[string]struct {
		Index    string `json:"_index"`
		Pipeline string `json:"pipeline"`
		Routing  string `json:"routing"`
	}
	_ = json.Unmarshal(action, &meta)
	m := meta[actionOf(action)]
	where := "index " + cmp.Or(m.Index, strings.Trim(strings.TrimSuffix(at.Path, "_bulk"), "/"))
	if pipeline := cmp.Or(m.Pipeline, at.Query().Get("pipeline")); pipeline != "" {
		where += " pipeline " + pipeline
	}
	if m.Routing != "" {
		where += " routing " + m.Routing
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, where+": "+inUTC(canonical(string(doc))))
}

// inUTC writes the @timestamp in UTC: Elasticsearch keeps the instant alone.
func inUTC(doc string) string {
	return stamp.ReplaceAllStringFunc(doc, func(field string) string {
		at, err := time.Parse(time.RFC3339Nano, strings.Split(field, `"`)[3])
		if err != nil {
			return field
		}
		return `"@timestamp":"` + at.UTC().Format("2006-01-02T15:04:05.000000000Z") + `"`
	})
}

var stamp = regexp.MustCompile(`"@timestamp":"[^"]*"`)

// canonical is a line with the names of its JSON object, if it has one, sorted,
// and its numbers written one way: 1 and 1.0 differ, 1.0 and 1e0 do not.
func canonical(line string) string {
	at := strings.IndexByte(line, '{')
	if at < 0 {
		return line
	}
	dec := json.NewDecoder(strings.NewReader(line[at:]))
	dec.UseNumber()
	var v map[string]any
	if err := dec.Decode(&v); err != nil || dec.InputOffset() != int64(len(line)-at) {
		return line
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plainNumbers(v)); err != nil {
		return line
	}
	return line[:at] + strings.TrimSuffix(out.String(), "\n")
}

// plainNumbers writes the numbers of a value as the shortest text that is one.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		switch {
		case err != nil:
		case v == "-0":
			return json.Number("0")
		case strings.ContainsAny(string(v), ".eE"):
			return json.Number(strconv.FormatFloat(f, 'e', -1, 64))
		}
	case map[string]any:
		for name := range v {
			v[name] = plainNumbers(v[name])
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	}
	return v
}

// instant is a time in full.
var instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)`)

// withoutNow writes NOW for times of the present: a record without a time of
// its own has the one at which it was read.
func withoutNow(line string) string {
	return instant.ReplaceAllStringFunc(line, func(text string) string {
		for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
			if at, err := time.Parse(form, text); err == nil && time.Since(at).Abs() < time.Hour {
				return "NOW"
			}
		}
		return text
	})
}

// lines are what came out, sorted: of files by their names, of Elasticsearch
// by the index. The case's own directory and ports are DIR and PORT.
func (c *compared) lines(t *testing.T) (list []string) {
	t.Helper()
	root := filepath.Join(c.work, "out")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.Contains(path, "/buffer") || strings.HasSuffix(path, ".meta") || strings.HasSuffix(path, ".lock") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".gz") {
			if text, err = gunzip(text); err != nil {
				return nil // it is being written
			}
		}
		name := strings.TrimPrefix(path, root+"/")
		for _, line := range splitLines(text) {
			list = append(list, name+": "+canonical(line))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	list = append(list, c.es.taken()...)
	names := strings.NewReplacer(c.work, "/DIR", strings.ReplaceAll(strings.TrimPrefix(c.work, "/"), "/", "."), "DIR")
	for i := range list {
		list[i] = withoutNow(names.Replace(list[i]))
	}
	slices.Sort(list)
	return list
}

func gunzip(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
