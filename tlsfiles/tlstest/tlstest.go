// Package tlstest makes certificates for tests.
//
// Promise: what an Authority issues is good for servers and for clients, and
// is trusted by whoever trusts the Authority and nobody else.
package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"testing"
	"time"
)

// Authority signs certificates.
type Authority struct {
	PEM []byte // its own certificate

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New makes an authority.
func New(t *testing.T) *Authority {
	t.Helper()
	cert, key := template(), newKey(t)
	cert.Subject.CommonName, cert.IsCA, cert.BasicConstraintsValid = "authority", true, true
	cert.KeyUsage, cert.ExtKeyUsage = x509.KeyUsageCertSign, nil
	return &Authority{PEM: sign(t, cert, cert, key, key), cert: cert, key: key}
}

// WriteCA writes the authority's own certificate to path, which it returns.
func (a *Authority) WriteCA(t *testing.T, path string) string {
	t.Helper()
	write(t, path, a.PEM)
	return path
}

// Issue writes a certificate for hosts, names or addresses, to BASE.crt and its
// key to BASE.key. The first host is the certificate's name.
func (a *Authority) Issue(t *testing.T, base string, hosts ...string) (cert, key string) {
	t.Helper()
	return issue(t, base, template(hosts...), a)
}

// SelfSigned is Issue without an authority, of a certificate that ends then.
func SelfSigned(t *testing.T, base string, end time.Time, hosts ...string) (cert, key string) {
	t.Helper()
	c := template(hosts...)
	c.NotAfter = end
	return issue(t, base, c, nil)
}

func issue(t *testing.T, base string, c *x509.Certificate, by *Authority) (cert, key string) {
	t.Helper()
	own := newKey(t)
	if by == nil {
		by = &Authority{cert: c, key: own}
	}
	raw, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = base+".crt", base+".key"
	write(t, cert, sign(t, c, by.cert, own, by.key))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	return cert, key
}

// template is a certificate valid from 1970 to 2242: under a test's clock, too.
func template(hosts ...string) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for i, host := range hosts {
		if i == 0 {
			c.Subject = pkix.Name{CommonName: host}
		}
		if ip := net.ParseIP(host); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, host)
		}
	}
	return c
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign returns c, whose key is own, signed by parent's key.
func sign(t *testing.T, c, parent *x509.Certificate, own, parentKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, own.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func write(t *testing.T, path string, p []byte) {
	t.Helper()
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
}
