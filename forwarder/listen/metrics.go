package listen

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/forwarder/meter"
)

// reason says why an entry was dropped. The zero reason: it was not.
type reason uint8

const (
	good reason = iota
	badFrame
	badTag
	badEntry
	badTime
	badRecord
	tooManyFields
	tooDeep
	cutShort
	badSyntax
	notLogs
	tooLarge
	badCompression
	badMetadata
	numReasons
)

var reasonNames = [numReasons]string{
	"", "frame", "tag", "entry", "time", "record", "fields", "depth", "truncated", "syntax", "signal", "too_large", "compression", "metadata",
}

func (r reason) String() string { return reasonNames[r] }

// metrics are the listener's instruments, children resolved once.
type metrics struct {
	in          *meter.Input
	connections prometheus.Gauge
	bad         [numReasons]prometheus.Counter
	refused     map[string]prometheus.Counter // by door
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	in, errs := meter.NewInput(reg, source)
	m := &metrics{
		in: in,
		connections: register(reg, prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "sluice_forward_connections", Help: "Open connections of the Forward protocol.",
		}), &errs),
	}
	bad := register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_forward_bad_entries_total",
		Help: "Entries, or whole frames that cannot be taken apart, dropped because they are not valid.",
	}, []string{"reason"}), &errs)
	for r := good + 1; r < numReasons; r++ {
		m.bad[r] = bad.WithLabelValues(r.String())
	}
	refused := register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_forward_refused_connections_total",
		Help: "Connections refused before their first frame.",
	}, []string{"reason"}), &errs)
	m.refused = map[string]prometheus.Counter{}
	for _, door := range [...]string{"network", "connections", "client", "tls", "auth"} {
		m.refused[door] = refused.WithLabelValues(door)
	}
	return m, errs
}

// register returns the collector, or its twin that is registered already: two
// listeners in one program count together.
func register[C prometheus.Collector](reg prometheus.Registerer, c C, errs *error) C {
	err := reg.Register(c)
	var twin prometheus.AlreadyRegisteredError
	if errors.As(err, &twin) {
		if same, ok := twin.ExistingCollector.(C); ok {
			return same
		}
	}
	if err != nil {
		*errs = errors.Join(*errs, fmt.Errorf("cannot register a metric: %w", err))
	}
	return c
}
