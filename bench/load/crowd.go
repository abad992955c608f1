package load

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/bench/mark"
	"sluice/wire"
)

// CrowdConfig says which connections are there at once.
type CrowdConfig struct {
	Addr        string // host:port
	Connections int
	Slow        bool // begins frames and does not end them; else each sends one event and is silent
	Stream      int  // the events' stream
}

// crowdAtOnce is how many connections are being opened at one time.
const crowdAtOnce = 64

// Crowd opens connections, calls opened when the server has taken from each
// what it sends at once, and holds them until ctx ends. made is how many events
// are acknowledged.
func Crowd(ctx context.Context, cfg CrowdConfig, opened func(made int64)) error {
	if cfg.Connections < 1 || cfg.Connections > mark.MaxSeq {
		return fmt.Errorf("%d connections: want 1 or more", cfg.Connections)
	}
	conns := make([]net.Conn, cfg.Connections)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	each := func(do func(i int) error) error { return atOnce(ctx, cfg.Connections, do) }
	var d net.Dialer
	err := each(func(i int) (err error) {
		conns[i], err = d.DialContext(ctx, "tcp", cfg.Addr)
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot open %d connections (ulimit -n?): %w", cfg.Connections, err)
	}
	if !cfg.Slow {
		if err := each(func(i int) error { return introduce(conns[i], cfg.Stream, i) }); err != nil {
			return err
		}
		opened(int64(cfg.Connections))
		<-ctx.Done()
		return nil
	}
	if err := each(func(i int) error { return begin(conns[i], i) }); err != nil {
		return err
	}
	opened(0)
	return dribble(ctx, conns)
}

// atOnce does something for each of n, some at a time.
func atOnce(ctx context.Context, n int, do func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for first := range crowdAtOnce {
		wg.Go(func() {
			for i := first; i < n && ctx.Err() == nil; i += crowdAtOnce {
				if err := do(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// introduce sends one event and waits for its ack: every other connection as a
// Message, the rest as a PackedForward frame.
func introduce(conn net.Conn, stream, i int) error {
	text := mark.Append(nil, mark.Mark{Stream: stream, Seq: int64(i) + 1})
	record := msgp.AppendStringFromBytes(msgp.AppendString(msgp.AppendMapHeader(nil, 1), "message"), text)
	now := time.Now()
	at := wire.Time{Sec: now.Unix(), Nsec: uint32(now.Nanosecond())}
	chunk := fmt.Sprintf("crowd-%d-%d", stream, i)
	frame := wire.AppendMessage(nil, "bench.crowd", at, record, wire.Send{Chunk: chunk})
	if i%2 == 1 {
		frame = wire.AppendPacked(nil, "bench.crowd", wire.AppendEntry(nil, at, record), wire.Send{Chunk: chunk})
	}
	if _, err := conn.Write(frame); err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	got, err := readAck(msgp.NewReader(bufio.NewReaderSize(conn, 64)))
	if err == nil && got != chunk {
		err = fmt.Errorf("%q came for %q", got, chunk)
	}
	if err != nil {
		return fmt.Errorf("no acknowledgement: %w", err)
	}
	return nil
}

// begun are the ways in which a frame begins here: a byte, a promise of
// 15 MiB, more than a connection has for itself, and a promise of 2 GiB.
var begun = [...][]byte{
	[]byte("\x93"),
	[]byte("\x93\xa1a\xc6\x00\xf0\x00\x00abc"),
	append([]byte("\x93\xa1a\xc6\x00\x00\x60\x00"), make([]byte, 12<<10)...),
	[]byte("\x93\xa1a\xdb\x80\x00\x00\x00abc"),
}

func begin(conn net.Conn, i int) error {
	if _, err := conn.Write(begun[i%len(begun)]); err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	return nil
}

// dribble sends a byte a second on every connection. Those that promised too
// much are closed by the server, and made again with the next byte.
func dribble(ctx context.Context, conns []net.Conn) error {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		for i, c := range conns {
			if i%len(begun) != len(begun)-1 {
				c.Write([]byte{0xc0}) // an error: it took too long for a frame, and is closed
				continue
			}
			if again, err := net.Dial("tcp", c.RemoteAddr().String()); err == nil {
				c.Close()
				conns[i] = again
				again.Write(begun[len(begun)-1])
			}
		}
	}
}
