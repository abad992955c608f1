package listen

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"sluice/forwarder/netin"
)

// Listen binds the addresses; Run does it when it was not done before.
func (l *Listener) Listen(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.socks != nil {
		return nil
	}
	if err := l.listen(ctx); err != nil {
		l.closeSockets()
		l.socks, l.beats = nil, nil
		return err
	}
	return nil
}

func (l *Listener) listen(ctx context.Context) error {
	var lc net.ListenConfig
	for _, addr := range l.cfg.Listen {
		s, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			return fmt.Errorf("cannot listen for the Forward protocol (inputs.forward.listen %s): %w", addr, err)
		}
		l.socks = append(l.socks, s)
		if !l.cfg.UDPHeartbeat {
			continue
		}
		// The same port: clients know no other. Without it they see us by TCP.
		pc, err := lc.ListenPacket(ctx, "udp", s.Addr().String())
		if err != nil {
			l.log.Warn("heartbeats by UDP are not answered", "address", s.Addr().String(), "error", err)
			continue
		}
		l.beats = append(l.beats, pc.(*net.UDPConn))
	}
	if l.cfg.Unix != "" {
		s, err := netin.ListenUnix(ctx, l.cfg.Unix, l.cfg.UnixMode)
		if err != nil {
			return fmt.Errorf("cannot listen for the Forward protocol (inputs.forward.unix %s): %w", l.cfg.Unix, err)
		}
		l.socks = append(l.socks, s)
	}
	return nil
}

func (l *Listener) closeSockets() {
	for _, s := range l.socks {
		s.Close()
	}
	for _, pc := range l.beats {
		pc.Close()
	}
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

// beat answers heartbeats by UDP until the socket is closed: one byte for any
// datagram, which is no use to whoever forges a sender's address. While we stop there is no answer, so that
// clients turn elsewhere.
func (l *Listener) beat(ctx context.Context, pc *net.UDPConn) {
	var none [1]byte
	var wait time.Duration
	for {
		_, from, err := pc.ReadFromUDPAddrPort(none[:])
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return
		}
		if err != nil {
			l.acceptLog.Warn("cannot read heartbeats", slog.Any("error", err))
			wait = pause(ctx, wait)
			continue
		}
		wait = 0
		if l.door.Admits(from.Addr().Unmap()) {
			pc.WriteToUDPAddrPort([]byte{0}, from) // a heartbeat that is lost is followed by the next one
		}
	}
}

// pause waits twice as long as last time, at most a second, and returns how
// long that was.
func pause(ctx context.Context, last time.Duration) time.Duration {
	wait := min(max(2*last, 5*time.Millisecond), time.Second)
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
	return wait
}
