package catalog

import (
	"fmt"
	"strings"
	"time"

	"sluice/sink/forward"
	"sluice/tlsfiles"
)

// newForward makes the Forward protocol's sink.
func newForward(c *Context, cfg forward.Config) (output, error) {
	if cfg.UseTLS() {
		files, err := certificates(tlsfiles.Config{
			Cert: cfg.TLS.Cert, Key: cfg.TLS.Key, Passphrase: cfg.TLS.Passphrase, CA: cfg.TLS.CA, MinVersion: cfg.TLS.MinVersion,
		}, c.Log, c.Deps.Registerer)
		if err != nil {
			return output{}, fmt.Errorf("forward.tls: %w", err)
		}
		cfg.Certs = files
	}
	sink, err := forward.New(cfg, c.Log, c.Registerer)
	if err != nil {
		return output{}, err
	}
	target := []string{cfg.SRV}
	for _, s := range cfg.Servers {
		target = append(target, fmt.Sprintf("%s:%d", s.Host, s.Port))
	}
	return output{Sink: sink, Target: strings.Join(target, " ")}, nil
}

// forwardMatch is Fluentd's match forward.
type forwardMatch struct {
	Server            []forward.Server `conf:"server"`
	Security          matchSecurity    `conf:"security"`
	Transport         string           `conf:"transport,oneof=tcp|tls"`
	CAPath            []string         `conf:"tls_ca_cert_path"`
	CertPath          []string         `conf:"tls_cert_path"` // its older name
	ClientCert        string           `conf:"tls_client_cert_path"`
	ClientKey         string           `conf:"tls_client_private_key_path"`
	Passphrase        string           `conf:"tls_client_private_key_passphrase,secret"`
	Version           string           `conf:"tls_version,oneof=|TLSv1_1|TLSv1_2|TLSv1_3|TLS1_1|TLS1_2|TLS1_3"`
	VerifyHostname    bool             `conf:"tls_verify_hostname"`
	SelfSigned        bool             `conf:"tls_allow_self_signed_cert"`
	Insecure          bool             `conf:"tls_insecure_mode"`
	Compress          string           `conf:"compress,oneof=text|gzip|zstd"`
	TimeAsInteger     bool             `conf:"time_as_integer"`
	RequireAck        bool             `conf:"require_ack_response"`
	AckTimeout        time.Duration    `conf:"ack_response_timeout"`
	SendTimeout       time.Duration    `conf:"send_timeout"`
	ConnectTimeout    time.Duration    `conf:"connect_timeout"`
	Keepalive         bool             `conf:"keepalive"`
	KeepaliveTimeout  time.Duration    `conf:"keepalive_timeout"`
	DNSRoundRobin     bool             `conf:"dns_round_robin"`
	HeartbeatType     string           `conf:"heartbeat_type,oneof=transport|tcp|udp|none"`
	HeartbeatInterval time.Duration    `conf:"heartbeat_interval"`
	HardTimeout       time.Duration    `conf:"hard_timeout"`
	RecoverWait       time.Duration    `conf:"recover_wait"`
	PhiDetector       bool             `conf:"phi_failure_detector"`
	PhiThreshold      float64          `conf:"phi_threshold"`

	found found
}

type matchSecurity struct {
	SelfHostname string `conf:"self_hostname"`
	SharedKey    string `conf:"shared_key,secret"`
}

func defaultForwardMatch() forwardMatch {
	d := forward.DefaultConfig()
	return forwardMatch{
		Transport: "tcp", VerifyHostname: true, Compress: "text", HeartbeatType: "transport",
		AckTimeout: d.AckTimeout, SendTimeout: d.SendTimeout, ConnectTimeout: d.ConnectTimeout,
		HeartbeatInterval: time.Second, HardTimeout: d.HardTimeout, RecoverWait: d.RecoverWait,
		PhiDetector: d.PhiDetector, PhiThreshold: d.PhiThreshold,
	}
}

var forwardMatchParams = params{
	unneeded: map[string]string{
		"expire_dns_cache":                 "names are resolved for every new connection",
		"send_keepalive_packet":            "keepalive packets are always sent",
		"ignore_network_errors_at_startup": "names are resolved when they are needed",
		"tls_ciphers":                      "the safe ones are used",
	},
	missing: map[string]string{
		"verify_connection_at_startup": "`sluice check --connect` does it",
	},
	refused: map[string]string{
		"tls_cert_logical_store_name": "write tls_ca_cert_path FILE",
		"tls_cert_thumbprint":         "write tls_ca_cert_path FILE",
	},
}

// newForwardMatch makes the sink of Fluentd's parameters.
func newForwardMatch(c *Context, p forwardMatch) (output, error) {
	cfg := forward.DefaultConfig()
	cfg.Servers, cfg.SelfHostname, cfg.SharedKey = p.Server, p.Security.SelfHostname, p.Security.SharedKey
	cfg.Compress, cfg.TimeAsInteger, cfg.DNSRoundRobin = p.Compress, p.TimeAsInteger, p.DNSRoundRobin
	cfg.RequireAck, cfg.AckTimeout, cfg.SendTimeout, cfg.ConnectTimeout = p.RequireAck, p.AckTimeout, p.SendTimeout, p.ConnectTimeout
	cfg.Keepalive, cfg.KeepaliveTimeout = p.Keepalive, p.KeepaliveTimeout
	cfg.HeartbeatType, cfg.HeartbeatInterval, cfg.HardTimeout, cfg.RecoverWait = p.HeartbeatType, p.HeartbeatInterval, p.HardTimeout, p.RecoverWait
	cfg.PhiDetector, cfg.PhiThreshold = p.PhiDetector, p.PhiThreshold
	if cfg.HeartbeatType == "tcp" {
		cfg.HeartbeatType = "transport"
	}
	cfg.Metadata = c.builder.metadata
	p.found.into(&cfg)
	if err := p.mistaken(&cfg); err != nil {
		return output{}, err
	}
	if err := p.tls(&cfg); err != nil {
		return output{}, err
	}
	ca := "tls_ca_cert_path"
	if len(p.CAPath) == 0 {
		ca = "tls_cert_path"
	}
	out, err := newForward(c, cfg)
	if p.found.file != nil {
		out.Target = p.found.file.Path
	}
	return out, atFile(err, "tls_client_cert_path", "tls_client_private_key_path", ca)
}

func (p *forwardMatch) tls(cfg *forward.Config) error {
	cfg.Transport = p.Transport
	if p.Transport != "tls" {
		return nil
	}
	ca := append(p.CAPath, p.CertPath...)
	if len(ca) > 1 {
		return fieldError{"tls_ca_cert_path", "several files are not supported", "put the certificates into one file"}
	}
	cfg.TLS.CA = strings.Join(ca, "")
	cfg.TLS.Cert, cfg.TLS.Key, cfg.TLS.Passphrase = p.ClientCert, p.ClientKey, p.Passphrase
	cfg.TLS.MinVersion = oldestTLS(p.Version, "")
	switch {
	case p.Insecure:
		cfg.TLS.Verify = "none"
	case p.SelfSigned:
		cfg.TLS.Verify = "self_signed"
	case !p.VerifyHostname:
		cfg.TLS.Verify = "ca"
	}
	return nil
}
