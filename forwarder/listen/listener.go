package listen

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
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
	pending pendingSet
	open    atomic.Int64 // connections

	badLog, closeLog, acceptLog sparse

	mu    sync.Mutex
	socks []net.Listener
}

// New makes a listener; base, which may be nil, is what is true of all records.
func New(cfg Config, l *ledger.Ledger, log *slog.Logger, reg prometheus.Registerer, base *event.Fragment) (*Listener, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, err
	}
	return &Listener{
		cfg: cfg, ledger: l, log: log, metrics: m, base: base,
		badLog:    sparse{log: log, every: 10 * time.Second},
		closeLog:  sparse{log: log, every: time.Second},
		acceptLog: sparse{log: log, every: 10 * time.Second},
	}, nil
}

// Listen binds the addresses; Run does it when it was not done before.
func (l *Listener) Listen(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.socks != nil {
		return nil
	}
	var lc net.ListenConfig
	for _, addr := range l.cfg.Listen {
		s, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			for _, s := range l.socks {
				s.Close()
			}
			l.socks = nil
			return fmt.Errorf("cannot listen for the Forward protocol (inputs.forward.listen %s): %w", addr, err)
		}
		l.socks = append(l.socks, s)
	}
	return nil
}

// Addrs are the bound addresses, after Listen.
func (l *Listener) Addrs() (addrs []net.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.socks {
		addrs = append(addrs, s.Addr())
	}
	return addrs
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
	var acceptors, conns sync.WaitGroup
	for _, s := range l.socks {
		l.log.Info("listening for the Forward protocol", "address", s.Addr().String())
		acceptors.Go(func() {
			l.accept(ctx, s, func(nc net.Conn) {
				conns.Go(func() { l.serve(ctx, hard, nc, out) })
			})
		})
	}
	<-ctx.Done()
	for _, s := range l.socks {
		s.Close()
	}
	drain := time.AfterFunc(l.cfg.DrainTimeout, giveUp)
	defer drain.Stop()
	acceptors.Wait()
	conns.Wait()
	return nil
}

// accept takes connections until the socket is closed. An error (no file
// descriptor left, say) is waited out.
func (l *Listener) accept(ctx context.Context, s net.Listener, start func(net.Conn)) {
	const slowest = time.Second
	wait := time.Duration(0)
	for {
		nc, err := s.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			l.acceptLog.warn("cannot accept a connection", slog.Any("error", err))
			wait = min(max(2*wait, 5*time.Millisecond), slowest)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			continue
		case l.cfg.MaxConnections > 0 && l.open.Load() >= int64(l.cfg.MaxConnections):
			l.acceptLog.warn("connection refused: max_connections are open",
				slog.String("peer", nc.RemoteAddr().String()), slog.Int("max_connections", l.cfg.MaxConnections))
			nc.Close()
		default:
			l.open.Add(1)
			start(nc)
		}
		wait = 0
	}
}

func (l *Listener) serve(ctx, hard context.Context, nc net.Conn, out Out) {
	l.metrics.connections.Inc()
	defer func() {
		l.metrics.connections.Dec()
		l.open.Add(-1)
	}()
	newConn(ctx, hard, l, nc, out).run()
}
