//go:build !race

// The race detector makes pools forget, so allocations are counted without it.

package filter

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
)

func noAllocs(t *testing.T, f applier, object string) {
	t.Helper()
	for name, source := range map[string]*event.Batch{"JSON": batch(t, object), "msgpack": packed(t, object)} {
		first := append([]event.Field(nil), source.FieldsOf(0)...)
		arena := append(make([]byte, 0, 1<<16), source.Arena...)
		b := source.Branch()
		n := testing.AllocsPerRun(100, func() {
			b.Reset(arena)
			for range 100 {
				b.Begin(event.Record{Time: when})
				for _, field := range first {
					b.Add(field.Key, field.Val)
				}
			}
			f.Apply(b)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations for 100 records", name, n)
		}
	}
}

func TestAllocs(t *testing.T) {
	noAllocs(t, grepAll(t), grepRecord)
	noAllocs(t, transformer(t), transformRecord)
	noAllocs(t, jsonParser(t), structuredLine)
	noAllocs(t, asked(t, event.StreamWishes{Parser: "json"}), structuredLine)
}

// What Ruby builds is built in memory that is used again.
func TestAllocsRuby(t *testing.T) {
	noAllocs(t, rubyTransformer(t, RecordTransformerConfig{RemoveKeys: []string{"$.a.b"}},
		"env", "prod",
		"up", `${record["stream"].upcase}`,
		"size", `${record["message"].length > 10 ? "long" : "short"}`,
		"path", `${tag_parts[0]}/${record["stream"].tr("d", "D").strip}-${record.dig("a", "b") || "none"}`,
		"day", `${time.year + 1}`), transformRecord)
}

func TestAllocsRedact(t *testing.T) {
	r := newRedact(t, func(c *RedactConfig) { c.Pattern = []RedactPattern{{"key", "AKIA[0-9A-Z]{16}"}} })
	noAllocs(t, r, structuredLine)
	noAllocs(t, r, accessLine)
	noAllocs(t, r, `{"a":{"b":["x 1234 5678","\u0041",{"n":4711}]},"n":17}`)
}

func TestAllocsPrometheus(t *testing.T) {
	f, err := NewPrometheus(PrometheusConfig{Registry: prometheus.NewRegistry(), Metric: []MetricConfig{
		{Name: "a", Type: "counter", Desc: "x", Labels: []event.Pair{{Name: "stream", Value: "$.stream"}, {Name: "tag", Value: "${tag}"}}},
		{Name: "b", Type: "histogram", Desc: "x", Key: "$.a.b"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	noAllocs(t, f, transformRecord)
}

// A stage allocates for a batch, and for what it joins, not for a record that
// it passes on.
func TestAllocsStages(t *testing.T) {
	cfg := DefaultDetectExceptionsConfig()
	d, err := NewDetectExceptions(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := newConcat(t, func(c *ConcatConfig) { c.Key, c.StartRegexp, c.ContinuousRegexp = "message", "^never", "^x" })
	emit := func(context.Context, *event.Batch) error { return nil }
	for name, s := range map[string]stage{"detect_exceptions": d, "concat": c} {
		source := batch(t, accessLine)
		first := append([]event.Field(nil), source.FieldsOf(0)...)
		arena := append(make([]byte, 0, 1<<16), source.Arena...)
		b := source.Branch()
		n := testing.AllocsPerRun(100, func() {
			b.Reset(arena)
			for range 100 {
				b.Begin(event.Record{Time: when})
				for _, field := range first {
					b.Add(field.Key, field.Val)
				}
			}
			if err := s.Process(context.Background(), b, emit, emit); err != nil {
				t.Fatal(err)
			}
		})
		if n > 10 {
			t.Errorf("%s: %v allocations for a batch of 100 records", name, n)
		}
	}
}
