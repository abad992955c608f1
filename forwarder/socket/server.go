package socket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/netin"
)

const handshakeTimeout = 10 * time.Second

// Server is one socket that listens.
type Server struct {
	cfg     Config
	ledger  *ledger.Ledger
	log     *slog.Logger
	metrics *metrics
	base    *event.Fragment
	tls     *tls.Config // of all connections, so that sessions can be resumed; nil: plain
	door    *netin.Door
	room    *netin.Room
	bad     netin.Sparse // of messages
	refuse  netin.Sparse // of connections

	mu   sync.Mutex
	sock net.Listener
	udp  *net.UDPConn
}

// New makes a server; base, which may be nil, is what is true of all records.
func New(cfg Config, l *ledger.Ledger, log *slog.Logger, reg prometheus.Registerer, base *event.Fragment) (*Server, error) {
	switch {
	case cfg.Network != "tcp" && cfg.Network != "udp" && cfg.Network != "unix":
		return nil, fmt.Errorf("BUG: there is no network %q", cfg.Network)
	case cfg.MaxMessage < 1:
		return nil, fmt.Errorf("messages of %d bytes at most are none: allow one at least", cfg.MaxMessage)
	case cfg.Network != "udp" && !cfg.OctetCount && cfg.Delimiter == "":
		return nil, errors.New("nothing separates the messages of a connection: give a delimiter")
	}
	door, err := netin.NewDoor("", cfg.Allow, cfg.Deny, 0)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(reg, cfg.Name)
	if err != nil {
		return nil, err
	}
	var secure *tls.Config
	if cfg.Certs != nil {
		secure = cfg.Certs.Server()
	}
	return &Server{
		tls: secure, cfg: cfg, ledger: l, log: log, metrics: m, base: base, door: door, room: netin.NewRoom(cfg.Memory),
		bad: netin.Sparse{Log: log, Every: 10 * time.Second}, refuse: netin.Sparse{Log: log, Every: 10 * time.Second},
	}, nil
}

// Listen binds the address; Run does it when it was not done before.
func (s *Server) Listen(ctx context.Context) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sock != nil || s.udp != nil {
		return nil
	}
	var lc net.ListenConfig
	switch s.cfg.Network {
	case "udp":
		var pc net.PacketConn
		if pc, err = lc.ListenPacket(ctx, "udp", s.cfg.Address); err == nil {
			s.udp = pc.(*net.UDPConn)
			if s.cfg.ReceiveBuffer > 0 {
				err = s.udp.SetReadBuffer(s.cfg.ReceiveBuffer)
			}
		}
	case "unix":
		s.sock, err = netin.ListenUnix(ctx, s.cfg.Address, s.cfg.Mode)
	default:
		s.sock, err = lc.Listen(ctx, "tcp", s.cfg.Address)
	}
	if err != nil {
		return fmt.Errorf("cannot listen (%s %s): %w", s.cfg.Network, s.cfg.Address, err)
	}
	return nil
}

// Addrs are the bound addresses, after Listen.
func (s *Server) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.sock != nil:
		return []net.Addr{s.sock.Addr()}
	case s.udp != nil:
		return []net.Addr{s.udp.LocalAddr()}
	}
	return nil
}

// Run serves until ctx ends. When it returns all its goroutines are gone. It
// runs once.
func (s *Server) Run(ctx context.Context, out netin.Out) error {
	if err := s.Listen(ctx); err != nil {
		return err
	}
	s.log.Info("listening", "network", s.cfg.Network, "address", s.Addrs()[0].String(), "tls", s.tls != nil)
	if s.udp != nil {
		stop := context.AfterFunc(ctx, func() { s.udp.SetReadDeadline(time.Unix(1, 0)) })
		defer stop()
		defer s.udp.Close()
		return s.datagrams(ctx, out)
	}
	g := &netin.Guard{Listener: s.sock, Door: s.door, Most: s.cfg.MaxConnections, Log: &s.refuse, Refused: s.metrics.refused.Inc}
	stop := context.AfterFunc(ctx, func() { s.sock.Close() })
	defer stop()
	var conns sync.WaitGroup
	defer conns.Wait()
	if s.cfg.Certs != nil {
		conns.Go(func() { s.cfg.Certs.Run(ctx) })
	}
	for {
		nc, err := g.Accept()
		if err != nil {
			return nil // closed
		}
		conns.Go(func() { s.serve(ctx, nc, out) })
	}
}

// serve reads one connection to its end.
func (s *Server) serve(ctx context.Context, nc net.Conn, out netin.Out) {
	s.metrics.connections.Inc()
	defer s.metrics.connections.Dec()
	peer := nc.RemoteAddr().String()
	defer nc.Close()
	if s.tls != nil {
		secure := tls.Server(nc, s.tls)
		hurry, cancel := context.WithTimeout(ctx, handshakeTimeout)
		err := secure.HandshakeContext(hurry)
		cancel()
		if err != nil {
			s.bad.Warn("a connection ended before TLS was agreed on", slog.String("peer", peer), slog.Any("error", err))
			return
		}
		nc = secure
	}
	unblock := context.AfterFunc(ctx, func() { nc.SetReadDeadline(time.Unix(1, 0)) })
	defer unblock()
	c := newConn(s, nc, peer, out)
	defer c.close()
	if err := c.read(ctx); err != nil && ctx.Err() == nil {
		s.bad.Warn("a connection ended", slog.String("peer", peer), slog.Any("error", err))
	}
}

// maker makes a maker for a stream of that peer.
func (s *Server) maker(peer string, out netin.Out) *maker {
	stream := s.ledger.Stream(s.cfg.Name, 0, nil).Name(func() string { return peer })
	m := &maker{s: s, peer: peer, feed: netin.NewFeed(out, stream, s.metrics.in, s.base), tag: s.cfg.Tag}
	return m
}
