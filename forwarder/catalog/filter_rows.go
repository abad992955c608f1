package catalog

import (
	"fmt"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/filter"
)

// legacyGrep is a row that also knows grep's older parameters: regexp1 to
// regexp20 and exclude1 to exclude20, each a field and a pattern.
func legacyGrep(next row[forwarder.Step]) row[forwarder.Step] {
	return func(c *Context, e *conf.Element) (forwarder.Step, conf.Problems, error) {
		modern := *e
		modern.Params = nil
		var problems conf.Problems
		for _, p := range e.Params {
			section := strings.TrimRight(p.Name, "0123456789")
			if section != "regexp" && section != "exclude" || section == p.Name {
				modern.Params = append(modern.Params, p)
				continue
			}
			key, pattern, ok := strings.Cut(p.Value, " ")
			if !ok {
				problems = append(problems, conf.Problem{Pos: p.Pos, What: p.Name + " is not a field and a pattern", Fix: "write " + p.Name + " FIELD PATTERN"})
				continue
			}
			modern.Children = append(modern.Children, &conf.Element{Name: section, Pos: p.Pos, Params: []conf.Param{
				{Name: "key", Value: key, Raw: key, Pos: p.Pos}, {Name: "pattern", Value: pattern, Raw: pattern, Pos: p.Pos},
			}})
		}
		if problems.Bad() {
			return forwarder.Step{}, problems, nil
		}
		return next(c, &modern)
	}
}

func newThrottle(c *Context, cfg filter.ThrottleConfig) (forwarder.Step, error) {
	log := c.Log
	cfg.Warn = func(message, group string, rate int) { log.Warn("throttle: "+message, "group", group, "rate", rate) }
	f, err := filter.NewThrottle(cfg)
	return forwarder.Step{Filter: f}, err
}

func newStdoutFilter(c *Context, cfg filter.StdoutConfig) (forwarder.Step, error) {
	cfg.Out = c.Stdout
	if cfg.Out == nil {
		cfg.Out = os.Stdout
	}
	f, err := filter.NewStdout(cfg)
	return forwarder.Step{Filter: f}, err
}

func stdoutFilterParams() params {
	return params{unneeded: map[string]string{
		"output_type": "write <format> with @type stdout or json", "format.output_type": "the format stdout writes JSON",
		"format.time_format": "the time is written to the nanosecond", "format.localtime": "times are local",
	}}
}

func newRedact(c *Context, cfg filter.RedactConfig) (forwarder.Step, error) {
	hits := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_redact_hits_total",
		Help: "What the filter redact found, by detector; in a dry run it was left there.",
	}, []string{"detector"})
	cfg.Count = func(detector string, n int) { hits.WithLabelValues(detector).Add(float64(n)) }
	f, err := filter.NewRedact(cfg)
	if err == nil {
		if err = c.Registerer.Register(hits); err != nil {
			err = fmt.Errorf("cannot register metrics: %w", err)
		}
	}
	return forwarder.Step{Filter: f}, err
}

// newPrometheusFilter registers the user's metrics as they are named, without
// the filter's label.
func newPrometheusFilter(c *Context, cfg filter.PrometheusConfig) (forwarder.Step, error) {
	cfg.Registry = c.builder.d.Registerer // under no name but the metric's own, as in Fluentd; several parts may share one
	f, err := filter.NewPrometheus(cfg)
	return forwarder.Step{Filter: f}, err
}

func prometheusFilterParams() params {
	const kept = "a metric's combinations of labels are kept, up to 10,000"
	return params{
		unneeded: map[string]string{"metric.retention": kept, "metric.retention_check_interval": kept},
		missing:  map[string]string{"metric.initialized": "a metric appears with its first record", "metric.initlabels": "a metric appears with its first record"},
	}
}

// genID stands for fluent-plugin-elasticsearch's filter, which gives records ids
// so that a repeat makes no second document. Records have such ids.
func genID(_ *Context, e *conf.Element) (forwarder.Step, conf.Problems, error) {
	kind, p := e.Type()
	return forwarder.Step{Filter: passing{}}, conf.Problems{{
		Pos: p.Pos, Severity: conf.Warning, What: kind + " is not needed: records have ids of their source, which make a repeat harmless", Fix: "remove it, and id_key of the match",
	}}, nil
}

// passing is a filter that changes nothing.
type passing struct{}

// Apply implements forwarder.Filter.
func (passing) Apply(*event.Batch) {}
