package forward

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"sluice/secret"
	"sluice/wire"
)

// Certs provides certificates and authorities, which may change at any time.
type Certs interface {
	// Client is for one dial.
	Client(serverName string) *tls.Config
	// Run looks for changes until ctx ends.
	Run(ctx context.Context)
}

// Server is one of the servers.
type Server struct {
	secret.Files // what shared_key and password are when their files change

	Host string `conf:"host,required"`
	Port int    `conf:"port"`
	// Name is for logs, and what the server's certificate must be for; empty: Host.
	Name string `conf:"name"`
	// Weight is its share of the chunks; 0 takes it out.
	Weight int `conf:"weight"`
	// Standby: used only while others are down.
	Standby bool `conf:"standby"`
	// SharedKey, Username and Password go before those of all servers.
	SharedKey string `conf:"shared_key,secret"`
	Username  string `conf:"username"`
	Password  string `conf:"password,secret"`
}

// SetDefaults fills what holds where nothing is said.
func (s *Server) SetDefaults() { s.Port, s.Weight = 24224, 60 }

// TLS is the section forward.tls.
type TLS struct {
	Cert       string `conf:"cert"`                  // PEM file: the own certificate, where the server wants one
	Key        string `conf:"key"`                   // PEM file
	Passphrase string `conf:"key_passphrase,secret"` // of the key
	CA         string `conf:"ca"`                    // PEM file with the authorities to trust; empty: the system's
	MinVersion string `conf:"min_version,oneof=|1.2|1.3"`
	// Verify is how the server's certificate is looked at: full; ca: any name
	// will do; self_signed: as full, or one that vouches for itself; none.
	Verify string `conf:"verify,oneof=full|ca|self_signed|none"`
}

// Config is the section forward.
type Config struct {
	secret.Files // what shared_key and password are when their files change

	Servers []Server `conf:"servers"`
	// SRV is a DNS name whose SRV records name the servers, instead of Servers, as
	// does Find, which the program sets. They are asked again every SRVInterval.
	SRV         string        `conf:"srv"`
	SRVInterval time.Duration `conf:"srv_interval"`
	Find        func(context.Context) ([]Server, error)
	// Transport: empty: tls where the section tls says something, else tcp.
	Transport    string `conf:"transport,oneof=|tcp|tls"`
	TLS          TLS    `conf:"tls"`
	SharedKey    string `conf:"shared_key,secret"`
	Username     string `conf:"username"`
	Password     string `conf:"password,secret"`
	SelfHostname string `conf:"self_hostname"` // empty: the host's name
	// Mode is how events travel: packed in one value, which may be compressed, as
	// an array of entries, or each in a frame of its own.
	Mode          string `conf:"mode,oneof=packed|forward|message"`
	Compress      string `conf:"compress,oneof=zstd|gzip|text"` // of mode packed
	TimeAsInteger bool   `conf:"time_as_integer"`               // for servers older than Fluentd 0.14
	IDs           string `conf:"ids,oneof=own|none"`            // none: a repeat doubles
	// MetadataIn is where what is true of a whole container stands: in each record,
	// as every server understands it, or once in the option, for another Sluice.
	MetadataIn string `conf:"metadata,oneof=record|option"`
	// RequireAck: a chunk is delivered when the server has said so.
	RequireAck     bool          `conf:"require_ack_response"`
	AckTimeout     time.Duration `conf:"ack_response_timeout"`
	SendTimeout    time.Duration `conf:"send_timeout"`
	ConnectTimeout time.Duration `conf:"connect_timeout"` // TLS and handshake included
	// Keepalive: a connection is used again; unless it was idle for
	// KeepaliveTimeout, or is older than MaxAge, give or take a tenth. 0: for ever.
	Keepalive        bool          `conf:"keepalive"`
	KeepaliveTimeout time.Duration `conf:"keepalive_timeout"`
	MaxAge           time.Duration `conf:"max_connection_age"`
	DNSRoundRobin    bool          `conf:"dns_round_robin"` // a random one of a host's addresses
	// A server that neither took a chunk nor answered a heartbeat for HardTimeout
	// is down; it is up again when it has answered for RecoverWait.
	HeartbeatType     string        `conf:"heartbeat_type,oneof=transport|udp|none"`
	HeartbeatInterval time.Duration `conf:"heartbeat_interval"`
	HardTimeout       time.Duration `conf:"hard_timeout"`
	RecoverWait       time.Duration `conf:"recover_wait"`
	// PhiDetector: it is down as well when its silence is so long, measured by how
	// regularly it was heard before, that phi is above PhiThreshold.
	PhiDetector  bool    `conf:"phi_failure_detector"`
	PhiThreshold float64 `conf:"phi_threshold"`

	// Metadata: container lines get docker and kubernetes. Set by the program.
	Metadata bool
	// Certs makes connections speak TLS. Set by the program, from TLS.
	Certs Certs
}

