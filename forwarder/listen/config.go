package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"time"

	"sluice/secret"
)

// Certs provides the server's certificate, which may change at any time.
type Certs interface {
	// Server is for all handshakes.
	Server() *tls.Config
	// PeerName is what the client's certificate calls it.
	PeerName(tls.ConnectionState) string
	// Run looks for changes until ctx ends.
	Run(ctx context.Context)
}

// TLS is the section inputs.forward.tls. Nothing set: the ports speak plain
// TCP.
type TLS struct {
	Cert       string `conf:"cert"`                  // PEM file
	Key        string `conf:"key"`                   // PEM file
	Passphrase string `conf:"key_passphrase,secret"` // of the key
	ClientCA   string `conf:"client_ca"`             // PEM file; set: clients must have a certificate of it
	MinVersion string `conf:"min_version,oneof=|1.2|1.3"`
	// PeerNameKey is the field that gets the name in the client's certificate.
	PeerNameKey string `conf:"peer_name_key"`
}

// Config is the section inputs.forward.
type Config struct {
	secret.Files // what shared_key is when its file changes

	// Listen are the TCP addresses, host:port.
	Listen []string `conf:"listen"`
	// Unix is the path of a unix socket, and UnixMode its mode, in octal.
	Unix     string `conf:"unix"`
	UnixMode string `conf:"unix_mode"`
	// UDPHeartbeat answers heartbeats on the TCP addresses' ports.
	UDPHeartbeat bool `conf:"udp_heartbeat"`
	TLS          TLS  `conf:"tls"`
	// SharedKey and Users are what a client must know; either makes the
	// handshake a must. SelfHostname is the server's name in it; empty: the host's.
	SharedKey    string `conf:"shared_key,secret"`
	Users        []User `conf:"users"`
	SelfHostname string `conf:"self_hostname"`
	// Clients are those of whom something else is asked. The first that fits counts.
	Clients []Client `conf:"clients"`
	// AddressKey is the field that gets the client's address, HostnameKey the one
	// that gets its name, which is asked for once a connection.
	AddressKey  string `conf:"source_address_key"`
	HostnameKey string `conf:"source_hostname_key"`
	// Allow and Deny are networks and addresses. Deny counts for more; an empty
	// Allow allows all.
	Allow []string `conf:"allow"`
	Deny  []string `conf:"deny"`
	// MaxChunk bounds a frame, MaxUnpacked what comes out of a compressed one; 0:
	// 16 times MaxChunk. More than MaxChunk comes out in pieces.
	MaxChunk    int64 `conf:"max_chunk,size"`
	MaxUnpacked int64 `conf:"max_unpacked,size"`
	// MaxConnections bounds the connections open at once, and MaxPerClient those
	// of one address; further ones are closed at once. 0: no bound.
	MaxConnections int `conf:"max_connections"`
	MaxPerClient   int `conf:"max_connections_per_client"`
	// FrameTimeout is how long a frame may take from its first byte to its last.
	FrameTimeout time.Duration `conf:"frame_timeout"`
	// IdleTimeout is how long a client may be silent between frames; 0: for ever.
	IdleTimeout time.Duration `conf:"idle_timeout"`
	// AckTimeout is how long a client may leave its acks unread.
	AckTimeout time.Duration `conf:"ack_timeout"`

	// Certs makes the TCP addresses speak TLS. Set by the program, from TLS.
	Certs Certs
	// Dead keeps what cannot be taken apart; nil: the connection of a chunk that
	// cannot be unpacked is closed without an acknowledgement, and bad entries
	// are only counted.
	Dead DeadLetters
	// Memory is what the frames of all connections may hold together, in bytes,
	// beside 4 KiB each and one frame at a time that is let through in any case.
	// Set by the program, from memory_limit.
	Memory int64
	// GreetTimeout is how long TLS and the handshake may take together.
	GreetTimeout time.Duration
	// DrainTimeout is how long acks are still given out after the stop. Set by
	// the program, from shutdown_grace.
	DrainTimeout time.Duration
	// EOFTimeout is how long acks are waited for when the client has sent its
	// last byte. Clients give up after some 190 s.
	EOFTimeout time.Duration
}

// DefaultConfig is what holds where nothing is said.
func DefaultConfig() Config {
	return Config{
		Listen:         []string{":24224"},
		UnixMode:       "0660",
		UDPHeartbeat:   true,
		MaxChunk:       16 << 20,
		MaxConnections: 4096,
		FrameTimeout:   60 * time.Second,
		AckTimeout:     30 * time.Second,
		Memory:         16 << 20,
		GreetTimeout:   10 * time.Second,
		DrainTimeout:   25 * time.Second,
		EOFTimeout:     5 * time.Minute,
	}
}

func (c *Config) validate() error {
	mode, modeErr := strconv.ParseUint(c.UnixMode, 8, 9)
	switch {
	case len(c.Listen) == 0 && c.Unix == "":
		return errors.New("inputs.forward.listen is empty: give at least one address, such as :24224")
	case modeErr != nil || mode&0o222 == 0:
		return fmt.Errorf("inputs.forward.unix_mode is %q: write an octal mode that lets somebody write, such as 0660", c.UnixMode)
	case c.MaxChunk < 1<<10 || c.MaxChunk > 1<<30:
		return fmt.Errorf("inputs.forward.max_chunk is %d bytes: give between 1KiB and 1GiB", c.MaxChunk)
	case c.MaxUnpacked != 0 && (c.MaxUnpacked < 1<<10 || c.MaxUnpacked > 1<<30):
		return fmt.Errorf("inputs.forward.max_unpacked is %d bytes: give between 1KiB and 1GiB, or 0 for 16 times max_chunk", c.MaxUnpacked)
	case c.MaxConnections < 0:
		return fmt.Errorf("inputs.forward.max_connections is %d: give 0 for no bound, or more", c.MaxConnections)
	case c.MaxPerClient < 0:
		return fmt.Errorf("inputs.forward.max_connections_per_client is %d: give 0 for no bound, or more", c.MaxPerClient)
	case c.IdleTimeout < 0:
		return fmt.Errorf("inputs.forward.idle_timeout is %v: give 0s for none, or more", c.IdleTimeout)
	case c.FrameTimeout <= 0, c.AckTimeout <= 0, c.GreetTimeout <= 0, c.DrainTimeout < 0, c.EOFTimeout <= 0:
		return errors.New("inputs.forward: frame_timeout and ack_timeout must be above 0s")
	}
	return c.TLS.validate(c.Certs)
}

// validate refuses what would leave a port open that is meant to be guarded.
func (t *TLS) validate(certs Certs) error {
	switch {
	case t.Cert == "" && *t != TLS{}:
		return errors.New("inputs.forward.tls.cert is empty and another setting of tls is not: set cert and key too")
	case t.Cert != "" && t.Key == "":
		return errors.New("inputs.forward.tls.key is empty: name the file of the certificate's private key")
	case t.PeerNameKey != "" && t.ClientCA == "":
		return errors.New("inputs.forward.tls.peer_name_key needs client_ca: without it clients have no certificate")
	case t.Cert != "" && certs == nil:
		return errors.New("BUG: inputs.forward.tls is set and nothing provides the certificates")
	}
	return nil
}

func (c *Config) maxUnpacked() int {
	if c.MaxUnpacked == 0 {
		return int(min(16*c.MaxChunk, 1<<30))
	}
	return int(c.MaxUnpacked)
}

// heldUnpacked is how much of it is held at once.
func (c *Config) heldUnpacked() int { return min(c.maxUnpacked(), int(c.MaxChunk)) }
