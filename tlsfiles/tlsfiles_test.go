package tlsfiles

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/tlsfiles/tlstest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// shake makes one connection and returns what either side says of it.
func shake(t *testing.T, server, client *tls.Config) (serverErr, clientErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() {
		nc, err := l.Accept()
		if err == nil {
			nc.SetDeadline(time.Now().Add(time.Minute))
			_, err = io.Copy(io.Discard, tls.Server(nc, server)) // to the end: also what TLS 1.3 says after the handshake
			nc.Close()
		}
		done <- err
	}()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(time.Minute))
	c := tls.Client(nc, client)
	if clientErr = c.Handshake(); clientErr == nil {
		clientErr = c.CloseWrite()
		c.Read(make([]byte, 1)) // session tickets
	}
	nc.Close()
	return <-done, clientErr
}

func TestHandshakes(t *testing.T) {
	dir := t.TempDir()
	good, other := tlstest.New(t), tlstest.New(t)
	server := issue(t, good, dir, "server", "srv.example")
	client := issue(t, good, dir, "client", "agent-1")
	stranger := issue(t, other, dir, "stranger", "agent-2")
	ca, otherCA := good.WriteCA(t, filepath.Join(dir, "ca.crt")), other.WriteCA(t, filepath.Join(dir, "other.crt"))
	for _, tt := range []struct {
		name           string
		server, client Config
		host           string
		ok             bool
	}{
		{"server only", server, Config{CA: ca}, "srv.example", true},
		{"client has a certificate that is not asked for", server, with(client, ca), "srv.example", true},
		{"wrong host", server, Config{CA: ca}, "other.example", false},
		{"server not trusted", server, Config{CA: otherCA}, "srv.example", false},
		{"server not trusted by the system", server, Config{}, "srv.example", false},
		{"mutual", with(server, ca), with(client, ca), "srv.example", true},
		{"mutual, no client certificate", with(server, ca), Config{CA: ca}, "srv.example", false},
		{"mutual, client of another authority", with(server, ca), with(stranger, ca), "srv.example", false},
		{"no server certificate", Config{CA: ca}, with(client, ca), "srv.example", false},
	} {
		s, err := New(tt.server, quiet())
		if err != nil {
			t.Fatal(tt.name, err)
		}
		c, err := New(tt.client, quiet())
		if err != nil {
			t.Fatal(tt.name, err)
		}
		serverErr, clientErr := shake(t, s.Server(), c.Client(tt.host))
		if ok := serverErr == nil && clientErr == nil; ok != tt.ok {
			t.Errorf("%s: server %v, client %v", tt.name, serverErr, clientErr)
		}
	}
}

func TestTLS11IsRefused(t *testing.T) {
	dir := t.TempDir()
	a := tlstest.New(t)
	s, err := New(issue(t, a, dir, "server", "srv.example"), quiet())
	if err != nil {
		t.Fatal(err)
	}
	for version, ok := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		serverErr, _ := shake(t, s.Server(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version})
		if (serverErr == nil) != ok {
			t.Errorf("version %x: %v", version, serverErr)
		}
	}
}

