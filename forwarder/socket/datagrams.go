package socket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sluice/event"
	"sluice/forwarder/netin"
)

// datagrams reads the UDP socket until ctx ends.
func (s *Server) datagrams(ctx context.Context, out netin.Out) error {
	raw, err := s.udp.SyscallConn()
	if err != nil {
		return fmt.Errorf("cannot read the socket: %w", err)
	}
	m := s.maker("udp:"+s.udp.LocalAddr().String(), out)
	defer m.feed.Close()
	r := &datagramReader{s: s, m: m, named: s.cfg.AddressKey != "" || s.cfg.HostnameKey != "" || len(s.cfg.Allow)+len(s.cfg.Deny) > 0}
	for wait := time.Duration(0); ; {
		if m.feed.Wait(ctx, m.tag) != nil {
			return nil
		}
		m.begin(r.arena)
		err := raw.Read(r.some)
		if err == nil {
			err = r.err
		}
		stopped := ctx.Err() != nil || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded)
		if err != nil && !stopped {
			s.bad.Warn("cannot read datagrams", slog.Any("error", err))
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}
		if r.arena, err = m.flush(ctx); err != nil {
			return err
		}
		s.countLost(raw, &r.drops)
		if stopped {
			return nil
		}
	}
}

// datagramReader reads what has come, as far as a batch goes.
type datagramReader struct {
	s     *Server
	m     *maker
	named bool // senders' addresses are needed
	arena []byte
	drops uint32 // of the kernel, as counted so far
	err   error
}

// some reads datagrams without waiting; false: there is none, wait.
func (r *datagramReader) some(fd uintptr) (done bool) {
	r.err = nil
	limit := r.s.cfg.MaxMessage
	for {
		b := &r.m.b
		at := len(b.Arena)
		if cap(b.Arena)-at < limit+1 {
			b.Arena = append(make([]byte, 0, max(2*cap(b.Arena), at+limit+1)), b.Arena...)
		}
		n, from, err := r.receive(int(fd), b.Arena[at:at+limit+1])
		switch {
		case err == unix.EAGAIN:
			return done
		case err == unix.EINTR:
			continue
		case err != nil:
			r.err = err
			return true
		}
		done = true
		r.one(at, n, from)
		if r.m.full() || len(b.Arena) >= maxBytes {
			return true
		}
	}
}

// receive reads one datagram. Only where the sender's address is needed is
// something allocated for it.
func (r *datagramReader) receive(fd int, p []byte) (n int, from netip.Addr, err error) {
	if !r.named {
		n, err = unix.Read(fd, p)
		return n, from, err
	}
	n, sa, err := unix.Recvfrom(fd, p, 0)
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		from = netip.AddrFrom4(a.Addr)
	case *unix.SockaddrInet6:
		from = netip.AddrFrom16(a.Addr).Unmap()
	}
	return n, from, err
}

// one makes a record of the datagram at the arena's end.
func (r *datagramReader) one(at, n int, from netip.Addr) {
	if r.named && !r.s.door.Admits(from) {
		r.s.metrics.refused.Inc()
		return
	}
	flags := event.Flags(0)
	if n > r.s.cfg.MaxMessage {
		n, flags = r.s.cfg.MaxMessage, event.Truncated
		r.s.metrics.truncated.Inc()
	}
	b := &r.m.b
	b.Arena = b.Arena[:at+n]
	end := at + n
	if r.s.cfg.RemoveNewline {
		end = at + len(bytes.TrimRight(b.Arena[at:], "\r\n"))
	}
	name := ""
	if r.named {
		name = from.String()
	}
	r.m.add(at, end, flags, name)
}

// countLost counts what the kernel dropped since the last time.
func (s *Server) countLost(raw syscall.RawConn, seen *uint32) {
	now := *seen
	raw.Control(func(fd uintptr) {
		if n, ok := drops(fd); ok {
			now = n
		}
	})
	if lost := now - *seen; lost > 0 { // also when the counter went round
		s.metrics.lost.Add(float64(lost))
		s.bad.Warn("datagrams were lost: the kernel dropped them because they were not read in time", slog.Uint64("datagrams", uint64(lost)))
		*seen = now
	}
}

// The socket option SO_MEMINFO fills an array of which the ninth is the
// datagrams dropped (linux/sock_diag.h, SK_MEMINFO_DROPS).
const (
	soMemInfo = 55
	dropsAt   = 8
)

func drops(fd uintptr) (n uint32, ok bool) {
	var info [dropsAt + 1]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, soMemInfo,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	return info[dropsAt], errno == 0 && size >= uint32(unsafe.Sizeof(info))
}
