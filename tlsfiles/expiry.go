package tlsfiles

import (
	"crypto/x509"
	"time"
)

// Expires is when the own certificate, or the first of those between it and
// the root, ends; the zero time where there is no certificate.
func (f *Files) Expires() (first time.Time) {
	m := f.now.Load()
	if m.cert == nil {
		return first
	}
	for _, der := range m.cert.Certificate {
		c, err := x509.ParseCertificate(der)
		if err == nil && (first.IsZero() || c.NotAfter.Before(first)) {
			first = c.NotAfter
		}
	}
	return first
}
