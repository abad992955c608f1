package socket

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/forwarder/meter"
)

// metrics are the server's instruments.
type metrics struct {
	in          *meter.Input
	unparsed    prometheus.Counter
	truncated   prometheus.Counter
	lost        prometheus.Counter
	refused     prometheus.Counter
	connections prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer, source string) (*metrics, error) {
	in, err := meter.NewInput(reg, source)
	if err != nil {
		return nil, err
	}
	bad := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_socket_bad_messages_total", Help: "Messages that are not in the format (unparsed) or were cut (truncated).",
	}, []string{"reason"})
	m := &metrics{
		in: in, unparsed: bad.WithLabelValues("unparsed"), truncated: bad.WithLabelValues("truncated"),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sluice_socket_lost_datagrams_total", Help: "Datagrams that the kernel dropped because they were not read in time.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sluice_socket_refused_connections_total", Help: "Connections refused before anything was read.",
		}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "sluice_socket_connections", Help: "Open connections.",
		}),
	}
	return m, errors.Join(reg.Register(bad), reg.Register(m.lost), reg.Register(m.refused), reg.Register(m.connections))
}
