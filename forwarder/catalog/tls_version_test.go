package catalog

import (
	"strings"
	"testing"
)

// Fluentd takes both spellings of a version.
func TestOldestTLS(t *testing.T) {
	for _, c := range []struct {
		only, oldest string
		newest       bool
	}{
		{"", "", false},
		{"TLSv1_2", "", false},
		{"TLSv1_3", "", true},
		{"TLS1_3", "", true},
		{"TLSv1_3", "TLS1_2", false},
		{"", "TLS1_3", true},
		{"", "TLSv1_3", true},
	} {
		if got := oldestTLS(c.only, c.oldest) > oldestTLS("", ""); got != c.newest {
			t.Errorf("%+v", c)
		}
	}
	for _, params := range []string{"min_version TLS1_2", "version TLS1_3", "min_version TLSv1_1"} {
		source := "<source>\n  @type forward\n  <transport tls>\n    cert_path c.pem\n    private_key_path k.pem\n    " + params + "\n  </transport>\n</source>\n"
		if found := checkFluent(source); strings.Contains(found.String(), "version") {
			t.Errorf("%s: %s", params, found)
		}
	}
}