// A config that was handed out before the change serves the new set.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	first, second := tlstest.New(t), tlstest.New(t)
	cfg := with(issue(t, first, dir, "server", "srv.example"), first.WriteCA(t, filepath.Join(dir, "ca.crt")))
	s, err := New(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	server := s.Server()
	client := with(issue(t, first, dir, "client", "agent"), cfg.CA)
	c, err := New(client, quiet())
	if err != nil {
		t.Fatal(err)
	}
	sessions := tls.NewLRUClientSessionCache(4)
	old := c.Client("srv.example")
	old.ClientSessionCache = sessions
	if se, ce := shake(t, server, old); se != nil || ce != nil {
		t.Fatal(se, ce)
	}
	if changed, err := s.Check(); changed || err != nil {
		t.Fatal("unchanged files:", changed, err)
	}
	issue(t, second, dir, "server", "srv.example")
	second.WriteCA(t, cfg.CA)
	if changed, err := s.Check(); !changed || err != nil {
		t.Fatal("changed files:", changed, err)
	}
	// The old client's certificate, and its session, are worth nothing now.
	trusting := old.Clone()
	trusting.InsecureSkipVerify = true
	if serverErr, _ := shake(t, server, trusting); serverErr == nil {
		t.Error("a client of the old authority gets through")
	}
	issue(t, second, dir, "client", "agent")
	if changed, err := c.Check(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if se, ce := shake(t, server, c.Client("srv.example")); se != nil || ce != nil {
		t.Error(se, ce)
	}
}

// What does not fit together changes nothing, and is taken up once it does.
func TestHalfWrittenSetIsNotTaken(t *testing.T) {
	dir := t.TempDir()
	a := tlstest.New(t)
	cfg := with(issue(t, a, dir, "server", "one.example"), a.WriteCA(t, filepath.Join(dir, "ca.crt")))
	s, err := New(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	next := issue(t, a, dir, "next", "two.example")
	cert, _ := os.ReadFile(next.Cert)
	key, _ := os.ReadFile(next.Key)
	for _, tt := range []struct {
		name string
		do   func()
		want string
	}{
		{"certificate without its key", func() { os.WriteFile(cfg.Cert, cert, 0o600) }, cfg.Key},
		{"certificate cut", func() { os.WriteFile(cfg.Cert, cert[:len(cert)/2], 0o600) }, "cut short"},
		{"certificate gone", func() { os.Remove(cfg.Cert) }, "cannot read cert"},
		{"authorities cut", func() {
			os.WriteFile(cfg.Cert, cert, 0o600)
			os.WriteFile(cfg.Key, key, 0o600)
			os.WriteFile(cfg.CA, append(bytes.Clone(a.PEM), a.PEM[:100]...), 0o600)
		}, cfg.CA},
		{"authorities empty", func() { os.WriteFile(cfg.CA, nil, 0o600) }, "no certificate"},
	} {
		tt.do()
		if changed, err := s.Check(); changed || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %v", tt.name, changed, err)
		}
		if got := Name(s.now.Load().cert.Leaf); got != "one.example" {
			t.Errorf("%s: %s is in use", tt.name, got)
		}
	}
	a.WriteCA(t, cfg.CA)
	if changed, err := s.Check(); !changed || err != nil || Name(s.now.Load().cert.Leaf) != "two.example" {
		t.Errorf("whole again: %v, %v", changed, err)
	}
}

// As Kubernetes does it: a directory of a link that is swapped.
func TestSwappedLink(t *testing.T) {
	dir := t.TempDir()
	a := tlstest.New(t)
	for _, name := range []string{"one", "two"} {
		os.Mkdir(filepath.Join(dir, name), 0o700)
		issue(t, a, filepath.Join(dir, name), "tls", name+".example")
	}
	os.Symlink("one", filepath.Join(dir, "..data"))
	s, err := New(Config{Cert: filepath.Join(dir, "..data/tls.crt"), Key: filepath.Join(dir, "..data/tls.key")}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	os.Symlink("two", filepath.Join(dir, "..tmp"))
	if err := os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Check(); !changed || err != nil || Name(s.now.Load().cert.Leaf) != "two.example" {
		t.Error(changed, err)
	}
}

func TestRunLooksEveryTenSeconds(t *testing.T) {
	dir := t.TempDir()
	a := tlstest.New(t)
	cfg := issue(t, a, dir, "server", "one.example")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s, err := New(cfg, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		good, _ := os.ReadFile(cfg.Key)
		os.WriteFile(cfg.Key, nil, 0o600)
		<-time.After(5*every + time.Second)
		if n := strings.Count(log.String(), "not taken up"); n != 1 {
			t.Errorf("%d lines: %s", n, log.String())
		}
		os.WriteFile(cfg.Key, good, 0o600)
		issue(t, a, dir, "server", "two.example")
		<-time.After(every)
		synctest.Wait()
		if !strings.Contains(log.String(), "name=two.example") || Name(s.now.Load().cert.Leaf) != "two.example" {
			t.Errorf("log: %s", log.String())
		}
		stop()
		<-done
	})
}

func TestNewNamesTheFileAndTheFix(t *testing.T) {
	dir := t.TempDir()
	cfg := issue(t, tlstest.New(t), dir, "server", "x")
	text := filepath.Join(dir, "text")
	os.WriteFile(text, []byte("hello"), 0o600)
	for _, tt := range []struct {
		cfg  Config
		want string
	}{
		{Config{Cert: cfg.Cert}, "key is not"},
		{Config{Key: cfg.Key}, "cert is not"},
		{Config{Cert: cfg.Cert, Key: filepath.Join(dir, "none")}, filepath.Join(dir, "none")},
		{Config{Cert: text, Key: cfg.Key}, text + " holds no certificate"},
		{Config{Cert: cfg.Cert, Key: text}, text},
		{Config{CA: text}, text + " holds no certificate"},
		{Config{CA: dir}, dir},
		{Config{}, ""},
	} {
		_, err := New(tt.cfg, quiet())
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt.cfg, err)
		}
	}
}
