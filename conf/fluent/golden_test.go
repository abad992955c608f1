package fluent

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sluice/conf"
)

var update = flag.Bool("update", false, "write the golden files that are ours")

// environment is what the golden trees were made in.
var environment = map[string]string{"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}

func options() Options {
	return Options{
		Env:      func(name string) (string, bool) { v, ok := environment[name]; return v, ok },
		Hostname: func() (string, error) { return "@@HOSTNAME@@", nil },
	}
}

func parseFile(t *testing.T, file string) (*conf.Element, conf.Problems) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(file, data, options())
}

// The golden trees of testdata/golden are Fluentd 1.19.3's own; those of
// testdata/ours are this package's, looked through by hand.
func TestTheTreesAreFluentds(t *testing.T) {
	files, err := filepath.Glob("testdata/[0-9]*.[cy]*")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			root, problems := parseFile(t, file)
			if problems.Bad() {
				t.Fatal(problems)
			}
			got := TreeJSON(root)
			name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) + ".ast.json"
			golden := filepath.Join("testdata", "golden", name)
			want, err := os.ReadFile(golden)
			if err != nil {
				golden = filepath.Join("testdata", "ours", name)
				if *update {
					if err := os.WriteFile(golden, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if want, err = os.ReadFile(golden); err != nil {
					t.Fatal(err)
				}
			}
			var a, b any
			if err := json.Unmarshal(got, &a); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(want, &b); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(a, b) {
				out := filepath.Join(os.TempDir(), "got-"+name)
				_ = os.WriteFile(out, got, 0o644)
				t.Errorf("differs from %s; ours is in %s", golden, out)
			}
		})
	}
}
