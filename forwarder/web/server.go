package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/meter"
	"sluice/forwarder/netin"
	"sluice/serve"
)

// Server takes requests.
type Server struct {
	cfg      Config
	ledger   *ledger.Ledger
	log      *slog.Logger
	base     *event.Fragment
	in       *meter.Input
	requests *prometheus.CounterVec // by status
	door     *netin.Door
	room     *netin.Room
	bad      netin.Sparse
	pool     sync.Pool // of *intake
	feed     *netin.Feed
	stopping atomic.Bool

	mu   sync.Mutex
	sock net.Listener
}

// New makes a server; base, which may be nil, is what is true of all records.
func New(cfg Config, l *ledger.Ledger, log *slog.Logger, reg prometheus.Registerer, base *event.Fragment) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, ledger: l, log: log, base: base, room: netin.NewRoom(cfg.Memory), bad: netin.Sparse{Log: log, Every: 10 * time.Second}}
	var err error
	if s.door, err = netin.NewDoor("", cfg.Allow, cfg.Deny, 0); err != nil {
		return nil, err
	}
	if s.in, err = meter.NewInput(reg, cfg.Name); err != nil {
		return nil, err
	}
	s.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_http_requests_total", Help: "Requests answered, by status.",
	}, []string{"status"})
	s.pool.New = func() any { return &intake{} }
	return s, reg.Register(s.requests)
}

// Listen binds the address; Run does it when it was not done before.
func (s *Server) Listen(ctx context.Context) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sock != nil {
		return nil
	}
	if s.sock, err = new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Address); err != nil {
		return fmt.Errorf("cannot listen for HTTP (%s): %w", s.cfg.Address, err)
	}
	return nil
}

// Addrs are the bound addresses, after Listen.
func (s *Server) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sock == nil {
		return nil
	}
	return []net.Addr{s.sock.Addr()}
}

// Run serves until ctx ends, and then until requests that were begun are
// answered or the drain time is over. It runs once.
func (s *Server) Run(ctx context.Context, out netin.Out) error {
	if err := s.Listen(ctx); err != nil {
		return err
	}
	s.feed = netin.NewFeed(out, s.ledger.Stream(s.cfg.Name, 0, nil).Name(func() string { return s.cfg.Address }), s.in, s.base)
	defer s.feed.Close()
	var ln net.Listener = &netin.Guard{Listener: s.sock, Door: s.door, Most: s.cfg.MaxConnections, Log: &s.bad}
	var side sync.WaitGroup
	defer side.Wait()
	if s.cfg.Certs != nil {
		ln = tls.NewListener(ln, s.cfg.Certs.Server())
		side.Go(func() { s.cfg.Certs.Run(ctx) })
	}
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: s.cfg.RequestTimeout, IdleTimeout: s.cfg.Keepalive,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // clients' faults
	}
	s.log.Info("listening for HTTP", "address", s.Addrs()[0].String(), "tls", s.cfg.Certs != nil)
	if err := serve.HTTP(ctx, server, ln, s.cfg.Drain, func() { s.stopping.Store(true) }); err != nil {
		return fmt.Errorf("cannot serve HTTP: %w", err)
	}
	return nil
}
