// Package sluice_test holds the house rules that no compiler checks.
package sluice_test

import (
	"os/exec"
	"strings"
	"testing"
)

// arrows lists, for each package of ours, what of ours it may depend on,
// directly or not, and which other modules (by prefix). What it may use brings
// along what that may use. A package that is not listed sits on top and may use
// everything.
var arrows = map[string]struct{ ours, others string }{
	"event":                    {"", "github.com/zeebo/xxh3"},
	"wire":                     {"wire/quote wire/inflate", "github.com/tinylib/msgp github.com/klauspost/compress"},
	"wire/quote":               {"", ""},
	"wire/inflate":             {"", ""},
	"wire/metadata":            {"event wire", "github.com/tinylib/msgp"},
	"setting":                  {"", ""},
	"parser":                   {"event setting wire/quote parser/timefmt parser/rubyexp", ""},
	"parser/timefmt":           {"event", ""},
	"parser/rubyexp":           {"", "github.com/dlclark/regexp2"},
	"parser/multiline":         {"", ""},
	"conf":                     {"", "*"},
	"logging":                  {"", ""},
	"conf/fluent":              {"conf", "go.yaml.in/yaml"},
	"tlsfiles":                 {"", ""},
	"secret":                   {"", ""},
	"serve":                    {"", ""},
	"admin":                    {"secret serve", "*"},
	"forwarder":                {"event forwarder/ledger", "github.com/prometheus"},
	"forwarder/ledger":         {"event", ""},
	"forwarder/checkpoint":     {"", ""},
	"forwarder/buffer":         {"event forwarder/buffer/segment forwarder/buffer/vfs forwarder/buffer/wal", ""},
	"forwarder/buffer/held":    {"event forwarder/buffer/segment forwarder/buffer/vfs forwarder/buffer/wal", ""},
	"forwarder/buffer/segment": {"event", ""},
	"forwarder/buffer/vfs":     {"", ""},
	"forwarder/buffer/wal":     {"event forwarder/buffer/segment forwarder/buffer/vfs", ""},
	"forwarder/deadletter":     {"event", "golang.org/x/sys"},
	"forwarder/meter":          {"", "github.com/prometheus"},
	"forwarder/filter":         {"event parser parser/multiline wire wire/metadata parser/rubyexp forwarder/filter/ruby", "github.com/tinylib/msgp github.com/prometheus"},
	"forwarder/filter/ruby":    {"event parser parser/rubyexp parser/timefmt wire", ""},
	"forwarder/tail":           {"event parser parser/multiline wire forwarder/ledger forwarder/meter", "*"},
	"forwarder/enrich":         {"event", "*"},
	"forwarder/listen":         {"event parser wire wire/metadata forwarder/ledger forwarder/meter forwarder/netin secret", "*"},
	"forwarder/netin":          {"event forwarder/ledger forwarder/meter", ""},
	"sink/elastic":             {"event parser wire secret sink/format", "*"},
	"forwarder/web":            {"event parser wire forwarder/netin serve", "github.com/prometheus github.com/klauspost/compress"},
	"forwarder/sample":         {"event parser forwarder/netin", "github.com/prometheus"},
	"forwarder/status":         {"serve", ""},
	"forwarder/socket":         {"event parser forwarder/netin", "github.com/prometheus golang.org/x/sys"},
	"forwarder/syslog":         {"event parser forwarder/socket", "github.com/prometheus"},
	"sink/elastictest":         {"", "*"},
	"sink/forward":             {"event wire wire/metadata secret", "*"},
	"sink/format":              {"event parser wire", "github.com/tinylib/msgp"},
	"sink/file":                {"event setting sink/format", "github.com/klauspost/compress"},
	"sink/stdout":              {"event sink/format", ""},
}

// inBinary lists what may not be part of the sluice binary.
var notInSluice = []string{"sluice/sink/elastictest", "sluice/bench", "sluice/forwarder/enrich/apitest", "sluice/forwarder/sourcetest", "sluice/tlsfiles/tlstest", "sluice/cmd/sluice-dev", "github.com/fluent/fluent-logger-golang", "github.com/chromedp"}

func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

func TestArrows(t *testing.T) {
	for pkg, may := range arrows {
		allowed := map[string]bool{}
		allow(allowed, may.ours)
		own := "sluice/" + pkg
		direct := map[string]bool{}
		for _, dep := range list(t, "-f", `{{join .Imports "\n"}}`, "./"+pkg) {
			direct[dep] = true
		}
		for _, dep := range list(t, "-deps", "./"+pkg) {
			switch {
			case dep == own || allowed[dep] || strings.HasPrefix(dep, own+"/internal/"):
			case strings.HasPrefix(dep, "sluice/"):
				t.Errorf("%s depends on %s", own, dep)
			case direct[dep] && strings.Contains(strings.SplitN(dep, "/", 2)[0], ".") && !permits(may.others, dep):
				t.Errorf("%s imports %s; it may import of other modules: %q", own, dep, may.others)
			}
		}
	}
}

func allow(allowed map[string]bool, ours string) {
	for _, p := range strings.Fields(ours) {
		if !allowed["sluice/"+p] {
			allowed["sluice/"+p] = true
			allow(allowed, arrows[p].ours)
		}
	}
}

func permits(prefixes, dep string) bool {
	for _, p := range strings.Fields(prefixes) {
		if p == "*" || strings.HasPrefix(dep, p) {
			return true
		}
	}
	return false
}

func TestWhatIsNotInTheBinary(t *testing.T) {
	for _, dep := range list(t, "-deps", "./cmd/sluice") {
		for _, not := range notInSluice {
			if strings.HasPrefix(dep, not) {
				t.Errorf("sluice contains %s", dep)
			}
		}
	}
}

func TestEveryPackageStatesItsPromise(t *testing.T) {
	for _, line := range strings.Split(strings.Join(list(t, "-f", `{{if .GoFiles}}{{.ImportPath}}={{len .Doc}}{{end}}`, "./..."), "\n"), "\n") {
		if strings.HasSuffix(line, "=0") {
			t.Errorf("%s has no package comment", strings.TrimSuffix(line, "=0"))
		}
	}
}
