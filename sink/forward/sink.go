package forward

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/wire"
)

type mode uint8

const (
	modePacked mode = iota
	modeForward
	modeMessage
)

// Sink implements forwarder.Sink and Runner: Run sends heartbeats and asks again
// what servers there are; without it servers are used all the same.
type Sink struct {
	log *slog.Logger

	mode         mode
	codec        wire.Codec
	acked        bool
	helloWait    time.Duration // 0: no server's HELO is waited for
	ids          bool
	wholeSeconds bool
	metadata     bool
	inOption     bool // it goes into the option, not into the records
	fragmentOf   func(*event.Fragment) any
	bare         fragment
	encoders     sync.Pool // of *encoder
	parcels      sync.Pool // of *parcel
	deflaters    sync.Pool // of *wire.Deflater

	sendTimeout, ackTimeout, connectTimeout time.Duration
	keepalive                               bool
	keepaliveTimeout, maxAge                time.Duration

	certs    Certs // nil: plain TCP
	verify   string
	proof    proof
	hostname string

	group     group
	heartbeat time.Duration
	udp       bool

	resolver     resolver
	roundRobin   bool
	find         func(context.Context) ([]Server, error) // nil: the servers are those of the settings
	findInterval time.Duration
	findMu       sync.Mutex
	findNext     time.Time

	seconds prometheus.Histogram
}

// New checks the settings; nothing is connected before the first Deliver.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Sink, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Sink{
		log: log, codec: cfg.codec(), acked: cfg.RequireAck, ids: cfg.IDs == "own", wholeSeconds: cfg.TimeAsInteger, metadata: cfg.Metadata,
		inOption:    cfg.MetadataIn == "option",
		sendTimeout: cfg.SendTimeout, ackTimeout: cfg.AckTimeout, connectTimeout: cfg.ConnectTimeout,
		keepalive: cfg.Keepalive, keepaliveTimeout: cfg.KeepaliveTimeout, maxAge: cfg.MaxAge,
		verify: cfg.TLS.Verify, proof: proof{}.with(&cfg.Files, cfg.SharedKey, cfg.Username, cfg.Password), hostname: cfg.SelfHostname,
		heartbeat: cfg.HeartbeatInterval, udp: cfg.HeartbeatType == "udp",
		resolver: net.DefaultResolver, roundRobin: cfg.DNSRoundRobin, find: cfg.Find, findInterval: cfg.SRVInterval,
	}
	if cfg.SRV != "" {
		s.find = func(ctx context.Context) ([]Server, error) { return s.lookupSRV(ctx, cfg.SRV) }
	}
	if !s.acked && s.keepalive && s.proof == (proof{}) { // else each chunk would wait for it
		s.helloWait = helloWait
	}
	s.group = group{now: time.Now, beats: cfg.HeartbeatType != "none", hardTimeout: cfg.HardTimeout, interval: cfg.HeartbeatInterval, recoverWait: cfg.RecoverWait}
	if cfg.PhiDetector {
		s.group.phi = cfg.PhiThreshold
	}
	switch cfg.Mode {
	case "forward":
		s.mode = modeForward
	case "message":
		s.mode = modeMessage
	}
	if cfg.UseTLS() {
		s.certs = cfg.Certs
	}
	if s.hostname == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("cannot tell this host's name (set self_hostname): %w", err)
		}
		s.hostname = name
	}
	s.fragmentOf = s.makeFragment // once: a method value costs memory
	s.encoders.New = func() any { return new(encoder) }
	s.parcels.New = func() any { return new(parcel) }
	s.deflaters.New = func() any { return new(wire.Deflater) }
	var list []*server
	for _, one := range cfg.Servers {
		list = append(list, s.server(one))
	}
	s.group.set(list)
	return s, s.register(reg)
}

// server makes a server of its settings.
func (s *Sink) server(c Server) *server {
	srv := &server{host: c.Host, port: c.Port, name: address(c.Host, c.Port), tlsName: c.Host, weight: c.Weight, standby: c.Standby}
	srv.secrets = [3]string{c.SharedKey, c.Username, c.Password}
	if c.Name != "" {
		srv.name, srv.tlsName = c.Name+" ("+srv.name+")", c.Name
	}
	srv.proof = s.proof.with(&c.Files, c.SharedKey, c.Username, c.Password)
	return srv
}

// Close closes the connections that are not in use. The others are closed when
// their Deliver ends.
func (s *Sink) Close() {
	for _, srv := range s.group.servers() {
		srv.pool.shut()
	}
}
