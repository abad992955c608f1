package forward

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/forwarder/listen"
	"sluice/tlsfiles"
)

// authority signs certificates into one directory.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{dir: t.TempDir()}
	a.issue(t, "ca", nil)
	return a
}

// issue writes NAME.crt and NAME.key, for hosts.
func (a *authority) issue(t *testing.T, name string, hosts []string) tlsfiles.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: hosts, NotAfter: time.Now().Add(24 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if a.cert == nil {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
		a.cert, a.key = c, key
	}
	parent, parentKey := a.cert, a.key
	if name == "self" {
		parent, parentKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(a.dir, name)
	for file, b := range map[string]*pem.Block{path + ".crt": {Type: "CERTIFICATE", Bytes: der}, path + ".key": {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return tlsfiles.Config{Cert: path + ".crt", Key: path + ".key", CA: filepath.Join(a.dir, "ca.crt")}
}

func files(t *testing.T, cfg tlsfiles.Config) *tlsfiles.Files {
	t.Helper()
	f, err := tlsfiles.New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTLS(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	server, self := a.issue(t, "server", []string{"agg.example"}), a.issue(t, "self", []string{"agg.example"})
	client := a.issue(t, "client", []string{"agent.example"})
	trust, foreign := tlsfiles.Config{CA: client.CA}, tlsfiles.Config{CA: filepath.Join(other.dir, "ca.crt")}
	mutual := func(c *listen.Config) { c.TLS.ClientCA = "in use" }
	for _, tt := range []struct {
		name           string
		server, client tlsfiles.Config
		change         func(*listen.Config)
		verify, as     string
		want           string
	}{
		{"by the server's name", server, trust, nil, "full", "agg.example", ""},
		{"another name", server, trust, nil, "full", "other.example", "agg.example, not other.example"},
		{"no name, an address", server, trust, nil, "full", "", "cannot validate certificate for 127.0.0.1"},
		{"any name", server, trust, nil, "ca", "other.example", ""},
		{"another authority", server, foreign, nil, "full", "agg.example", "unknown authority"},
		{"another authority, any name", server, foreign, nil, "ca", "agg.example", "unknown authority"},
		{"another authority, not looked at", server, foreign, nil, "none", "", ""},
		{"vouches for itself", self, foreign, nil, "full", "agg.example", "unknown authority"},
		{"vouches for itself, allowed", self, foreign, nil, "self_signed", "agg.example", ""},
		{"vouches for itself, allowed, another name", self, foreign, nil, "self_signed", "other.example", "not other.example"},
		{"does not vouch for itself, allowed to", server, foreign, nil, "self_signed", "agg.example", "unknown authority"},
		{"certificates on both sides", server, client, mutual, "full", "agg.example", ""},
		{"the client has none", server, trust, mutual, "full", "agg.example", "certificate required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from := tt.server
			if tt.change == nil {
				from.CA = ""
			}
			r := startSluice(t, "", func(c *listen.Config) {
				c.Certs, c.TLS = files(t, from), listen.TLS{Cert: "in use", Key: "in use"}
				if tt.change != nil {
					tt.change(c)
				}
			})
			s := newSink(t, func(c *Config) {
				c.Transport, c.TLS.Verify, c.Certs, c.Servers[0].Name = "tls", tt.verify, files(t, tt.client), tt.as
			}, r.addr)
			v, err := s.Deliver(t.Context(), chunkOf(s, 50))
			if tt.want == "" {
				for range 2 { // on the same connection
					if err != nil || v.Accepted != 50 {
						t.Fatal(err)
					}
					v, err = s.Deliver(t.Context(), chunkOf(s, 50))
				}
				if list := s.group.list[0].pool.list; len(list) != 1 || !list[0].used {
					t.Errorf("%d connections are kept", len(list))
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), r.addr) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A renewed certificate is used by the next connection.
func TestTLSRotation(t *testing.T) {
	a := newAuthority(t)
	server, client := a.issue(t, "server", []string{"agg.example"}), a.issue(t, "client", []string{"one.example"})
	r := startSluice(t, "", func(c *listen.Config) {
		c.Certs, c.TLS = files(t, server), listen.TLS{Cert: "in use", Key: "in use", ClientCA: "in use", PeerNameKey: "peer"}
	})
	from := files(t, client)
	s := newSink(t, func(c *Config) {
		c.Transport, c.Certs, c.Servers[0].Name, c.Keepalive = "tls", from, "agg.example", false
	}, r.addr)
	deliver := func() {
		if v, err := s.Deliver(t.Context(), chunkOf(s, 10)); err != nil || v.Accepted != 10 {
			t.Fatal(err)
		}
	}
	deliver()
	a.issue(t, "client", []string{"two.example"})
	if changed, err := from.Check(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	deliver()
	list := r.wait(t, 20)
	if !strings.Contains(list[0].text, `peer="one.example"`) || !strings.Contains(list[10].text, `peer="two.example"`) {
		t.Errorf("the server knew the client as %s, then as %s", list[0].text, list[10].text)
	}
}
