package forwarder

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
)

// laneMetrics are one lane's instruments; children are resolved once.
type laneMetrics struct {
	delivered, duplicate, rejected, dead, second prometheus.Counter
	retries                                      *prometheus.CounterVec
	endToEnd                                     prometheus.Observer
}

func (m *laneMetrics) register(l *Lane, reg prometheus.Registerer) error {
	bySink := prometheus.Labels{"sink": l.cfg.Name}
	out := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_output_records_total", ConstLabels: bySink,
		Help: "Source records answered for by the sink; rejected ones are in the dead letters when dead_lettered counts them too.",
	}, []string{"outcome"})
	m.retries = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_output_retries_total", ConstLabels: bySink,
		Help: "Source records sent again.",
	}, []string{"reason"})
	e2e := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "sluice_end_to_end_seconds", ConstLabels: bySink,
		Help:                        "From when a request's oldest record was written (or read, where its time is unknown) to the sink's answer for it.",
		Buckets:                     prometheus.ExponentialBuckets(0.01, 2, 16),
		NativeHistogramBucketFactor: 1.1,
	})
	m.delivered, m.duplicate = out.WithLabelValues("delivered"), out.WithLabelValues("duplicate")
	m.rejected, m.dead = out.WithLabelValues("rejected"), out.WithLabelValues("dead_lettered")
	m.second = out.WithLabelValues("secondary")
	m.endToEnd = e2e
	var errs error
	for _, c := range []prometheus.Collector{
		out, m.retries, e2e, bufferMetrics{l},
	} {
		errs = errors.Join(errs, reg.Register(c))
	}
	return errs
}

func (m *laneMetrics) outcome(delivered, rejected int, v *event.Verdict, since int64) {
	duplicate := min(int(v.Duplicate), delivered)
	m.delivered.Add(float64(delivered - duplicate))
	m.duplicate.Add(float64(duplicate))
	m.rejected.Add(float64(rejected))
	m.dead.Add(float64(rejected))
	if since != 0 && delivered > 0 {
		m.endToEnd.Observe(time.Since(time.Unix(0, since)).Seconds())
	}
}

func (m *laneMetrics) retry(reason string, weight int) {
	m.retries.WithLabelValues(reason).Add(float64(weight))
}

// reasonOf maps a signal to its label value: a fixed list.
func reasonOf(v *event.Verdict) string {
	switch v.Signal {
	case event.Throttle:
		return "throttled"
	case event.TooLarge:
		return "too_large"
	case event.Split:
		return "split"
	case event.Pause:
		return "paused"
	case event.Park:
		return "parked"
	case event.Unsent:
		return "unsent"
	}
	return "item"
}

// errMiscounted is a verdict that does not speak for every item.
type errMiscounted struct {
	items int
	v     event.Verdict
}

func (e errMiscounted) Error() string {
	return fmt.Sprintf("the sink's verdict speaks for %d accepted, %d duplicate, %d retried and %d rejected of %d items",
		e.v.Accepted, e.v.Duplicate, len(e.v.Retry), len(e.v.Reject), e.items)
}
