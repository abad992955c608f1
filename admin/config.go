package admin

import (
	"fmt"
	"net"
	"strings"

	"sluice/secret"
)

// MetricsConfig is the section metrics: where /metrics, /healthz and /readyz
// are; empty: nowhere.
type MetricsConfig struct {
	Listen string `conf:"listen"`
	TLS    TLS    `conf:"tls"`
}

// Config is the section admin: where the API is; empty: nowhere.
type Config struct {
	secret.Files // what token is when its file changes

	Listen string `conf:"listen"`
	Token  string `conf:"token,secret"` // what a client must send as Authorization: Bearer; empty: nothing
	PProf  bool   `conf:"pprof"`        // also /debug/pprof
	TLS    TLS    `conf:"tls"`
}

// TLS names PEM files. With ClientCA a client needs a certificate of it.
type TLS struct {
	Cert     string `conf:"cert"`
	Key      string `conf:"key"`
	ClientCA string `conf:"client_ca"`
}

// Check refuses an API that others on the network could read.
func (c *Config) Check() error {
	if c.Listen == "" || c.Token != "" || isLoopback(c.Listen) {
		return nil
	}
	return fmt.Errorf("admin.listen is %q, which other machines may reach, and admin.token is not set: set it, or listen on 127.0.0.1:24220", c.Listen)
}

// isLoopback reports whether an address, or a request's Host, is this
// machine's own alone.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = strings.Trim(addr, "[]")
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
