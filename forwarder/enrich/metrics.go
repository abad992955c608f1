package enrich

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	pods   prometheus.Gauge
	gaveUp prometheus.Counter
	up     [kinds]prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		pods:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "sluice_kubernetes_pods", Help: "Pods of this node whose metadata is known."}),
		gaveUp: prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_kubernetes_waits_given_up_total", Help: "Pods whose logs were read without all metadata after kubernetes.wait."}),
	}
	up := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "sluice_kubernetes_up", Help: "Whether the API server's objects of a kind are known and kept up to date.",
	}, []string{"resource"})
	for k, name := range kindNames {
		m.up[k] = up.WithLabelValues(name)
	}
	for _, c := range []prometheus.Collector{m.pods, m.gaveUp, up} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("cannot register metrics: %w", err)
		}
	}
	return m, nil
}
