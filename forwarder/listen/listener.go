package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/netin"
)

// source is this input's name in metrics and accounts.
const source = "forward"

// Out is where batches go; see forwarder.Out.
type Out interface {
	Admit(tag string) (wait <-chan struct{})
	Emit(ctx context.Context, b *event.Batch) error
}

// Listener is the server.
type Listener struct {
	cfg     Config
	ledger  *ledger.Ledger
	log     *slog.Logger
	metrics *metrics
	base    *event.Fragment
	tls     *tls.Config // of all connections, so that sessions can be resumed; nil: the ports speak plain TCP
	auth    *auth       // nil: clients are not asked
	door    *netin.Door
	room    *netin.Room
	pending pendingSet
	lookup  func(ctx context.Context, address string) (names []string, err error)
	open    atomic.Int64 // connections

	badLog, closeLog, acceptLog, refuseLog netin.Sparse

	mu    sync.Mutex
	socks []net.Listener
	beats []*net.UDPConn
}

// New makes a listener; base, which may be nil, is what is true of all records.
func New(cfg Config, l *ledger.Ledger, log *slog.Logger, reg prometheus.Registerer, base *event.Fragment) (*Listener, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	a, err := newAuth(&cfg, log)
	if err != nil {
		return nil, err
	}
	d, err := netin.NewDoor("inputs.forward.", cfg.Allow, cfg.Deny, cfg.MaxPerClient)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, err
	}
	var secure *tls.Config
	if cfg.Certs != nil {
		secure = cfg.Certs.Server()
	}
	return &Listener{
		cfg: cfg, ledger: l, log: log, metrics: m, base: base,
		tls: secure, auth: a, door: d, room: netin.NewRoom(cfg.Memory), lookup: lookup,
		badLog:    netin.Sparse{Log: log, Every: 10 * time.Second},
		closeLog:  netin.Sparse{Log: log, Every: time.Second},
		acceptLog: netin.Sparse{Log: log, Every: 10 * time.Second},
		refuseLog: netin.Sparse{Log: log, Every: 10 * time.Second},
	}, nil
}

// Run serves until ctx ends. Then nothing more is accepted or read, acks still
// owed are given out as they become due, for at most the drain timeout, and
// when Run returns all its goroutines are gone. It runs once.
func (l *Listener) Run(ctx context.Context, out Out) error {
	if err := l.Listen(ctx); err != nil {
		return err
	}
	hard, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	var sockets, conns sync.WaitGroup
	for _, s := range l.socks {
		l.log.Info("listening for the Forward protocol", "network", s.Addr().Network(), "address", s.Addr().String(),
			"tls", l.secure(s.Addr()), "handshake", l.auth != nil)
		sockets.Go(func() {
			l.accept(ctx, s, func(nc net.Conn) {
				conns.Go(func() { l.serve(ctx, hard, nc, out) })
			})
		})
	}
	for _, pc := range l.beats {
		sockets.Go(func() { l.beat(ctx, pc) })
	}
	if l.cfg.Certs != nil {
		sockets.Go(func() { l.cfg.Certs.Run(ctx) })
	}
	<-ctx.Done()
	l.closeSockets()
	drain := time.AfterFunc(l.cfg.DrainTimeout, giveUp)
	defer drain.Stop()
	sockets.Wait()
	conns.Wait()
	return nil
}

// secure reports whether TLS is spoken at an address.
func (l *Listener) secure(a net.Addr) bool { return l.tls != nil && a.Network() == "tcp" }

// accept takes connections until the socket is closed. An error (no file
// descriptor left, say) is waited out.
func (l *Listener) accept(ctx context.Context, s net.Listener, start func(net.Conn)) {
	wait := time.Duration(0)
	for {
		nc, err := s.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			l.acceptLog.Warn("cannot accept a connection", slog.Any("error", err))
			wait = pause(ctx, wait)
			continue
		}
		wait = 0
		host := netin.HostOf(nc.RemoteAddr().String())
		switch {
		case !l.door.Admits(host):
			l.turnAway(nc, "network", "connection refused: the network is denied, or not allowed")
		case l.cfg.MaxConnections > 0 && l.open.Load() >= int64(l.cfg.MaxConnections):
			l.turnAway(nc, "connections", "connection refused: max_connections are open", slog.Int("max_connections", l.cfg.MaxConnections))
		case !l.door.Enter(host):
			l.turnAway(nc, "client", "connection refused: max_connections_per_client are open", slog.Int("max_connections_per_client", l.cfg.MaxPerClient))
		default:
			l.open.Add(1)
			start(nc)
		}
	}
}

// turnAway closes a connection nobody has read of.
func (l *Listener) turnAway(nc net.Conn, door, text string, attrs ...slog.Attr) {
	l.metrics.refused[door].Inc()
	l.refuseLog.Warn(text, append(attrs, slog.String("peer", nc.RemoteAddr().String()))...)
	nc.Close()
}

func (l *Listener) serve(ctx, hard context.Context, nc net.Conn, out Out) {
	l.metrics.connections.Inc()
	c := newConn(ctx, hard, l, nc, out)
	defer func() {
		l.metrics.connections.Dec()
		l.door.Leave(c.host)
		l.open.Add(-1)
	}()
	c.run()
}
