package catalog

import (
	"context"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sluice/forwarder"
	"sluice/forwarder/sample"
	"sluice/forwarder/status"
)

// monitorSource is Fluentd's source monitor_agent.
type monitorSource struct {
	Port int    `conf:"port"`
	Bind string `conf:"bind"`
}

func defaultMonitor() monitorSource { return monitorSource{Port: 24220, Bind: "0.0.0.0"} }

var monitorParams = params{
	unneeded: map[string]string{
		"include_config":     "settings are not shown: `sluice config show` does it",
		"include_retry":      "retries are counted in any case",
		"include_debug_info": "there is no Ruby",
	},
	missing: map[string]string{
		"tag":           "the state does not become records",
		"emit_interval": "the state does not become records",
	},
}

func newMonitor(c *Context, p monitorSource) (input, error) {
	parts := c.builder.parts
	gather, _ := c.builder.d.Registerer.(prometheus.Gatherer)
	h := status.Plugins(version(), func() []status.Plugin { return parts.plugins(gather) })
	return statusInput(c, p.Bind, p.Port, h, nil)
}

// prometheusSource is the source of fluent-plugin-prometheus.
type prometheusSource struct {
	Port      int       `conf:"port"`
	Bind      string    `conf:"bind"`
	Path      string    `conf:"metrics_path"`
	Transport transport `conf:"transport"`
}

func defaultPrometheus() prometheusSource {
	return prometheusSource{Port: 24231, Bind: "0.0.0.0", Path: "/metrics"}
}

var prometheusParams = params{
	unneeded: map[string]string{"aggregated_metrics_path": "there is one process"},
	refused:  map[string]string{"ssl": "write <transport tls> with cert_path and private_key_path"},
}

func newPrometheus(c *Context, p prometheusSource) (input, error) {
	gather, ok := c.builder.d.Registerer.(prometheus.Gatherer)
	if !ok || !strings.HasPrefix(p.Path, "/") {
		return input{}, fieldError{"metrics_path", p.Path + " is no path", "write /metrics"}
	}
	own := prometheus.NewRegistry()
	if err := own.Register(fluentdMetrics{c.builder.parts, gather}); err != nil {
		return input{}, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+p.Path, promhttp.HandlerFor(prometheus.Gatherers{gather, own}, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	certs, err := transportCertificates(c, &p.Transport)
	if err != nil {
		return input{}, err
	}
	return statusInput(c, p.Bind, p.Port, mux, certs)
}

func statusInput(c *Context, bind string, port int, h http.Handler, certs status.Certs) (input, error) {
	if port < 0 || port > 65535 {
		return input{}, fieldError{"port", "is no port", "write a number from 1 to 65535"}
	}
	s := status.New(net.JoinHostPort(bind, strconv.Itoa(port)), h, certs, c.Log)
	return input{
		Source: source(func(ctx context.Context, _ forwarder.Out) error { return s.Run(ctx) }),
		Listen: s.Listen, Addrs: s.Addrs,
	}, nil
}

func newSample(c *Context, cfg sample.Config) (input, error) {
	cfg.Name = c.Name
	s, err := sample.New(cfg, c.Ledger, c.Registerer, c.Base)
	if err != nil {
		return input{}, err
	}
	return input{Source: source(func(ctx context.Context, out forwarder.Out) error { return s.Run(ctx, out) })}, nil
}

// note remembers a part for the monitors.
func (p *Parts) note(category, kind, name string) {
	p.known = append(p.known, status.Plugin{ID: name, Category: category, Type: kind, Output: category == "output"})
}

// plugins are the parts as they stand.
func (p *Parts) plugins(gather prometheus.Gatherer) []status.Plugin {
	retries := retriesOf(gather)
	lanes := map[string]*forwarder.Lane{}
	for _, l := range p.Config.Lanes {
		lanes[l.Name()] = l
	}
	list := make([]status.Plugin, len(p.known))
	for i, part := range p.known {
		if l := lanes[part.ID]; l != nil && part.Output {
			s := l.State()
			part.Buffer = &status.Buffer{QueueLength: int(s.InFlight), TotalQueuedSize: s.Bytes, RetryCount: retries[part.ID], EmitRecords: s.Account.Read}
		}
		list[i] = part
	}
	return list
}

// retriesOf is how many records each sink was sent again, from its metrics.
func retriesOf(gather prometheus.Gatherer) map[string]int {
	sums := map[string]int{}
	if gather == nil {
		return sums
	}
	families, err := gather.Gather()
	if err != nil {
		return sums // the monitor shows what there is; /metrics says what is wrong
	}
	for _, f := range families {
		if f.GetName() != "sluice_output_retries_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "sink" {
					sums[l.GetValue()] += int(m.GetCounter().GetValue())
				}
			}
		}
	}
	return sums
}

// fluentdMetrics are the outputs' metrics under the names that dashboards for
// Fluentd know.
type fluentdMetrics struct {
	parts  *Parts
	gather prometheus.Gatherer
}

var fluentdDescs = [...]*prometheus.Desc{
	fluentdDesc("buffer_queue_length", "Requests under way."),
	fluentdDesc("buffer_total_bytes", "Bytes that the output's buffer holds."),
	fluentdDesc("retry_count", "Records that were sent again."),
	fluentdDesc("emit_records", "Records that the output was given."),
}

func fluentdDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("fluentd_output_status_"+name, help, []string{"plugin_id", "type"}, nil)
}

// Describe implements prometheus.Collector.
func (m fluentdMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range fluentdDescs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m fluentdMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, p := range m.parts.plugins(m.gather) {
		if p.Buffer == nil {
			continue
		}
		for i, v := range [...]float64{float64(p.QueueLength), float64(p.TotalQueuedSize), float64(p.RetryCount), float64(p.EmitRecords)} {
			ch <- prometheus.MustNewConstMetric(fluentdDescs[i], prometheus.GaugeValue, v, p.ID, p.Type)
		}
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}
