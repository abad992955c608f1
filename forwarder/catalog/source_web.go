package catalog

import (
	"context"
	"net"
	"strconv"
	"time"

	"sluice/forwarder"
	"sluice/forwarder/web"
	"sluice/parser"
)

// webSource is Fluentd's source http.
type webSource struct {
	Port             int           `conf:"port"`
	Bind             string        `conf:"bind"`
	BodySizeLimit    int64         `conf:"body_size_limit,size"`
	UnpackedLimit    int64         `conf:"decompression_size_limit,size"`
	KeepaliveTimeout time.Duration `conf:"keepalive_timeout"`
	AddHeaders       bool          `conf:"add_http_headers"`
	AddAddress       bool          `conf:"add_remote_addr"`
	AddQuery         bool          `conf:"add_query_params"`
	Origins          []string      `conf:"cors_allow_origins"`
	Credentials      bool          `conf:"cors_allow_credentials"`
	EmptyImage       bool          `conf:"respond_with_empty_img"`
	NoContent        bool          `conf:"use_204_response"`
	TagPrefix        string        `conf:"add_tag_prefix"`
	Parse            parser.Config `conf:"parse"`
	Transport        transport     `conf:"transport"`
}

func defaultWeb() webSource {
	d := web.DefaultConfig()
	p := parser.DefaultConfig()
	p.Type = "in_http"
	return webSource{
		Port: 9880, Bind: "0.0.0.0", BodySizeLimit: int64(d.MaxBody), UnpackedLimit: int64(d.MaxUnpacked),
		KeepaliveTimeout: d.Keepalive, Parse: p,
	}
}

var webParams = params{
	unneeded: map[string]string{
		"backlog":          "the system's limit is used",
		"blocking_timeout": "sockets are waited for by the runtime",
		"dump_error_log":   "requests that are refused are logged, one line in a while",
	},
}

// newWeb makes the source of HTTP requests.
func newWeb(c *Context, p webSource) (input, error) {
	cfg := web.DefaultConfig()
	cfg.Name, cfg.Address, cfg.TagPrefix = c.Name, net.JoinHostPort(p.Bind, strconv.Itoa(p.Port)), p.TagPrefix
	cfg.AddHeaders, cfg.AddAddress, cfg.AddQuery = p.AddHeaders, p.AddAddress, p.AddQuery
	cfg.Origins, cfg.Credentials, cfg.EmptyImage, cfg.NoContent = p.Origins, p.Credentials, p.EmptyImage, p.NoContent
	cfg.MaxBody, cfg.MaxUnpacked, cfg.Keepalive = int(p.BodySizeLimit), int(p.UnpackedLimit), p.KeepaliveTimeout
	cfg.Memory, cfg.Drain = memoryOfSource(c), c.Grace
	if p.Port < 0 || p.Port > 65535 {
		return input{}, fieldError{"port", "is no port", "write a number from 1 to 65535"}
	}
	switch p.Parse.Type {
	case "in_http", "json", "msgpack": // told apart by what a request says it is
		p.Parse.Type = "json"
	default:
		cfg.Whole = true
	}
	var err error
	if cfg.Parse, err = parser.New(p.Parse); err != nil {
		return input{}, below("parse", err)
	}
	if !cfg.Whole { // with the request's time a field time is one like others
		p.Parse.KeepTimeKey = true
		if cfg.Timed, err = parser.New(p.Parse); err != nil {
			return input{}, below("parse", err)
		}
	}
	certs, err := transportCertificates(c, &p.Transport)
	if err != nil {
		return input{}, err
	}
	if certs != nil {
		cfg.Certs = certs
	}
	s, err := web.New(cfg, c.Ledger, c.Log, c.Registerer, c.Base)
	if err != nil {
		return input{}, err
	}
	return input{
		Source: source(func(ctx context.Context, out forwarder.Out) error { return s.Run(ctx, out) }),
		Listen: s.Listen, Addrs: s.Addrs, Warnings: cfg.Parse.Warnings(),
	}, nil
}
