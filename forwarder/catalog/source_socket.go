package catalog

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strconv"

	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/listen"
	"sluice/forwarder/socket"
	"sluice/forwarder/syslog"
	"sluice/parser"
)

// socketSource is Fluentd's sources tcp and udp, and what syslog has of them.
type socketSource struct {
	Port               int           `conf:"port"`
	Bind               string        `conf:"bind"`
	Tag                string        `conf:"tag,required"`
	Delimiter          string        `conf:"delimiter"`
	MessageLengthLimit int64         `conf:"message_length_limit,size"`
	BodySizeLimit      int64         `conf:"body_size_limit,size"` // its older name
	RemoveNewline      bool          `conf:"remove_newline"`
	ReceiveBufferSize  int64         `conf:"receive_buffer_size,size"`
	AddressKey         string        `conf:"source_address_key"`
	HostnameKey        string        `conf:"source_hostname_key"`
	HostKey            string        `conf:"source_host_key"` // its older name
	Parse              parser.Config `conf:"parse"`

	Extract   parser.ExtractConfig `conf:"extract"`
	Transport transport            `conf:"transport"`
	Security  socketSecurity       `conf:"security"`

	EmitUnmatched bool   `conf:"emit_unmatched_lines"`
	FrameType     string `conf:"frame_type,oneof=traditional|octet_count"`
	ProtocolType  string `conf:"protocol_type,oneof=udp|tcp"`
	SeverityKey   string `conf:"severity_key"`
	PriorityKey   string `conf:"priority_key"` // its older name
	FacilityKey   string `conf:"facility_key"`
}

type socketSecurity struct {
	Client []forwardClient `conf:"client"`
}

// mostOfDatagram is the largest payload of UDP, in bytes.
const mostOfDatagram = 65507

func defaultSocket(port int, limit int64) func() socketSource {
	return func() socketSource {
		return socketSource{
			Port: port, Bind: "0.0.0.0", Delimiter: "\n", MessageLengthLimit: limit, RemoveNewline: true,
			FrameType: "traditional", Parse: parser.DefaultConfig(), Extract: parser.DefaultExtractConfig(),
		}
	}
}

func defaultSyslog() socketSource {
	s := defaultSocket(5140, 2048)()
	s.Parse.Type, s.Parse.WithPriority = "syslog", true
	return s
}

var socketParams = params{
	unneeded: map[string]string{
		"blocking_timeout":      "sockets are waited for by the runtime",
		"send_keepalive_packet": "keepalive packets are always sent",
		"linger_timeout":        "a connection ends when its last message is taken",
		"backlog":               "the system's limit is used",
	},
	missing: map[string]string{
		"resolve_hostname":    "names are not asked for: source_hostname_key gets the address",
		"include_source_host": "write source_address_key NAME",
	},
}

// syslogParams are those of a source whose tags say facility and severity.
var syslogParams = params{unneeded: socketParams.unneeded, missing: map[string]string{
	"resolve_hostname":    socketParams.missing["resolve_hostname"],
	"include_source_host": socketParams.missing["include_source_host"],
	"extract":             "the source syslog has none, in Fluentd neither",
}}

func newTCP(c *Context, p socketSource) (input, error) { return newSocket(c, p, "tcp") }

func newUDP(c *Context, p socketSource) (input, error) { return newSocket(c, p, "udp") }

func newSocket(c *Context, p socketSource, network string) (input, error) {
	cfg, err := p.config(c, network)
	if err != nil {
		return input{}, err
	}
	x, err := parser.NewExtract(p.Extract)
	if err != nil {
		return input{}, below("extract", err)
	}
	if x != nil {
		cfg.Route = func(b *event.Batch, i int) string { return cmp.Or(x.Apply(b, i), p.Tag) }
	}
	s, err := socket.New(cfg, c.Ledger, c.Log, c.Registerer, c.Base)
	return socketInput(s, cfg.Parser, err)
}

func newSyslog(c *Context, p socketSource) (input, error) {
	network := "udp"
	if p.ProtocolType == "tcp" || p.Transport.Protocol == "tcp" || p.Transport.Protocol == "tls" {
		network = "tcp"
	}
	if p.Transport.Protocol == "udp" {
		p.Transport.Protocol = ""
	}
	cfg, err := p.config(c, network)
	if err != nil {
		return input{}, err
	}
	cfg.OctetCount = p.FrameType == "octet_count"
	if p.SeverityKey == "" {
		p.SeverityKey = p.PriorityKey
	}
	s, err := syslog.New(syslog.Config{Socket: cfg, SeverityKey: p.SeverityKey, FacilityKey: p.FacilityKey}, c.Ledger, c.Log, c.Registerer, c.Base)
	return socketInput(s, cfg.Parser, err)
}

