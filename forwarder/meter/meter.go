// Package meter holds the instruments that every source has.
//
// Promise: one name, one help text and one meaning for all of them; made once
// per source, so that counting is an addition and nothing more.
package meter

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Input counts what one source takes in.
type Input struct {
	Records prometheus.Counter // source records
	Bytes   prometheus.Counter // as they stand in the file or on the wire
	Stalled prometheus.Gauge   // streams (files, connections) that wait for room
}

// NewInput registers a source's instruments under the input's name.
func NewInput(reg prometheus.Registerer, source string) (*Input, error) {
	labels := prometheus.Labels{"source": source}
	in := &Input{
		Records: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sluice_input_records_total", ConstLabels: labels, Help: "Source records taken in.",
		}),
		Bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sluice_input_bytes_total", ConstLabels: labels, Help: "Bytes taken in, as they stand in the file or on the wire.",
		}),
		Stalled: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "sluice_source_stalled", ConstLabels: labels, Help: "Streams (files, connections) that are not read because a lane has no room.",
		}),
	}
	for _, c := range []prometheus.Collector{in.Records, in.Bytes, in.Stalled} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("cannot register the metrics of input %s: %w", source, err)
		}
	}
	return in, nil
}
