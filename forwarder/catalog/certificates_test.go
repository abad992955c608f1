package catalog

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/tlsfiles"
	"sluice/tlsfiles/tlstest"
)

// The metrics tell when a certificate ends, after a renewal the new one; two
// parts may use one file.
func TestCertificatesEnd(t *testing.T) {
	base, reg := filepath.Join(t.TempDir(), "server"), prometheus.NewRegistry()
	end := time.Unix(2_000_000_000, 0)
	var cfg tlsfiles.Config
	cfg.Cert, cfg.Key = tlstest.SelfSigned(t, base, end)
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
		tlstest.SelfSigned(t, base, end)
		if _, err := files.Check(); err != nil {
			t.Fatal(err)
		}
	}
}
