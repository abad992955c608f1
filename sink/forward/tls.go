package forward

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
)

// tlsConfig is for one dial: by forward.tls.verify.
func (s *Sink) tlsConfig(srv *server) *tls.Config {
	c := s.certs.Client(srv.tlsName)
	if s.verify == "full" {
		return c
	}
	roots, name := c.RootCAs, srv.tlsName
	c.InsecureSkipVerify = true // what is to be looked at is looked at below
	if s.verify == "none" {
		return c
	}
	selfSigned := s.verify == "self_signed"
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		if len(cs.PeerCertificates) == 0 {
			return errors.New("the server has no certificate")
		}
		leaf := cs.PeerCertificates[0]
		o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, between := range cs.PeerCertificates[1:] {
			o.Intermediates.AddCert(between)
		}
		if selfSigned {
			o.DNSName = name
			if leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
				o.Roots = x509.NewCertPool()
				o.Roots.AddCert(leaf)
			}
		}
		_, err := leaf.Verify(o)
		return err
	}
	return c
}
