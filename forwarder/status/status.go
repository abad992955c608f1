// Package status serves what Fluentd's sources monitor_agent and prometheus
// serve: the state of the parts, and metrics, at addresses of their own.
//
// Promise: it only reads. No record comes from here, and a page that is asked
// for never holds up a pipeline.
package status

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"sluice/serve"
)

// Certs provides the server's certificate, which may change at any time.
type Certs interface {
	Server() *tls.Config
	// Run looks for changes until ctx ends.
	Run(ctx context.Context)
}

// Server answers at one address.
type Server struct {
	addr    string
	handler http.Handler
	certs   Certs // nil: plain HTTP
	log     *slog.Logger

	mu   sync.Mutex
	sock net.Listener
}

// New makes a server.
func New(addr string, h http.Handler, certs Certs, log *slog.Logger) *Server {
	return &Server{addr: addr, handler: h, certs: certs, log: log}
}

// Listen binds the address; Run does it when it was not done before.
func (s *Server) Listen(ctx context.Context) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sock != nil {
		return nil
	}
	if s.sock, err = new(net.ListenConfig).Listen(ctx, "tcp", s.addr); err != nil {
		return fmt.Errorf("cannot listen (%s): %w", s.addr, err)
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

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	if err := s.Listen(ctx); err != nil {
		return err
	}
	var side sync.WaitGroup
	defer side.Wait()
	ln := s.sock
	if s.certs != nil {
		ln = tls.NewListener(ln, s.certs.Server())
		side.Go(func() { s.certs.Run(ctx) })
	}
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // clients' faults
	}
	s.log.Info("serving", "address", s.Addrs()[0].String())
	if err := serve.HTTP(ctx, server, ln, time.Second, nil); err != nil {
		return fmt.Errorf("cannot serve: %w", err)
	}
	return nil
}
