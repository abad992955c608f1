package listen

import (
	"log/slog"
	"path/filepath"
	"testing"

	"sluice/tlsfiles"
	"sluice/tlsfiles/tlstest"
)

// issue has an authority write a certificate for a host, and its own, into dir.
func issue(t *testing.T, a *tlstest.Authority, dir, host string) (c tlsfiles.Config) {
	t.Helper()
	c.Cert, c.Key = a.Issue(t, filepath.Join(dir, host), host)
	c.CA = a.WriteCA(t, filepath.Join(dir, host+".ca"))
	return c
}

func files(t *testing.T, cfg tlsfiles.Config) *tlsfiles.Files {
	t.Helper()
	f, err := tlsfiles.New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// secured is a change of the settings that makes TLS of a server's files.
func secured(f *tlsfiles.Files) func(*Config) {
	return func(c *Config) {
		c.Certs, c.TLS = f, TLS{Cert: "in use", Key: "in use", ClientCA: "in use", PeerNameKey: "peer"}
	}
}
