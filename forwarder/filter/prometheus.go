package filter

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
)

// PrometheusConfig is fluent-plugin-prometheus' filter: metrics made of
// records.
type PrometheusConfig struct {
	Metric []MetricConfig `conf:"metric"`
	Labels []event.Pair   `conf:"labels,map"` // of all metrics

	// Registry is where the metrics are.
	Registry prometheus.Registerer
}

// MetricConfig is one metric. A label's value is a text with record_transformer's
// placeholders, or a record accessor: $.a.b.
type MetricConfig struct {
	Name    string       `conf:"name,required"`
	Type    string       `conf:"type,required,oneof=counter|gauge|histogram|summary"`
	Desc    string       `conf:"desc,required"`
	Key     string       `conf:"key"`     // the field with the value; a counter without one counts records
	Buckets []string     `conf:"buckets"` // of a histogram
	Labels  []event.Pair `conf:"labels,map"`
}

// DefaultPrometheusConfig has no metrics.
func DefaultPrometheusConfig() PrometheusConfig { return PrometheusConfig{} }

// maxSeries bounds the combinations of labels of one metric: records must not
// fill the memory. Beyond it new combinations are not counted.
const maxSeries = 10000

// Prometheus counts and measures records; it does not change them.
type Prometheus struct {
	mu      sync.Mutex
	metrics []*metric
	text    []byte
}

// metric is one metric with the series that records made so far.
type metric struct {
	key    *accessor // nil: 1
	labels []template
	reads  int // record parts of labels
	make   func(labels ...string) (func(v float64), error)
	series map[string]func(v float64)
	// Of the batch at hand:
	value   reader
	readers []reader
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// bareField is a placeholder of the plug-in's: ${name}, ${name["key"]}, ${name[0]}.
var bareField = regexp.MustCompile(`\$\{([A-Za-z_@][^\[\]{}"' ]*)((?:\[[^\[\]{}]+\])?)\}`)

// recordField writes the plug-in's ${name} as ${record["name"]}, where name is
// a record's field.
func recordField(s string) string {
	m := bareField.FindStringSubmatch(s)
	switch m[1] {
	case "tag", "tag_parts", "tag_prefix", "tag_suffix", "hostname", "time", "record":
		return s
	}
	return `${record["` + m[1] + `"]` + m[2] + "}"
}

// NewPrometheus registers the metrics. Its errors are setting.Errors, joined.
func NewPrometheus(cfg PrometheusConfig) (*Prometheus, error) {
	hostname, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("cannot find this host's name: %w", err)
	}
	f := &Prometheus{}
	var errs []error
	for i, c := range cfg.Metric {
		at := fmt.Sprintf("metric[%d].", i)
		m := &metric{series: map[string]func(float64){}}
		var names []string
		for _, pair := range append(cfg.Labels[:len(cfg.Labels):len(cfg.Labels)], c.Labels...) {
			errs = append(errs, m.label(at, pair, hostname))
			names = append(names, pair.Name)
		}
		if c.Key != "" {
			a, err := parseAccessor(c.Key)
			if err != nil {
				errs = append(errs, refuse(at+"key", "%w", err))
			}
			m.key = &a
		} else if c.Type != "counter" {
			errs = append(errs, refuse(at+"key", "a %s needs key: the field with the value", c.Type))
		}
		if err := errors.Join(errs...); err == nil {
			errs = append(errs, m.register(at, c, names, cfg.Registry))
		}
		f.metrics = append(f.metrics, m)
	}
	return f, flat(errs...)
}

// label reads a label's value.
func (m *metric) label(at string, pair event.Pair, hostname string) error {
	if !labelName.MatchString(pair.Name) {
		return refuse(at+"labels", "%q is no name of a label: letters, digits and _", pair.Name)
	}
	var t template
	if strings.HasPrefix(pair.Value, "$.") || strings.HasPrefix(pair.Value, "$[") {
		a, err := parseAccessor(pair.Value)
		if err != nil {
			return refuse(at+"labels", "%w", err)
		}
		t = template{parts: []part{{kind: partRecord, at: a}}}
	} else {
		value := strings.ReplaceAll(pair.Value, "${worker_id}", "0") // there is one process
		value = bareField.ReplaceAllStringFunc(value, recordField)
		var err error
		if t, err = parseTemplate(pair.Name, value, hostname, false); err != nil {
			return refuse(at+"labels", "label %s: %w", pair.Name, err)
		}
	}
	t.first = m.reads
	for _, p := range t.parts {
		if p.kind == partRecord {
			m.reads++
		}
	}
	m.labels = append(m.labels, t)
	return nil
}

// Apply measures every live record.
func (f *Prometheus) Apply(b *event.Batch) {
	if !anyLive(b) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.metrics {
		m.on(b)
	}
	for i := range b.Recs {
		if b.Recs[i].State != event.Live {
			continue
		}
		for _, m := range f.metrics {
			if v, ok := f.valueOf(b, i, m); ok {
				f.observe(b, i, m, v)
			}
		}
	}
}

func (m *metric) on(b *event.Batch) {
	if m.key != nil {
		m.value = m.key.on(b)
	}
	m.readers = m.readers[:0]
	for i := range m.labels {
		for j := range m.labels[i].parts {
			if p := &m.labels[i].parts[j]; p.kind == partRecord {
				m.readers = append(m.readers, p.at.on(b))
			}
		}
	}
}

// valueOf is what record i has to say; a value that is missing or no number says
// nothing.
func (f *Prometheus) valueOf(b *event.Batch, i int, m *metric) (float64, bool) {
	if m.key == nil {
		return 1, true
	}
	v, ok := m.value.get(b, i)
	if !ok {
		return 0, false
	}
	f.text = appendText(f.text[:0], b.Bytes(v), v.Kind)
	x, err := strconv.ParseFloat(string(f.text), 64)
	return x, err == nil
}

func (f *Prometheus) observe(b *event.Batch, i int, m *metric, v float64) {
	from := len(b.Arena)
	f.text = f.text[:0]
	for j := range m.labels {
		t := &m.labels[j]
		if j > 0 {
			f.text = append(f.text, 0xff)
		}
		if made, ok := t.render(b, i, m.readers[t.first:]); ok {
			f.text = append(f.text, b.Bytes(made)...)
		}
	}
	b.Arena = b.Arena[:from] // what render wrote is used up
	record := m.series[string(f.text)]
	if record == nil {
		if len(m.series) >= maxSeries {
			return
		}
		var err error
		labels := strings.Split(strings.ToValidUTF8(strings.ReplaceAll(string(f.text), "\xff", "\x00"), "\ufffd"), "\x00")
		if len(m.labels) == 0 {
			labels = nil
		}
		if record, err = m.make(labels...); err != nil {
			record = func(float64) {} // labels that the registry refuses
		}
		m.series[string(f.text)] = record
	}
	record(v)
}
