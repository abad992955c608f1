package forwarder

import (
	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
)

// bufferMetrics exports what a lane's buffer holds and has done.
type bufferMetrics struct{ lane *Lane }

// sample is one series of a buffer.
type sample struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	label string // medium or reason; empty: none
	value func(s event.BufferStats) float64
}

var (
	bufferRecords = prometheus.NewDesc("sluice_buffer_records",
		"Source records in the buffer or being sent: in memory, or on the disk alone.", []string{"lane", "medium"}, nil)
	bufferBytes = prometheus.NewDesc("sluice_buffer_bytes",
		"Bytes of the memory budget that the lane holds, and of its files.", []string{"lane", "medium"}, nil)
	bufferUnread = prometheus.NewDesc("sluice_buffer_unread_bytes",
		"Bytes of files found on the disk at the start that are not looked through yet.", []string{"lane"}, nil)
	bufferRecovered = prometheus.NewDesc("sluice_buffer_recovered_records_total",
		"Source records found on the disk at the start.", []string{"lane"}, nil)
	bufferDropped = prometheus.NewDesc("sluice_buffer_dropped_records_total",
		"Source records dropped by overflow_action, or that could not be read back from the disk.", []string{"lane", "reason"}, nil)
	bufferWritten = prometheus.NewDesc("sluice_buffer_written_bytes_total",
		"Bytes written to the disk buffer.", []string{"lane"}, nil)
	bufferCommits = prometheus.NewDesc("sluice_buffer_commits_total",
		"Commits of the disk buffer, each with one fsync.", []string{"lane"}, nil)
	bufferDegraded = prometheus.NewDesc("sluice_buffer_degraded",
		"1: blocks that should be on the disk are in memory alone, for the disk fails or is full.", []string{"lane"}, nil)
)

var samples = []sample{
	{bufferRecords, prometheus.GaugeValue, "memory", func(s event.BufferStats) float64 { return float64(s.Records - s.DiskRecords) }},
	{bufferRecords, prometheus.GaugeValue, "disk", func(s event.BufferStats) float64 { return float64(s.DiskRecords) }},
	{bufferBytes, prometheus.GaugeValue, "memory", func(s event.BufferStats) float64 { return float64(s.Bytes) }},
	{bufferBytes, prometheus.GaugeValue, "disk", func(s event.BufferStats) float64 { return float64(s.DiskBytes) }},
	{bufferUnread, prometheus.GaugeValue, "", func(s event.BufferStats) float64 { return float64(s.Unread) }},
	{bufferRecovered, prometheus.CounterValue, "", func(s event.BufferStats) float64 { return float64(s.Recovered) }},
	{bufferDropped, prometheus.CounterValue, "overflow", func(s event.BufferStats) float64 { return float64(s.Dropped) }},
	{bufferDropped, prometheus.CounterValue, "unreadable", func(s event.BufferStats) float64 { return float64(s.Lost) }},
	{bufferWritten, prometheus.CounterValue, "", func(s event.BufferStats) float64 { return float64(s.Written) }},
	{bufferCommits, prometheus.CounterValue, "", func(s event.BufferStats) float64 { return float64(s.Commits) }},
	{bufferDegraded, prometheus.GaugeValue, "", func(s event.BufferStats) float64 {
		if s.Degraded {
			return 1
		}
		return 0
	}},
}

// Describe implements prometheus.Collector. It describes nothing, so that each
// lane can register its own.
func (bufferMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (b bufferMetrics) Collect(ch chan<- prometheus.Metric) {
	s := b.lane.buf.Stats()
	for _, x := range samples {
		labels := []string{b.lane.cfg.Name}
		if x.label != "" {
			labels = append(labels, x.label)
		}
		ch <- prometheus.MustNewConstMetric(x.desc, x.kind, x.value(s), labels...)
	}
}
