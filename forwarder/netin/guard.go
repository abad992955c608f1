package netin

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Guard is a listener that turns away whom the door does not let in, and who
// comes when Most connections are open (0: any number). An error of the system
// (no descriptor left, say) is waited out.
type Guard struct {
	net.Listener
	Door    *Door
	Most    int
	Log     *Sparse
	Refused func() // counts; may be nil

	open atomic.Int64
}

// Accept implements net.Listener.
func (g *Guard) Accept() (net.Conn, error) {
	wait := time.Duration(0)
	for {
		nc, err := g.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			g.Log.Warn("cannot accept a connection", slog.Any("error", err))
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			time.Sleep(wait)
			continue
		}
		wait = 0
		host := HostOf(nc.RemoteAddr().String())
		switch {
		case !g.Door.Admits(host):
			g.turnAway(nc, "connection refused: the network is denied, or not allowed")
		case g.Most > 0 && g.open.Load() >= int64(g.Most):
			g.turnAway(nc, "connection refused: as many are open as may be")
		case !g.Door.Enter(host):
			g.turnAway(nc, "connection refused: this client has as many open as it may")
		default:
			g.open.Add(1)
			return &guarded{Conn: nc, leave: sync.OnceFunc(func() {
				g.open.Add(-1)
				g.Door.Leave(host)
			})}, nil
		}
	}
}

func (g *Guard) turnAway(nc net.Conn, text string) {
	if g.Refused != nil {
		g.Refused()
	}
	g.Log.Warn(text, slog.String("peer", nc.RemoteAddr().String()))
	nc.Close()
}

// guarded is a connection that was let in.
type guarded struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *guarded) Close() error {
	c.leave()
	return c.Conn.Close()
}

// HostOf is where a connection or datagram comes from; not valid: from a unix
// socket.
func HostOf(address string) netip.Addr {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
