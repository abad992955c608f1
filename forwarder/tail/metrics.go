package tail

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/forwarder/meter"
)

// sourceName is the label value and the name in the accounts.
const sourceName = "containers"

// state is what a group's reader does with it.
type state uint8

const (
	active state = iota
	idle
	parked
	rotated // read to their end, then closed
	states
)

var stateNames = [states]string{"active", "idle", "parked", "rotated"}

type metrics struct {
	in                  *meter.Input
	unparsed, truncated prometheus.Counter
	excluded            prometheus.Counter
	lag                 prometheus.Gauge
	files               [states]prometheus.Gauge
	lostBytes           [losses]prometheus.Counter
	lostFiles           [losses]prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	in, err := meter.NewInput(reg, sourceName)
	if err != nil {
		return nil, err
	}
	m := &metrics{
		in:        in,
		unparsed:  counter("sluice_tail_unparsed_lines_total", "Lines that are not written as their file's other lines are; emitted as they stand."),
		truncated: counter("sluice_tail_truncated_bytes_total", "Bytes cut off lines longer than max_line."),
		excluded:  counter("sluice_tail_excluded_bytes_total", "Bytes passed over because their pod's annotation excludes them."),
		lag:       gauge("sluice_tail_lag_bytes", "Bytes in followed files that are not read yet."),
	}
	files := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "sluice_tail_files", Help: "Followed files by what is done with them.",
	}, []string{"state"})
	for s, name := range stateNames {
		m.files[s] = files.WithLabelValues(name)
	}
	vec := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"reason"})
	}
	lostBytes := vec("sluice_tail_lost_bytes_total", "Bytes of followed files that went before they were read, as far as is known.")
	lostFiles := vec("sluice_tail_lost_files_total", "Followed files of which something went before it was read.")
	for l, name := range lossNames {
		m.lostBytes[l], m.lostFiles[l] = lostBytes.WithLabelValues(name), lostFiles.WithLabelValues(name)
	}
	for _, c := range []prometheus.Collector{m.unparsed, m.truncated, m.excluded, m.lag, files, lostBytes, lostFiles} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("cannot register metrics: %w", err)
		}
	}
	return m, nil
}

// report is what a group adds to the gauge of files.
type report struct {
	state       state
	live, other int // files in that state, and rotated ones
}

func (m *metrics) report(g *group, now report) {
	was := g.reported
	if was == now {
		return
	}
	m.files[was.state].Sub(float64(was.live))
	m.files[now.state].Add(float64(now.live))
	m.files[rotated].Add(float64(now.other - was.other))
	g.reported = now
}

func (m *metrics) setLag(f *file, bytes int64) {
	m.lag.Add(float64(bytes - f.lag))
	f.lag = bytes
}
