package load

import (
	"bufio"
	"context"
	"fmt"
	"net"

	"github.com/tinylib/msgp/msgp"
)

// link is one connection with the goroutine that reads its acks.
type link struct {
	conn    net.Conn
	out     *bufio.Writer
	acks    chan string   // chunk ids; closed when the connection ends
	closing chan struct{} // closed by close
	free    func() bool   // ends the watch over the context
}

// dial connects; the connection ends with ctx. frames is how many acks can be
// outstanding: all have room, so that nobody's reading holds up the server.
func dial(ctx context.Context, addr string, frames int) (*link, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot connect: %w", err)
	}
	l := &link{conn: conn, out: bufio.NewWriterSize(conn, 32<<10), acks: make(chan string, frames), closing: make(chan struct{})}
	l.free = context.AfterFunc(ctx, func() { conn.Close() })
	go l.read()
	return l, nil
}

// read passes acks on until the connection ends.
func (l *link) read() {
	defer close(l.acks)
	r := msgp.NewReader(l.conn)
	for {
		chunk, err := readAck(r)
		if err != nil {
			return
		}
		select {
		case l.acks <- chunk:
		case <-l.closing:
			return
		}
	}
}

// readAck reads {"ack": chunk}.
func readAck(r *msgp.Reader) (chunk string, err error) {
	n, err := r.ReadMapHeader()
	for ; err == nil && n > 0; n-- {
		var key string
		if key, err = r.ReadString(); err != nil {
			break
		}
		if key == "ack" {
			chunk, err = r.ReadString()
		} else {
			err = r.Skip()
		}
	}
	return chunk, err
}

// close ends the connection; its reader ends soon after and closes acks.
func (l *link) close() {
	l.free()
	close(l.closing)
	l.conn.Close()
}