// unixSource is Fluentd's source unix: the Forward protocol at a socket's path.
type unixSource struct {
	Path string `conf:"path"`
	Tag  string `conf:"tag"` // instead of the client's
}

func defaultUnix() unixSource { return unixSource{Path: "/var/run/fluent/fluent.sock"} }

func newUnix(c *Context, p unixSource) (input, error) {
	cfg := listen.DefaultConfig()
	cfg.Listen, cfg.Unix = nil, p.Path
	in, err := newListen(c, cfg)
	if err != nil {
		return in, err
	}
	in.Source = retagged(in.Source, p.Tag, "")
	return in, nil
}

func socketInput(s *socket.Server, p *parser.Parser, err error) (input, error) {
	if err != nil {
		return input{}, err
	}
	return input{
		Source: source(func(ctx context.Context, out forwarder.Out) error { return s.Run(ctx, out) }),
		Listen: s.Listen, Addrs: s.Addrs, Warnings: p.Warnings(),
	}, nil
}

func (p *socketSource) config(c *Context, network string) (cfg socket.Config, err error) {
	cfg = socket.Config{
		Name: c.Name, Network: network, Address: net.JoinHostPort(p.Bind, strconv.Itoa(p.Port)), Tag: p.Tag,
		Delimiter: p.Delimiter, MaxMessage: int(p.MessageLengthLimit), RemoveNewline: p.RemoveNewline, ReceiveBuffer: int(p.ReceiveBufferSize),
		AddressKey: p.AddressKey, HostnameKey: p.HostnameKey, MaxConnections: 4096, Memory: memoryOfSource(c), Dead: c.Dead,
	}
	if p.BodySizeLimit > 0 {
		cfg.MaxMessage = int(p.BodySizeLimit)
	}
	if network == "udp" {
		cfg.MaxMessage = min(cfg.MaxMessage, mostOfDatagram) // no longer one can come
	}
	if cfg.HostnameKey == "" {
		cfg.HostnameKey = p.HostKey
	}
	if p.EmitUnmatched {
		cfg.Unmatched = p.Tag + ".unmatched"
	}
	switch {
	case p.Port < 0 || p.Port > 65535:
		return cfg, fieldError{"port", "is no port", "write a number from 1 to 65535"}
	case cfg.MaxMessage < 1:
		return cfg, fieldError{"message_length_limit", fmt.Sprintf("messages of at most %d bytes cannot be", cfg.MaxMessage), "write a size such as 4096"}
	case p.Delimiter == "" && network == "tcp":
		return cfg, fieldError{"delimiter", "is empty", "write \"\\n\""}
	}
	if cfg.Parser, err = parser.New(p.Parse); err != nil {
		return cfg, below("parse", err)
	}
	for i, client := range p.Security.Client {
		if client.SharedKey != "" || client.Users != nil {
			return cfg, fieldError{fmt.Sprintf("security.client[%d]", i), "keys and users are not supported here", "leave only host or network"}
		}
		from, err := client.from()
		if err != nil {
			return cfg, fieldError{fmt.Sprintf("security.client[%d]", i), err.Error(), "write network 10.0.0.0/8, an address, or a name that has one"}
		}
		cfg.Allow = append(cfg.Allow, from...)
	}
	cfg.Certs, err = transportCertificates(c, &p.Transport)
	return cfg, err
}

// transportCertificates reads what a source's <transport tls> names; nil: it is plain.
func transportCertificates(c *Context, t *transport) (certs socket.Certs, err error) {
	var cfg listen.TLS
	if err := t.into(&cfg); err != nil || cfg.Cert == "" {
		return nil, err
	}
	files, err := serverFiles(c, &cfg)
	if placed := atTransport(err); placed != err {
		return nil, placed
	}
	if err != nil {
		return nil, fieldError{"transport", err.Error(), ""}
	}
	return files, nil
}

// memoryOfSource is what one source's connections may hold together.
func memoryOfSource(c *Context) int64 {
	if c.Memory > 0 {
		return c.Memory / 4
	}
	return 16 << 20
}

// below says that the field an error names stands in a section.
func below(section string, err error) error {
	at, ok := err.(interface {
		error
		Field() string
	})
	if !ok {
		return err
	}
	return fieldError{section + "." + at.Field(), at.Error(), ""}
}
