package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"sluice/parser"
)

// Config is one server.
type Config struct {
	Name    string // of the source, in accounts
	Address string // host:port

	Parse     *parser.Parser // what a body is; of JSON, each object
	Timed     *parser.Parser // in its place when the request says the time; nil: Parse
	Whole     bool           // a body is one text, not JSON or msgpack
	TagPrefix string         // before the tag that the path says, with a dot

	AddHeaders  bool // fields HTTP_NAME
	AddQuery    bool // fields QUERY_NAME
	AddAddress  bool // field REMOTE_ADDR
	NoContent   bool // answer with 204 instead of 200
	EmptyImage  bool // answer with a transparent pixel
	Origins     []string
	Credentials bool // of other origins' pages

	MaxBody        int           // bytes, as they come
	MaxUnpacked    int           // bytes, of a compressed body
	RequestTimeout time.Duration // from a request's first byte to its last
	SafeTimeout    time.Duration // how long to wait until its records are safe
	RoomTimeout    time.Duration // how long to wait for room before 503
	Keepalive      time.Duration // how long a connection may be idle
	Drain          time.Duration // how long requests may go on after the stop

	Allow, Deny    []string // networks and addresses
	MaxConnections int      // 0: any number
	Memory         int64    // what the bodies of all requests may hold together, bytes
	Certs          Certs    // nil: plain HTTP
}

// Certs provides the server's certificate, which may change at any time.
type Certs interface {
	Server() *tls.Config
	// Run looks for changes until ctx ends.
	Run(ctx context.Context)
}

// DefaultConfig is Fluentd's, with the limits that there are none of there.
func DefaultConfig() Config {
	return Config{
		Address: "0.0.0.0:9880", MaxBody: 32 << 20, MaxUnpacked: 256 << 20, RequestTimeout: time.Minute, SafeTimeout: 30 * time.Second,
		RoomTimeout: time.Second, Keepalive: 10 * time.Second, Drain: 25 * time.Second, MaxConnections: 4096, Memory: 16 << 20,
	}
}

func (c *Config) validate() error {
	switch {
	case c.Parse == nil:
		return errors.New("BUG: nothing parses bodies")
	case c.MaxBody < 1, c.MaxUnpacked < 1, c.MaxBody > 1<<30, c.MaxUnpacked > 1<<30:
		return fmt.Errorf("bodies of at most %d bytes, unpacked %d, cannot be: give between 1 and 1g", c.MaxBody, c.MaxUnpacked)
	case c.Credentials && (len(c.Origins) == 0 || slices.Contains(c.Origins, "*")):
		return errors.New("credentials need the origins that may use them: name them, without *")
	}
	return nil
}
