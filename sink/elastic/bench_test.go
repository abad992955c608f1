package elastic

import (
	"strings"
	"testing"

	"sluice/event"
)

// Time is per batch of 1000 records: ns/record is reported beside it.
func benchmarkEncode(b *testing.B, batch *event.Batch, change func(*Config)) {
	s := newSink(b, "http://127.0.0.1:1", change)
	w := newWarm()
	b.SetBytes(int64(w.encode(s, batch)))
	b.ReportAllocs()
	for b.Loop() {
		w.encode(s, batch)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch.Recs)), "ns/record")
}

func BenchmarkEncodeCRI(b *testing.B) { benchmarkEncode(b, criBatch(1000), nil) }

func BenchmarkEncodeCRI550(b *testing.B) {
	batch := criBatch(1000)
	for i := range batch.Recs {
		batch.Set(i, batch.KeyString("message"), batch.PutString(strings.Repeat("0123456789 abcdef ", 30), event.Text))
	}
	benchmarkEncode(b, batch, nil)
}

func BenchmarkEncodeCRIUnicode(b *testing.B) {
	batch := criBatch(1000)
	for i := range batch.Recs {
		batch.Set(i, batch.KeyString("message"), batch.PutString(strings.Repeat("Запрос выполнен, ok ", 10), event.Text))
	}
	benchmarkEncode(b, batch, nil)
}

func BenchmarkEncodeForward(b *testing.B) { benchmarkEncode(b, forwardBatch(1000), nil) }

func BenchmarkEncodeFluentd(b *testing.B) {
	benchmarkEncode(b, criBatch(1000), func(c *Config) { c.Schema = "fluentd" })
}
