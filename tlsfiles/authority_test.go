package tlsfiles

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"sluice/tlsfiles/tlstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// issue has an authority write file.crt and file.key for a host.
func issue(t *testing.T, a *tlstest.Authority, dir, file, host string) (c Config) {
	t.Helper()
	c.Cert, c.Key = a.Issue(t, filepath.Join(dir, file), host)
	return c
}

func with(c Config, ca string) Config { c.CA = ca; return c }
