package filter

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"sluice/event"
)

func TestPrometheus(t *testing.T) {
	reg := prometheus.NewRegistry()
	cfg := PrometheusConfig{
		Registry: reg, Labels: []event.Pair{{Name: "tag", Value: "${tag_parts[3]}"}, {Name: "worker", Value: "${worker_id}"}},
		Metric: []MetricConfig{
			{Name: "requests_total", Type: "counter", Desc: "Requests.", Labels: []event.Pair{{Name: "method", Value: "$.req.method"}, {Name: "path", Value: `${record["path"]}!`}, {Name: "own", Value: `${path}/${req["method"]}/${tag}`}}},
			{Name: "bytes_total", Type: "counter", Desc: "Bytes.", Key: "size"},
			{Name: "load", Type: "gauge", Desc: "Load.", Key: "$.req.load"},
			{Name: "seconds", Type: "histogram", Desc: "Time.", Key: "took", Buckets: []string{"0.1", " 1"}},
			{Name: "sum", Type: "summary", Desc: "Sum.", Key: "took"},
		},
	}
	f, err := NewPrometheus(cfg)
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewPrometheus(cfg) // another filter with the same metrics
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*Prometheus{f, again} {
		one.Apply(batch(t, `{"req":{"method":"GET","load":0.5},"path":"a","size":"10","took":0.05}`, `{"req":{"method":"GET","load":2},"path":"a","size":-1,"took":5}`, `{"took":"x"}`))
		one.Apply(packed(t, `{"req":{"method":"PUT"},"path":"b","size":1.5,"took":0.5}`))
	}
	want := `# HELP bytes_total Bytes.
# TYPE bytes_total counter
bytes_total{tag="app",worker="0"} 23
# HELP load Load.
# TYPE load gauge
load{tag="app",worker="0"} 2
# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{method="",own="//kubernetes.var.log.app",path="!",tag="app",worker="0"} 2
requests_total{method="GET",own="a/GET/kubernetes.var.log.app",path="a!",tag="app",worker="0"} 4
requests_total{method="PUT",own="b/PUT/kubernetes.var.log.app",path="b!",tag="app",worker="0"} 2
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{tag="app",worker="0",le="0.1"} 2
seconds_bucket{tag="app",worker="0",le="1"} 4
seconds_bucket{tag="app",worker="0",le="+Inf"} 6
seconds_sum{tag="app",worker="0"} 11.1
seconds_count{tag="app",worker="0"} 6
# HELP sum Sum.
# TYPE sum summary
sum_sum{tag="app",worker="0"} 11.1
sum_count{tag="app",worker="0"} 6
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	together(t, f, `{"req":{"method":"GET"}}`)
}

func TestPrometheusIsBounded(t *testing.T) {
	reg := prometheus.NewRegistry()
	f, err := NewPrometheus(PrometheusConfig{Registry: reg, Metric: []MetricConfig{{Name: "x", Type: "counter", Desc: "x", Labels: []event.Pair{{Name: "id", Value: "$.id"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxSeries/100 + 5 {
		objects := make([]string, 100)
		for j := range objects {
			objects[j] = fmt.Sprintf(`{"id":%d}`, i*100+j)
		}
		f.Apply(batch(t, objects...))
	}
	if n, err := testutil.GatherAndCount(reg, "x"); err != nil || n != maxSeries {
		t.Errorf("%d series, %v", n, err)
	}
}

func TestPrometheusRefuses(t *testing.T) {
	reg := prometheus.NewRegistry()
	for field, m := range map[string]MetricConfig{
		"metric[0].key":     {Name: "a", Type: "gauge", Desc: "x"},
		"metric[0].labels":  {Name: "a", Type: "counter", Desc: "x", Labels: []event.Pair{{Name: "a-b", Value: "x"}}},
		"metric[0].buckets": {Name: "a", Type: "histogram", Desc: "x", Key: "k", Buckets: []string{"2", "1"}},
		"metric[0].name":    {Name: "a b", Type: "counter", Desc: "x", Labels: []event.Pair{{Name: "c", Value: "\xff"}}},
	} {
		if field == "metric[0].name" {
			reg.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "taken", Help: "other"}))
			m.Name, m.Labels = "taken", nil
		}
		_, err := NewPrometheus(PrometheusConfig{Registry: reg, Metric: []MetricConfig{m}})
		refused(t, err, field, "")
	}
}
