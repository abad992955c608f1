package elastic

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
)

var update = flag.Bool("update", false, "write the golden files")

type field struct {
	name string
	kind event.Kind
	val  string
}

// add adds a record with the given fields.
func add(b *event.Batch, r event.Record, fields ...field) {
	if r.Weight == 0 {
		r.Weight = 1
	}
	if r.Time.IsZero() {
		r.Time = testTime
	}
	r.ID = event.MakeID(r.Time.Millis(), event.SourceKey{Hi: 1, Lo: 2}, uint64(len(b.Recs)))
	b.Begin(r)
	for _, f := range fields {
		b.Add(b.KeyString(f.name), b.PutString(f.val, f.kind))
	}
}

func text(name, val string) field { return field{name, event.Text, val} }
func js(name, val string) field   { return field{name, event.JSON, val} }

// goldenBatch are the records of the golden files.
func goldenBatch(frag *event.Fragment, tag string) *event.Batch {
	b := &event.Batch{Stream: 7, Tag: tag, Shared: frag, Read: 1795340551e9}
	add(b, event.Record{Pos: 3673}, text("message", "GET / \"200\"\n"), text("stream", "stdout"), text("logtag", "F"))
	add(b, event.Record{Pos: 0, Flags: event.Truncated | event.Multiline | event.Partial, Weight: 5},
		text("log", "panic: \xff\n\tmain.go:1"), text("stream", "stderr"))
	add(b, event.Record{Pos: -1}, text("message", `{"level":"WARN",...}`),
		text("level", "WARN"), text("severity", "2"), text("logger", "main"), text("trace_id", "4bf92f35"), text("span_id", "00f067aa"),
		text("service", "cart"), text("service.version", "1.2"), text("error", "no route"), text("stack_trace", "at main\n"),
		js("http", `{"status":200,"path":"/"}`), js("took", "0.25"), js("logtag", `"Z"`))
	add(b, event.Record{Pos: 1}, js("message", `{"event":"login"}`), text("log", "the line"), text("msg", "other"),
		js("service", `{"name":"x"}`), text("@timestamp", "2020-01-01T00:00:00Z"), text("env", "mine"), text("kubernetes", "k"))
	add(b, event.Record{Pos: 2}, text("", "empty"), text("a..b", "dots"), text("_", "taken"), text("tag", "t"), text("_id", "7"),
		field{"packed", event.Msgp, string(msgp.AppendInt(msgp.AppendString(msgp.AppendMapHeader(nil, 1), "n"), 1))},
		js("broken", `{"a":`))
	add(b, event.Record{Pos: 3, Time: event.Time{Sec: maxSecond + 1}}, js("@timestamp", "null"))
	return b
}

// items returns the blocks' lines under their keys.
func items(bs *event.Blocks) []byte {
	var out bytes.Buffer
	for _, b := range bs.List {
		out.WriteString("# " + b.Key + "\n")
		out.Write(b.Body)
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	forwarded := &event.Fragment{Cluster: "kind", Node: "kind-control-plane", Fields: []event.Pair{
		{Name: "env", Value: "prod"},
		{Name: "log.level", Value: "info"},
		{Name: "host.name", Value: "other"},
		{Name: "service", Value: "a leaf"},
		{Name: "labels.tag", Value: "x"},
		{Name: "", Value: "nameless"},
	}}
	for _, c := range []struct {
		name, schema string
		frag         *event.Fragment
		tag          string
	}{
		{"ecs-container", "ecs", podFragment(), "kubernetes.x"},
		{"ecs-enriched", "ecs", enrichedFragment(), "kubernetes.x"},
		{"ecs-forward", "ecs", forwarded, "app.web"},
		{"ecs-bare", "ecs", nil, ""},
		{"fluentd-container", "fluentd", podFragment(), "kubernetes.x"},
		{"fluentd-enriched", "fluentd", enrichedFragment(), "kubernetes.x"},
		{"fluentd-forward", "fluentd", forwarded, "app.web"},
		{"fluentd-bare", "fluentd", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) { cfg.Schema = c.schema })
			got := items(encode(s, goldenBatch(c.frag, c.tag)))
			for line := range bytes.Lines(got) {
				if line[0] == '#' {
					continue
				}
				if err := strict(bytes.TrimSuffix(line, []byte("\n")), 0); err != nil {
					t.Error(err)
				}
			}
			path := filepath.Join("testdata", c.name+".ndjson")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("differs from %s, see -update:\n%s", path, got)
			}
		})
	}
}

