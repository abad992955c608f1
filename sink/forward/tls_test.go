package forward

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/forwarder/listen"
	"sluice/tlsfiles"
	"sluice/tlsfiles/tlstest"
)

// issue has an authority write NAME.crt and NAME.key for a host, and ca.crt,
// into dir.
func issue(t *testing.T, a *tlstest.Authority, dir, name, host string) (c tlsfiles.Config) {
	t.Helper()
	c.Cert, c.Key = a.Issue(t, filepath.Join(dir, name), host)
	c.CA = a.WriteCA(t, filepath.Join(dir, "ca.crt"))
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

func TestTLS(t *testing.T) {
	a, dir := tlstest.New(t), t.TempDir()
	server, client := issue(t, a, dir, "server", "agg.example"), issue(t, a, dir, "client", "agent.example")
	var self tlsfiles.Config
	self.Cert, self.Key = tlstest.SelfSigned(t, filepath.Join(dir, "self"), time.Now().Add(time.Hour), "agg.example")
	trust := tlsfiles.Config{CA: client.CA}
	foreign := tlsfiles.Config{CA: tlstest.New(t).WriteCA(t, filepath.Join(dir, "other.crt"))}
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
	a, dir := tlstest.New(t), t.TempDir()
	server, client := issue(t, a, dir, "server", "agg.example"), issue(t, a, dir, "client", "one.example")
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
	issue(t, a, dir, "client", "two.example")
	if changed, err := from.Check(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	deliver()
	list := r.wait(t, 20)
	if !strings.Contains(list[0].text, `peer="one.example"`) || !strings.Contains(list[10].text, `peer="two.example"`) {
		t.Errorf("the server knew the client as %s, then as %s", list[0].text, list[10].text)
	}
}
