package catalog

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/tlsfiles"
)

// certificates reads the files of a part that speaks TLS, and has the metrics
// tell when its certificate ends. Parts may share a file.
func certificates(cfg tlsfiles.Config, log *slog.Logger, reg prometheus.Registerer) (*tlsfiles.Files, error) {
	files, err := tlsfiles.New(cfg, log)
	if err != nil || cfg.Cert == "" {
		return files, err
	}
	err = reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sluice_certificate_expiry_timestamp_seconds", ConstLabels: prometheus.Labels{"file": cfg.Cert},
		Help: "When the certificate that the file holds, or the first of its chain, ends, in seconds since 1970.",
	}, func() float64 { return float64(files.Expires().Unix()) }))
	var twice prometheus.AlreadyRegisteredError
	if err != nil && !errors.As(err, &twice) {
		return nil, fmt.Errorf("cannot register metrics: %w", err)
	}
	return files, nil
}

// atFile is an error about a file as one about the parameter that names it:
// those are the names of what tlsfiles calls cert, key and ca.
func atFile(err error, cert, key, ca string) error {
	var at *tlsfiles.FileError
	if !errors.As(err, &at) {
		return err
	}
	field := map[string]string{"cert": cert, "key": key, "ca": ca}[at.Setting]
	return fieldError{field, fmt.Sprintf("cannot read the file: %v", at.Err), "check its path and who may read it"}
}