func TestEncodeBlocks(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", nil)
	b := criBatch(4)
	b.Recs[1].State, b.Recs[2].State, b.Recs[3].Weight = event.Dropped, event.Failed, 9
	bs := encode(s, b)
	if len(bs.List) != 1 {
		t.Fatalf("%d blocks", len(bs.List))
	}
	blk := bs.List[0]
	if blk.Key != "logs-kubernetes.container_logs-default" {
		t.Errorf("block %+v", blk)
	}
	if blk.Len() != 2 || blk.IDs[1] != b.Recs[3].ID || blk.Weights[1] != 9 {
		t.Fatalf("items %v, weights %v", blk.IDs, blk.Weights)
	}
	for i := range 2 {
		action, doc, _ := bytes.Cut(blk.Item(i), []byte("\n"))
		if want := `{"create":{"_id":"` + blk.IDs[i].String() + `"}}`; string(action) != want {
			t.Errorf("action %s, want %s", action, want)
		}
		if bytes.Count(doc, []byte("\n")) != 1 || doc[len(doc)-1] != '\n' {
			t.Errorf("document %q", doc)
		}
	}
	s.Encode(bs, criBatch(1)) // a second batch joins the block
	if blk.Len() != 3 {
		t.Errorf("%d items after the second batch", blk.Len())
	}
	if encode(s, &event.Batch{}).List != nil {
		t.Error("a block for nothing")
	}
}

func TestEncodeServerIDs(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", func(c *Config) { c.IDs = "server" })
	if got := encode(s, criBatch(1)).List[0].Body; !bytes.HasPrefix(got, []byte("{\"create\":{}}\n{\"@timestamp\"")) {
		t.Errorf("got %.60s", got)
	}
}

func TestEncodeTimeOfRead(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", nil)
	b := &event.Batch{Read: 1795340551e9 + 7}
	b.Begin(event.Record{})
	if got := encode(s, b).List[0].Body; !bytes.Contains(got, []byte(`"@timestamp":"2026-11-22T09:42:31.000000007Z"`)) {
		t.Errorf("got %s", got)
	}
}

// A batch may have very many keys, and a pooled encoder must not confuse those
// of one batch with those of the next.
func TestEncodeKeysOfBatches(t *testing.T) {
	s := newSink(t, "http://127.0.0.1:1", nil)
	for _, name := range []string{"first", "second", "level", "message"} {
		b := &event.Batch{}
		add(b, event.Record{}, text(name, "v"))
		add(b, event.Record{}, text("other", "w"))
		var doc map[string]any
		_, line, _ := bytes.Cut(encode(s, b).List[0].Item(0), []byte("\n"))
		if err := json.Unmarshal(line, &doc); err != nil {
			t.Fatal(err)
		}
		inner, _ := doc["json"].(map[string]any)
		log, _ := doc["log"].(map[string]any)
		if inner[name] != "v" && log[name] != "v" && doc[name] != "v" {
			t.Errorf("%s: %s", name, line)
		}
	}
}

// A source that gives a key twice, against the contract, still makes valid JSON.
func TestEncodeRepeatedField(t *testing.T) {
	for _, schema := range []string{"ecs", "fluentd"} {
		s := newSink(t, "http://127.0.0.1:1", func(c *Config) { c.Schema = schema })
		b := &event.Batch{}
		add(b, event.Record{}, text("a", "1"), text("a", "2"), text("level", "x"), text("level", "y"), text("@timestamp", "1"), text("@timestamp", "2"))
		if got := strings.TrimSpace(string(encode(s, b).List[0].Body)); strict([]byte(strings.Split(got, "\n")[1]), 0) != nil {
			t.Errorf("%s: %s", schema, got)
		}
	}
}

func TestEncodeAllocates(t *testing.T) {
	if race {
		t.Skip("needs a build without the race detector")
	}
	for name, b := range map[string]*event.Batch{"cri": criBatch(1000), "forward": forwardBatch(1000)} {
		for _, schema := range []string{"ecs", "fluentd"} {
			s := newSink(t, "http://127.0.0.1:1", func(c *Config) { c.Schema = schema })
			w := newWarm()
			if n := testing.AllocsPerRun(50, func() { w.encode(s, b) }); n != 0 {
				t.Errorf("%s %s: %v allocations for a batch of 1000", schema, name, n)
			}
		}
	}
}
