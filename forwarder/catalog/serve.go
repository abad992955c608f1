package catalog

import (
	"fmt"
	"log/slog"

	"sluice/admin"
	"sluice/conf"
	"sluice/tlsfiles"
)

// Certificates reads what a server of that section of the settings proves
// itself with; nil: it speaks plain HTTP.
func Certificates(section string, c admin.TLS, log *slog.Logger) (*tlsfiles.Files, error) {
	if c == (admin.TLS{}) {
		return nil, nil
	}
	if c.Cert == "" {
		return nil, fmt.Errorf("%s.tls has no cert: name the certificate's file too", section)
	}
	files, err := tlsfiles.New(tlsfiles.Config{Cert: c.Cert, Key: c.Key, CA: c.ClientCA}, log)
	if err != nil {
		return nil, fmt.Errorf("%s.tls: %w", section, err)
	}
	return files, nil
}

// checkServers reports what is wrong with metrics and admin.
func checkServers(t *conf.Tree, s *Settings) (problems conf.Problems) {
	_, err := Certificates("metrics", s.Metrics.TLS, slog.New(slog.DiscardHandler))
	problems = append(problems, t.Explain("metrics", err)...)
	_, err = Certificates("admin", s.Admin.TLS, slog.New(slog.DiscardHandler))
	problems = append(problems, t.Explain("admin", err)...)
	return append(problems, t.Explain("admin", s.Admin.Check())...)
}
