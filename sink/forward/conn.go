package forward

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"sluice/secret"
	"sluice/wire"
)

// maxAnswer bounds what a server may say in one frame, in bytes.
const maxAnswer = 64 << 10

// conn is a connection that is through with TLS and handshake.
type conn struct {
	nc    net.Conn
	r     *wire.Reader
	until time.Time // when it is too old to be used again; zero: never
	idle  time.Time // when it was last used
	used  bool      // it was, at least once
}

func (c *conn) close() { _ = c.nc.Close() }

// guard ends what the connection waits for when ctx does; call done after.
func guard(ctx context.Context, nc net.Conn) (done func() bool) {
	return context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
}

// exchange writes the parcel and reads the answers that are due.
func (c *conn) exchange(ctx context.Context, p *parcel, sendTimeout, ackTimeout time.Duration) error {
	if err := c.nc.SetDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	done := guard(ctx, c.nc)
	defer done()
	p.rest = append(p.rest[:0], p.bufs...) // WriteTo takes it apart
	if _, err := p.rest.WriteTo(c.nc); err != nil {
		return c.refused(err, sendTimeout)
	}
	if err := c.nc.SetDeadline(time.Now().Add(ackTimeout)); err != nil {
		return err
	}
	if ctx.Err() != nil { // the deadline just set may have undone the guard's
		return ctx.Err()
	}
	for _, id := range p.acks {
		if err := c.ack(id, ackTimeout); err != nil {
			return err
		}
	}
	return nil
}

// refused finds out what a server that ends a connection had to say.
func (c *conn) refused(err error, timeout time.Duration) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("it did not take a chunk within %v: %w", timeout, err)
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(time.Second))
	if f, readErr := c.r.Next(); readErr == nil {
		return fmt.Errorf("%w: %w", unexpected(&f), err)
	}
	return err
}

func (c *conn) ack(id string, timeout time.Duration) error {
	f, err := c.r.Next()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("it did not acknowledge a chunk within %v: %w", timeout, err)
	}
	if err != nil {
		return fmt.Errorf("the connection ended before the acknowledgement: %w", err)
	}
	chunk, ok := wire.ReadAck(&f)
	if !ok {
		return unexpected(&f)
	}
	if got, _ := wire.Bytes(chunk); string(got) != id {
		return errors.New("it acknowledged another chunk than the one sent")
	}
	return nil
}

// unexpected says what a server sent instead of an acknowledgement.
func unexpected(f *wire.Frame) error {
	if _, ok := wire.ReadHelo(f); ok {
		return errors.New("it asks for the handshake: set shared_key, or username and password")
	}
	if pong, ok := wire.ReadPong(f); ok && !pong.OK {
		return fmt.Errorf("it refuses the connection: %.200q", pong.Reason)
	}
	return errors.New("it sent something that is no acknowledgement")
}

// dial makes a connection: TCP, TLS, handshake, all within connect_timeout.
func (s *Sink) dial(ctx context.Context, srv *server) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.connectTimeout)
	defer cancel()
	nc, err := s.dialTCP(ctx, srv)
	if err != nil {
		return nil, err
	}
	if s.certs != nil {
		t := tls.Client(nc, s.tlsConfig(srv))
		if err := t.HandshakeContext(ctx); err != nil {
			_ = nc.Close()
			return nil, fmt.Errorf("TLS: %w", err)
		}
		nc = t
	}
	c := &conn{nc: nc, r: wire.NewReader(nc, maxAnswer), idle: time.Now()}
	if s.maxAge > 0 {
		c.until = c.idle.Add(jitter(s.maxAge))
	}
	if srv.proof != (proof{}) {
		if err := s.handshake(ctx, c, srv); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// now is a secret as it is now; nil: there is none.
func (s *Sink) now(v *secret.Value) []byte { return []byte(v.Get(s.log)) }

// handshake is the client's half: HELO, PING, PONG.
func (s *Sink) handshake(ctx context.Context, c *conn, srv *server) error {
	done := guard(ctx, c.nc)
	defer done()
	f, err := c.r.Next()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("it did not begin the handshake within %v: it has no shared key, or is no Forward server", s.connectTimeout)
	}
	if err != nil {
		return fmt.Errorf("the connection ended before the handshake: %w", err)
	}
	helo, ok := wire.ReadHelo(&f)
	if !ok {
		return errors.New("it began with something that is no HELO")
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	own, salt, key := []byte(s.hostname), hex.AppendEncode(nil, salt), s.now(srv.proof.key)
	nonce := append([]byte(nil), helo.Nonce...)
	ping := wire.Ping{Hostname: own, Salt: salt, KeyDigest: wire.Digest(salt, own, nonce, key)}
	if len(helo.Auth) > 0 {
		ping.Username = []byte(srv.proof.user)
		ping.PasswordDigest = wire.Digest(helo.Auth, ping.Username, s.now(srv.proof.password))
	}
	if _, err := c.nc.Write(wire.AppendPing(nil, ping)); err != nil {
		return fmt.Errorf("cannot send the handshake's PING: %w", err)
	}
	if f, err = c.r.Next(); err != nil {
		return fmt.Errorf("it ended the connection instead of answering the handshake (it may have another shared key): %w", err)
	}
	pong, ok := wire.ReadPong(&f)
	switch {
	case !ok:
		return errors.New("it answered the handshake with something that is no PONG")
	case !pong.OK:
		return refusal{error: fmt.Errorf("it refuses the handshake: %.200q", pong.Reason)}
	case string(pong.Hostname) == s.hostname: // else it could give back our own digest
		return refusal{error: fmt.Errorf("it has the same self_hostname as this Sluice, %q: set self_hostname", s.hostname)}
	case subtle.ConstantTimeCompare(pong.Digest, wire.Digest(salt, pong.Hostname, nonce, key)) != 1:
		return refusal{error: errors.New("it does not know the shared key")}
	}
	return c.nc.SetDeadline(time.Time{})
}
