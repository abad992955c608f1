package filter

import (
	"errors"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// register makes the metric, or finds it where another filter has made the
// same.
func (m *metric) register(at string, c MetricConfig, labels []string, reg prometheus.Registerer) error {
	if reg == nil {
		return errors.New("BUG: a prometheus filter without a registry")
	}
	var vec prometheus.Collector
	switch c.Type {
	case "counter":
		vec = prometheus.NewCounterVec(prometheus.CounterOpts{Name: c.Name, Help: c.Desc}, labels)
	case "gauge":
		vec = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: c.Name, Help: c.Desc}, labels)
	case "summary":
		vec = prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: c.Name, Help: c.Desc}, labels)
	default:
		buckets, err := bucketsOf(c.Buckets)
		if err != nil {
			return refuse(at+"buckets", "%w", err)
		}
		vec = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: c.Name, Help: c.Desc, Buckets: buckets}, labels)
	}
	if err := reg.Register(vec); err != nil {
		var there prometheus.AlreadyRegisteredError
		if !errors.As(err, &there) {
			return refuse(at+"name", "there is a metric %s with another type, desc or other labels: write the same in both, or another name", c.Name)
		}
		vec = there.ExistingCollector
	}
	m.make = maker(vec)
	if m.make == nil {
		return refuse(at+"type", "there is a metric %s of another type", c.Name)
	}
	return nil
}

// maker is how a series of the vector is made.
func maker(vec prometheus.Collector) func(labels ...string) (func(float64), error) {
	switch v := vec.(type) {
	case *prometheus.CounterVec:
		return func(labels ...string) (func(float64), error) {
			c, err := v.GetMetricWithLabelValues(labels...)
			return func(x float64) {
				if x >= 0 { // a counter only grows
					c.Add(x)
				}
			}, err
		}
	case *prometheus.GaugeVec:
		return func(labels ...string) (func(float64), error) {
			g, err := v.GetMetricWithLabelValues(labels...)
			return func(x float64) { g.Set(x) }, err
		}
	case prometheus.ObserverVec:
		return func(labels ...string) (func(float64), error) {
			o, err := v.GetMetricWithLabelValues(labels...)
			return func(x float64) { o.Observe(x) }, err
		}
	}
	return nil
}

func bucketsOf(texts []string) (list []float64, err error) {
	for _, t := range texts {
		x, err := strconv.ParseFloat(strings.TrimSpace(t), 64)
		if err != nil {
			return nil, err
		}
		if n := len(list); n > 0 && x <= list[n-1] {
			return nil, errors.New("buckets do not ascend at " + t)
		}
		list = append(list, x)
	}
	return list, nil // nil: the library's own, which are Ruby's
}
