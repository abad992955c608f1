package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent/fluent-logger-golang/fluent"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"sluice/agent"
	"sluice/conf"
	"sluice/forwarder/catalog"
	"sluice/forwarder/checkpoint"
)

// testURL is a real Elasticsearch; make test-elasticsearch sets it.
const testURL = "ELASTICSEARCH_TEST_URL"

// TestRealElasticsearch brings 100,000 lines by files and 100,000 records by
// the Go logger into a data stream of a real Elasticsearch and counts them there;
// then, after a rollover, reads the same files again without a checkpoint.
func TestRealElasticsearch(t *testing.T) {
	es := os.Getenv(testURL)
	if es == "" {
		t.Skipf("%s is not set: make test-elasticsearch starts a real Elasticsearch and sets it", testURL)
	}
	const lines, records, acked = 100_000, 100_000, 640
	dir := t.TempDir()
	index := fmt.Sprintf("sluice-test-%d", time.Now().UnixNano())
	call(t, http.MethodPut, es+"/_index_template/"+index, `{"index_patterns":["`+index+`"],"priority":500,"data_stream":{}}`)
	t.Cleanup(func() { call(t, http.MethodDelete, es+"/"+rollOver(t, es, index), "") })
	settings(t, dir, es, "index: "+index)

	newWriter(t, dir, 10).write(lines, rand.New(rand.NewPCG(1, 1)))
	a := startAgent(t, dir)
	logger(t, a.ForwardAddrs()[0], fluent.Config{Async: true, BufferLimit: records}, "app.async", 0, records)
	var clients sync.WaitGroup
	for c := range 64 { // each waits for its acknowledgement before it sends again
		clients.Go(func() {
			logger(t, a.ForwardAddrs()[0], fluent.Config{RequestAck: true, SubSecondPrecision: true}, "app.acked", records+c*acked/64, acked/64)
		})
	}
	clients.Wait()
	const all = lines + records + acked
	a.await(t, all)
	a.stop(t)
	if n := count(t, es, index); n != all {
		t.Fatalf("%d documents, want %d", n, all)
	}

	if err := os.Remove(filepath.Join(dir, "data", checkpoint.Name)); err != nil {
		t.Fatal(err)
	}
	old := rollOver(t, es, index)
	t.Cleanup(func() { call(t, http.MethodDelete, es+"/"+old, "") })
	a = startAgent(t, dir)
	a.await(t, lines)
	a.stop(t)
	if n := count(t, es, index); n != all {
		t.Fatalf("%d documents after reading the files again, want %d", n, all)
	}
}

// logger sends n numbered records by the official Go logger.
func logger(t *testing.T, addr string, cfg fluent.Config, tag string, from, n int) {
	host, port, _ := strings.Cut(addr, ":")
	cfg.FluentHost = host
	cfg.FluentPort, _ = strconv.Atoi(port)
	cfg.MarshalAsJSON = false
	l, err := fluent.New(cfg)
	if err != nil {
		t.Error(err)
		return
	}
	for i := range n {
		if err := l.Post(tag, map[string]any{"message": "logged", "number": from + i}); err != nil {
			t.Error(err)
			return
		}
	}
	if err := l.Close(); err != nil { // gives out what an asynchronous one still holds
		t.Error(err)
	}
}

// running is an agent in this process.
type running struct {
	*agent.Agent
	cancel context.CancelFunc
	ended  chan error
}

func startAgent(t *testing.T, dir string) *running {
	t.Helper()
	s := catalog.Default()
	if _, problems := conf.Load(conf.LoadOptions{File: filepath.Join(dir, "sluice.yaml"), Schema: s}); problems.Bad() {
		t.Fatal(problems)
	}
	s.Metrics.Listen = "127.0.0.1:0"
	s.Admin.Listen = "127.0.0.1:0"
	a, err := agent.New(s, agent.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{a, cancel, make(chan error, 1)}
	go func() { r.ended <- a.Run(ctx) }()
	return r
}

func (r *running) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
}

// await waits until Elasticsearch has answered for n source records, and
// refused none. The inputs' accounts would not do: a buffer on disk answers for
// a record before Elasticsearch does.
func (r *running) await(t *testing.T, n int) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Minute)
	for {
		out := r.outcomes(t)
		if out["rejected"]+out["dead_lettered"] != 0 {
			t.Fatalf("records were refused: %v", out)
		}
		if int(out["delivered"]+out["duplicate"]) >= n {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not all of %d records arrived: %v", n, out)
		}
	}
}

// outcomes are the output's records by what became of them.
func (r *running) outcomes(t *testing.T) map[string]float64 {
	t.Helper()
	res, err := http.Get("http://" + r.MetricsAddr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, m := range families["sluice_output_records_total"].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == "outcome" {
				out[l.GetValue()] += m.GetCounter().GetValue()
			}
		}
	}
	return out
}

func call(t *testing.T, method, url, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %v %s", method, url, res.Status, err, answer)
	}
	return answer
}

// rollOver gives the data stream a new index and returns the old one.
func rollOver(t *testing.T, es, stream string) string {
	t.Helper()
	var answer struct {
		Old string `json:"old_index"`
	}
	if err := json.Unmarshal(call(t, http.MethodPost, es+"/"+stream+"/_rollover", ""), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Old
}

func count(t *testing.T, es, index string) int {
	t.Helper()
	call(t, http.MethodPost, es+"/"+index+"/_refresh", "")
	var answer struct{ Count int }
	if err := json.Unmarshal(call(t, http.MethodGet, es+"/"+index+"/_count", ""), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Count
}
