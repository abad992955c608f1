package catalog

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/tlsfiles"
)

// writePair writes a certificate that ends then, and its key, into one file.
func writePair(t *testing.T, path string, end time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw})...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The metrics tell when a certificate ends, after a renewal the new one; two
// parts may use one file.
func TestCertificatesEnd(t *testing.T) {
	path, reg := filepath.Join(t.TempDir(), "both.pem"), prometheus.NewRegistry()
	end := time.Unix(2_000_000_000, 0)
	writePair(t, path, end)
	cfg := tlsfiles.Config{Cert: path, Key: path}
	files, err := certificates(cfg, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := certificates(cfg, slog.New(slog.DiscardHandler), reg); err != nil {
		t.Errorf("the second part: %v", err)
	}
	if _, err := certificates(tlsfiles.Config{}, slog.New(slog.DiscardHandler), reg); err != nil {
		t.Errorf("a part without a certificate: %v", err)
	}
	for range 2 {
		all, err := reg.Gather()
		if err != nil || len(all) != 1 || all[0].GetName() != "sluice_certificate_expiry_timestamp_seconds" || len(all[0].Metric) != 1 {
			t.Fatalf("metrics %v, %v", all, err)
		}
		if got := all[0].Metric[0].Gauge.GetValue(); got != float64(end.Unix()) {
			t.Errorf("ends at %v, want %v", got, end.Unix())
		}
		end = end.Add(24 * time.Hour)
		writePair(t, path, end)
		if _, err := files.Check(); err != nil {
			t.Fatal(err)
		}
	}
}
