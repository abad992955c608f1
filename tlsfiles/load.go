package tlsfiles

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxFile bounds a file in bytes; a system's whole bundle has some 250 kB.
const maxFile = 4 << 20

// contents are the files' bytes, nil for one that is not configured.
type contents struct{ cert, key, ca []byte }

func (c *contents) equal(o *contents) bool {
	return bytes.Equal(c.cert, o.cert) && bytes.Equal(c.key, o.key) && bytes.Equal(c.ca, o.ca)
}

// load reads the files and makes a set of them; old, when they are as they
// were. Contents are compared, not times and sizes: the files are small, and a
// renewal within a clock tick of the last one has the same of both.
func (f *Files) load(old *material) (*material, error) {
	raw, err := f.readTwice()
	if err != nil {
		return nil, err
	}
	if old != nil && raw.equal(&old.raw) {
		return old, nil
	}
	m := &material{raw: raw}
	if f.cfg.Cert != "" {
		if m.cert, err = f.pair(&raw); err != nil {
			return nil, err
		}
	}
	if f.cfg.CA != "" {
		if m.ca, err = pool(f.cfg.CA, raw.ca); err != nil {
			return nil, err
		}
	}
	m.server = m.serverConfig(f.cfg.minVersion())
	return m, nil
}

// readTwice reads until two readings are the same: a set that is being swapped
// is not taken by halves.
func (f *Files) readTwice() (contents, error) {
	last, err := f.read()
	for range 5 {
		var again contents
		if err == nil {
			again, err = f.read()
		}
		if err != nil || again.equal(&last) {
			return last, err
		}
		last = again
	}
	return last, errors.New("certificate files change while they are read: wait until they are written, and write them by rename")
}

// FileError is a file that cannot be read. Setting is which: cert, key or ca.
type FileError struct {
	Setting string
	Err     error
}

// Error says what is wrong.
func (e *FileError) Error() string {
	return fmt.Sprintf("cannot read %s (check its path and who may read it): %v", e.Setting, e.Err)
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

func (f *Files) read() (c contents, err error) {
	for _, x := range []struct {
		name, path string
		to         *[]byte
	}{{"cert", f.cfg.Cert, &c.cert}, {"key", f.cfg.Key, &c.key}, {"ca", f.cfg.CA, &c.ca}} {
		if x.path == "" {
			continue
		}
		if *x.to, err = readFile(x.path); err != nil {
			return c, &FileError{x.name, err}
		}
	}
	return c, nil
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(raw) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes: it is no PEM file of certificates", path, maxFile)
	}
	return raw, err
}

func (f *Files) pair(raw *contents) (*tls.Certificate, error) {
	if _, err := blocks(f.cfg.Cert, raw.cert, "CERTIFICATE"); err != nil {
		return nil, err
	}
	key, err := clearKey(raw.key, f.cfg.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("cannot use key %s: %w", f.cfg.Key, err)
	}
	c, err := tls.X509KeyPair(raw.cert, key)
	if err != nil {
		return nil, fmt.Errorf("cannot use certificate %s with key %s (write both of one pair, PEM): %w", f.cfg.Cert, f.cfg.Key, err)
	}
	return &c, nil
}

// pool makes a pool of all certificates of a file.
func pool(path string, raw []byte) (*x509.CertPool, error) {
	list, err := blocks(path, raw, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	p := x509.NewCertPool()
	for i, b := range list {
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("cannot use certificate %d of %s (write PEM certificates of authorities): %w", i+1, path, err)
		}
		p.AddCert(c)
	}
	return p, nil
}

// blocks returns a file's PEM blocks of one type. A block that is begun and not
// ended is an error: the file is being written.
func blocks(path string, raw []byte, kind string) (list []*pem.Block, err error) {
	for {
		b, rest := pem.Decode(raw)
		if b == nil {
			break
		}
		if b.Type == kind {
			list = append(list, b)
		}
		raw = rest
	}
	switch {
	case bytes.Contains(raw, []byte("-----BEGIN")):
		return nil, fmt.Errorf("%s is cut short or damaged: write it whole, by rename", path)
	case len(list) == 0:
		return nil, fmt.Errorf("%s holds no certificate: write it in PEM, beginning with -----BEGIN CERTIFICATE-----", path)
	}
	return list, nil
}

func (m *material) serverConfig(oldest uint16) *tls.Config {
	c := &tls.Config{MinVersion: oldest}
	if m.cert != nil {
		c.Certificates = []tls.Certificate{*m.cert}
	}
	if m.ca != nil {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, m.ca
		// A resumed session would carry over what an earlier set found good.
		c.SessionTicketsDisabled = true
	}
	return c
}
