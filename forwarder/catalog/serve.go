package catalog

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/admin"
	"sluice/conf"
	"sluice/tlsfiles"
)

// Certificates reads what a server of that section of the settings proves
// itself with; nil: it speaks plain HTTP.
func Certificates(section string, c admin.TLS, log *slog.Logger, reg prometheus.Registerer) (*tlsfiles.Files, error) {
	if c == (admin.TLS{}) {
		return nil, nil
	}
	if c.Cert == "" {
		return nil, fmt.Errorf("%s.tls has no cert: name the certificate's file too", section)
	}
	files, err := certificates(tlsfiles.Config{Cert: c.Cert, Key: c.Key, CA: c.ClientCA}, log, reg)
	if err != nil {
		return nil, fmt.Errorf("%s.tls: %w", section, err)
	}
	return files, nil
}

// checkServers reports what is wrong with metrics and admin.
func checkServers(t *conf.Tree, s *Settings) (problems conf.Problems) {
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	_, err := Certificates("metrics", s.Metrics.TLS, log, reg)
	problems = append(problems, t.Explain("metrics", err)...)
	_, err = Certificates("admin", s.Admin.TLS, log, reg)
	problems = append(problems, t.Explain("admin", err)...)
	return append(problems, t.Explain("admin", s.Admin.Check())...)
}
