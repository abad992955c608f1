// Package admin serves what operators and probes read: /metrics, /healthz and
// /readyz on one address, the API about the running agent on another.
//
// Promise: health speaks of this process alone. /healthz fails only when one
// of our own loops has missed its deadline, never because an output is
// unreachable: else an outage of Elasticsearch would restart every node's
// agent. /readyz says whether input is accepted. The API is for who is on this
// machine, or has the token; it only reads.
package admin

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sluice/serve"
)

// Server answers on one address.
type Server struct {
	setting string
	addr    string
	tls     *tls.Config
	http    http.Server
	ln      net.Listener
}

// New makes a server for an address such as ":24231", which the setting of
// that name holds. tls is nil where plain HTTP is spoken.
func New(setting, addr string, tls *tls.Config, h http.Handler, log *slog.Logger) *Server {
	return &Server{setting: setting, addr: addr, tls: tls, http: http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.With("server", setting).Handler(), slog.LevelDebug), // clients' faults
	}}
}

// Metrics serves /metrics, /healthz and /readyz.
func Metrics(metrics prometheus.Gatherer, health *Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /healthz", answer(health.Healthy))
	mux.HandleFunc("GET /readyz", answer(health.Ready))
	return mux
}

func answer(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if err := check(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}

// Listen takes the address, so that a port in use is known at the start.
func (s *Server) Listen() error {
	ln, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("cannot listen (setting %s): %w", s.setting, err)
	}
	if s.tls != nil {
		ln = tls.NewListener(ln, s.tls)
	}
	s.ln = ln
	return nil
}

// Addr is the address in use: with port 0 the system has chosen the port.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// Run serves until ctx ends. Listen must have succeeded.
func (s *Server) Run(ctx context.Context) error {
	if err := serve.HTTP(ctx, &s.http, s.ln, time.Second, nil); err != nil {
		return fmt.Errorf("cannot serve (setting %s): %w", s.setting, err)
	}
	return nil
}