// DefaultConfig is the configuration that lacks only the servers.
func DefaultConfig() Config {
	return Config{
		SRVInterval:       time.Minute,
		TLS:               TLS{Verify: "full"},
		Mode:              "packed",
		Compress:          "zstd",
		IDs:               "own",
		MetadataIn:        "record",
		RequireAck:        true,
		AckTimeout:        190 * time.Second,
		SendTimeout:       time.Minute,
		ConnectTimeout:    10 * time.Second,
		Keepalive:         true,
		KeepaliveTimeout:  30 * time.Second,
		MaxAge:            5 * time.Minute,
		DNSRoundRobin:     true,
		HeartbeatType:     "transport",
		HeartbeatInterval: 5 * time.Second,
		HardTimeout:       time.Minute,
		RecoverWait:       10 * time.Second,
		PhiDetector:       true,
		PhiThreshold:      16,
		Metadata:          true,
	}
}

// UseTLS reports whether connections are to speak TLS.
func (c *Config) UseTLS() bool {
	return c.Transport == "tls" || c.Transport == "" && c.TLS != TLS{Verify: "full"}
}

func (c *Config) validate() error {
	switch {
	case len(c.Servers) == 0 && c.SRV == "" && c.Find == nil:
		return errors.New(`forward.servers is empty: write servers: [{ host: "HOST" }]`)
	case c.Find != nil && (c.SRV != "" || len(c.Servers) > 0):
		return errors.New("BUG: forward is told its servers twice")
	case len(c.Servers) > 0 && c.SRV != "":
		return errors.New("forward has both servers and srv: write one of them")
	case c.Transport == "tcp" && c.TLS != TLS{Verify: "full"}:
		return errors.New("forward.transport is tcp and forward.tls is set: write transport: tls")
	case c.MetadataIn == "option" && c.Mode == "message":
		return errors.New("forward.metadata is option and forward.mode is message: write mode: packed or forward")
	case c.UseTLS() && c.Certs == nil:
		return errors.New("BUG: forward speaks TLS and nothing provides the authorities")
	case c.AckTimeout <= 0, c.SendTimeout <= 0, c.ConnectTimeout <= 0, c.HeartbeatInterval <= 0, c.SRVInterval <= 0:
		return errors.New("forward: ack_response_timeout, send_timeout, connect_timeout, heartbeat_interval and srv_interval must be above 0s")
	case c.PhiDetector && !(c.PhiThreshold > 0):
		return errors.New("forward.phi_threshold must be above 0: write 16, or phi_failure_detector: false")
	case c.KeepaliveTimeout < 0, c.MaxAge < 0, c.HardTimeout < 0, c.RecoverWait < 0:
		return errors.New("forward: keepalive_timeout, max_connection_age, hard_timeout and recover_wait must not be below 0s")
	}
	return c.validateServers()
}

func (c *Config) validateServers() error {
	if len(c.Servers) == 0 {
		return nil
	}
	used, known := false, map[string]bool{}
	for i, s := range c.Servers {
		switch name := address(s.Host, s.Port); {
		case s.Host == "":
			return fmt.Errorf("forward.servers[%d].host is empty: write the server's name or address", i)
		case s.Port < 1 || s.Port > 65535:
			return fmt.Errorf("forward.servers[%d].port is %d: write 1 to 65535", i, s.Port)
		case s.Weight < 0:
			return fmt.Errorf("forward.servers[%d].weight is %d: write 0 or more", i, s.Weight)
		case known[name]:
			return fmt.Errorf("forward.servers[%d] is %s, which is there already: write it once, with a larger weight", i, name)
		default:
			known[name] = true
		}
		used = used || s.Weight > 0
	}
	if !used {
		return errors.New("forward.servers have no weight at all: give one of them a weight above 0")
	}
	return nil
}

func (c *Config) codec() wire.Codec {
	switch {
	case c.Mode != "packed":
		return wire.Plain
	case c.Compress == "gzip":
		return wire.GzipCodec
	case c.Compress == "zstd":
		return wire.ZstdCodec
	}
	return wire.Plain
}
