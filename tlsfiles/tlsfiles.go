package tlsfiles

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// every is how often Run looks at the files. A renewed certificate comes days
// before the old one ends; a withdrawn authority should not wait for minutes.
const every = 10 * time.Second

// Config names PEM files. Cert and Key come together.
type Config struct {
	// Cert is the own certificate, followed by those between it and the root.
	Cert string `conf:"cert"`
	// Key is the certificate's private key, and Passphrase what it is encrypted with.
	Key        string `conf:"key"`
	Passphrase string `conf:"key_passphrase,secret"`
	// CA holds the authorities to trust: a server's for its clients, which then
	// must have a certificate; a client's for its server, empty: the system's.
	CA string `conf:"ca"`
	// MinVersion is the oldest version of TLS that is spoken: 1.2, which empty is too, or 1.3.
	MinVersion string `conf:"min_version,oneof=|1.2|1.3"`
}

func (c *Config) minVersion() uint16 {
	if c.MinVersion == "1.3" {
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// Files is what the files held when they were last read whole. Its methods may
// be called from any goroutine.
type Files struct {
	cfg Config
	log *slog.Logger
	now atomic.Pointer[material]
	mu  sync.Mutex // of Check
}

// material is one set; it never changes.
type material struct {
	raw    contents
	cert   *tls.Certificate // nil: there is none
	ca     *x509.CertPool   // nil: there is none
	server *tls.Config
}

// New reads the files once. An error names the file and what to do.
func New(cfg Config, log *slog.Logger) (*Files, error) {
	switch {
	case cfg.Cert == "" && cfg.Key != "":
		return nil, errors.New("key is set and cert is not: name the certificate's file too")
	case cfg.Key == "" && cfg.Passphrase != "":
		return nil, errors.New("key_passphrase is set and key is not: name the private key's file too")
	case cfg.Cert != "" && cfg.Key == "":
		return nil, errors.New("cert is set and key is not: name the private key's file too")
	}
	f := &Files{cfg: cfg, log: log}
	m, err := f.load(nil)
	if err != nil {
		return nil, err
	}
	f.now.Store(m)
	return f, nil
}

// Server is for a listener: TLS of MinVersion or newer, and every handshake with the set
// that is current when it begins. With a CA only clients with a certificate of
// it get through. Without Cert no handshake succeeds. One serves all
// connections; sessions are resumed only within one.
func (f *Files) Server() *tls.Config {
	return &tls.Config{
		MinVersion:         f.cfg.minVersion(),
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.now.Load().server, nil },
	}
}

// Client is for one dial, with the set that is current now: make a new one for
// the next. The server must prove to be serverName, a host name or an address.
func (f *Files) Client(serverName string) *tls.Config {
	m := f.now.Load()
	return &tls.Config{
		MinVersion: f.cfg.minVersion(),
		ServerName: serverName,
		RootCAs:    m.ca,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if m.cert == nil {
				return &tls.Certificate{}, nil // the server says whether it can do without
			}
			return m.cert, nil
		},
	}
}

// Check reads the files and takes them up when they differ from what is in
// use. After an error the old set stays.
func (f *Files) Check() (changed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.now.Load()
	m, err := f.load(old)
	if err != nil || m == old {
		return false, err
	}
	f.now.Store(m)
	return true, nil
}

// Run calls Check every ten seconds until ctx ends, and logs what comes of it:
// an error once, not every time.
func (f *Files) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := f.Check()
		switch {
		case err == nil:
			told = ""
		case err.Error() != told:
			told = err.Error()
			f.log.LogAttrs(ctx, slog.LevelError, "certificates are not taken up; the old ones stay in use", slog.Any("error", err))
		}
		if changed {
			f.log.LogAttrs(ctx, slog.LevelInfo, "certificates taken up", f.now.Load().attrs()...)
		}
	}
}

func (m *material) attrs() (list []slog.Attr) {
	if m.cert != nil && m.cert.Leaf != nil {
		list = append(list, slog.String("name", Name(m.cert.Leaf)), slog.Time("not_after", m.cert.Leaf.NotAfter))
	}
	return list
}

// PeerName is the Name of the certificate with which the other side of a
// connection came; empty: it had none.
func (f *Files) PeerName(s tls.ConnectionState) string {
	if len(s.PeerCertificates) == 0 {
		return ""
	}
	return Name(s.PeerCertificates[0])
}

// Name is what a certificate calls its holder: the first of its URIs (SPIFFE's
// ids are), DNS names and e-mail addresses, else its common name.
func Name(c *x509.Certificate) string {
	switch {
	case len(c.URIs) > 0:
		return c.URIs[0].String()
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	case len(c.EmailAddresses) > 0:
		return c.EmailAddresses[0]
	}
	return c.Subject.CommonName
}
