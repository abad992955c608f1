package listen

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"sluice/event"
	"sluice/secret"
	"sluice/wire"
)

// maxPing bounds what is read of a client that is not known yet, in bytes.
const maxPing = 8 << 10

// auth is what clients must know. Users without a shared key are asked for
// all the same: the key is empty then.
type auth struct {
	name    string // what the server calls itself
	key     *secret.Value
	users   map[string]*secret.Value // nil: none is asked for
	clients []client                 // what holds for some; the first that fits counts
	log     *slog.Logger
}

// newAuth returns nil when nothing is configured that a client must know.
func newAuth(cfg *Config, log *slog.Logger) (*auth, error) {
	if cfg.SharedKey == "" && len(cfg.Users) == 0 {
		if len(cfg.Clients) > 0 {
			return nil, errors.New("inputs.forward.clients say nothing of the others: set shared_key or users too (allow shuts the others out)")
		}
		return nil, nil
	}
	a := &auth{name: cfg.SelfHostname, key: cfg.Value("shared_key", cfg.SharedKey), log: log}
	if a.name == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("cannot tell the host's name (set inputs.forward.self_hostname): %w", err)
		}
		a.name = name
	}
	for i, u := range cfg.Users {
		switch {
		case u.Username == "" || u.Password == "":
			return nil, fmt.Errorf("inputs.forward.users[%d] lacks username or password: write both", i)
		case a.users[u.Username] != nil:
			return nil, fmt.Errorf("inputs.forward.users[%d] has the name of another one: write each once", i)
		case a.users == nil:
			a.users = map[string]*secret.Value{}
		}
		a.users[u.Username] = u.Value("password", u.Password)
	}
	for i := range cfg.Clients {
		c, err := a.client(i, &cfg.Clients[i])
		if err != nil {
			return nil, err
		}
		a.clients = append(a.clients, c)
	}
	return a, nil
}

// check returns why a client is refused, in Fluentd's words; empty: it is not.
// How long it takes does not tell how much of a digest was right.
func (a *auth) check(p *wire.Ping, of client, nonce, salt []byte) string {
	key := subtle.ConstantTimeCompare(p.KeyDigest, wire.Digest(p.Salt, p.Hostname, nonce, a.now(of.key)))
	password, known := a.users[string(p.Username)]
	known = known && of.may(string(p.Username))
	user := subtle.ConstantTimeCompare(p.PasswordDigest, wire.Digest(salt, p.Username, a.now(password)))
	switch {
	case key != 1:
		return "shared_key mismatch"
	case a.users != nil && (!known || user != 1):
		return "username/password mismatch"
	}
	return ""
}

// now is a secret as it is now; nil: nobody's.
func (a *auth) now(v *secret.Value) []byte { return []byte(v.Get(a.log)) }

// refusal ends a connection before its first frame.
type refusal struct {
	door string // label of the metric
	err  error
}

func (r refusal) Error() string { return r.err.Error() }

func (r refusal) Unwrap() error { return r.err }

// open does what comes before the first frame: TLS, then the handshake.
func (c *conn) open() error {
	c.greetBy = time.Now().Add(c.l.cfg.GreetTimeout)
	if t, ok := c.nc.(*tls.Conn); ok {
		if err := c.openTLS(t); err != nil {
			return err
		}
	}
	if c.l.auth != nil {
		if err := c.greet(); err != nil {
			return err
		}
	}
	c.source()
	c.greetBy = time.Time{}
	return nil
}

func (c *conn) openTLS(t *tls.Conn) error {
	if err := t.SetDeadline(c.greetBy); err != nil {
		return err
	}
	c.deadline = c.greetBy
	if c.ctx.Err() != nil { // in this order: see Read
		return c.cause()
	}
	err := t.Handshake()
	switch {
	case err == nil:
	case c.ctx.Err() != nil:
		return c.cause()
	case isEOF(err):
		return errNoHello
	case errors.As(err, new(tls.RecordHeaderError)):
		return refusal{"tls", errors.New("the client does not speak TLS, and this port does (set tls at the client)")}
	default:
		return refusal{"tls", fmt.Errorf("cannot agree on TLS with the client: %w", err)}
	}
	if err := t.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	if key := c.l.cfg.TLS.PeerNameKey; key != "" {
		c.base = withField(c.base, key, c.l.cfg.Certs.PeerName(t.ConnectionState()))
	}
	return nil
}

// errNoHello ends a connection that was closed before it said anything, as
// those that only look whether somebody is there.
var errNoHello = errors.New("closed before the first byte")

// greet speaks first, as the protocol has it, and lets through who knows what
// is configured. The first mistake is the last.
func (c *conn) greet() error {
	var secret [32]byte
	rand.Read(secret[:]) // never fails
	nonce, salt := secret[:16], secret[16:]
	if c.l.auth.users == nil {
		salt = nil
	}
	if err := c.say(wire.AppendHelo(nil, nonce, salt)); err != nil {
		return err
	}
	c.frames.Limit(maxPing)
	err := c.next()
	reason := "invalid ping message"
	var ping wire.Ping
	of := c.l.auth.of(c.host)
	switch {
	case err != nil && !isMalformed(err):
		return err
	case err == nil && !c.frames.JSON():
		var ok bool
		if ping, ok = wire.ReadPing(&c.frame); ok {
			reason = c.l.auth.check(&ping, of, nonce, salt)
		}
	}
	if reason != "" {
		if err := c.say(wire.AppendRefusal(nil, reason)); err != nil {
			return err
		}
		return refusal{"auth", fmt.Errorf("the client is refused: %s", reason)}
	}
	c.frames.Limit(int(c.l.cfg.MaxChunk))
	digest := wire.Digest(ping.Salt, []byte(c.l.auth.name), nonce, c.l.auth.now(of.key))
	return c.say(wire.AppendPong(nil, c.l.auth.name, digest))
}

// say writes a part of the handshake, in one write: there are clients that
// read it with one read.
func (c *conn) say(p []byte) error {
	if err := c.nc.SetWriteDeadline(c.greetBy); err != nil {
		return err
	}
	if c.ctx.Err() != nil {
		return c.cause()
	}
	if _, err := c.nc.Write(p); isEOF(err) {
		return errNoHello
	} else if err != nil {
		return fmt.Errorf("cannot write the handshake: %w", err)
	}
	return nil
}

// isMalformed reports whether err says that bytes came that are no frame.
func isMalformed(err error) bool {
	return errors.Is(err, wire.ErrSyntax) || errors.Is(err, wire.ErrJSON) || errors.As(err, new(wire.TooLargeError))
}

// withField is base, which may be nil, with one more field.
func withField(base *event.Fragment, name, value string) *event.Fragment {
	f := &event.Fragment{}
	if base != nil {
		f = base.Clone()
	}
	f.Fields = append(f.Fields[:len(f.Fields):len(f.Fields)], event.Pair{Name: name, Value: value})
	return f
}
