package forward

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// register makes the instruments and registers them.
func (s *Sink) register(reg prometheus.Registerer) error {
	s.seconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                            "sluice_output_request_seconds",
		Help:                            "Time from the start of a request to the end of its answer or its failure.",
		Buckets:                         []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 90},
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	})
	up := upCollector{s, prometheus.NewDesc("sluice_output_server_up",
		"1: the server gets its share of the chunks; 0: it is left out after a failure.", []string{"server"}, nil)}
	if err := errors.Join(reg.Register(s.seconds), reg.Register(up)); err != nil {
		return fmt.Errorf("cannot register metrics: %w", err)
	}
	return nil
}

// upCollector tells of each server, which SRV records may change, whether it is up.
type upCollector struct {
	s    *Sink
	desc *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c upCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c upCollector) Collect(ch chan<- prometheus.Metric) {
	g := &c.s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, srv := range g.list {
		up := 1.0
		if srv.down {
			up = 0
		}
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, up, address(srv.host, srv.port))
	}
}
