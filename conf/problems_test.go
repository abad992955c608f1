package conf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// Each testdata/bad/NAME.yaml has its problems, as printed, in NAME.golden.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			_, problems := Load(LoadOptions{File: f, Schema: newSample()})
			if !problems.Bad() {
				t.Errorf("accepted")
			}
			golden(t, strings.TrimPrefix(strings.TrimSuffix(f, ".yaml")+".golden", "testdata/"), problems.String())
		})
	}
}

func TestProblemsElsewhere(t *testing.T) {
	t.Setenv("SLUICE_SHUTDOWN_GRACE", "soon")
	t.Setenv("SLUICE_ELASTICSEARCH_URL", "http://a") // URLS is meant
	t.Setenv("SLUICE_SERVICE_HOST", "10.0.0.1")      // Kubernetes' own
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	AddFlags(flags, newSample(), map[string]string{"log.level": "how much"})
	if err := flags.Parse([]string{"--log-level", "loud"}); err != nil {
		t.Fatal(err)
	}
	_, problems := Load(LoadOptions{Schema: newSample(), Flags: flags})
	want := `env SLUICE_ELASTICSEARCH_URL: warning: unknown environment variable "SLUICE_ELASTICSEARCH_URL" (write SLUICE_ELASTICSEARCH_URLS)
env SLUICE_SHUTDOWN_GRACE: error: shutdown_grace: "soon" is not a duration (write a duration such as 1s, 1m30s or 24h)
flag --log-level: error: log.level: "loud" is not one of debug, info, warn, error (write one of these)
default: error: elasticsearch.urls is required (write urls: VALUE or set SLUICE_ELASTICSEARCH_URLS)
`
	if got := problems.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestUnreadableFile(t *testing.T) {
	_, problems := Load(LoadOptions{File: "testdata/none.yaml", Schema: newSample()})
	want := "testdata/none.yaml:1:1: error: cannot read the settings: open testdata/none.yaml: no such file or directory (name a readable file)\n"
	if got := problems.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	big := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(big, []byte(strings.Repeat("#", maxFile+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, problems := Load(LoadOptions{File: big, Schema: newSample()}); !strings.Contains(problems.String(), "larger than 4MiB") {
		t.Errorf("got %s", problems)
	}
}

func TestNoSecretInProblems(t *testing.T) {
	for _, value := range []string{"[hunter2]", "{ hunter2: a }", "&hunter2", "!hunter2 x", "*hunter2", "hunter2: x", "\"${file:/hunter", "{ hunter2"} {
		_, problems := loadText(t, "elasticsearch:\n  urls: [a]\n  api_key: "+value+"\n", LoadOptions{Schema: newSample()})
		if !problems.Bad() || strings.Contains(problems.String(), "hunter") {
			t.Errorf("%s: %s", value, problems)
		}
	}
}

type fieldError struct{ field, what string }

func (e fieldError) Error() string { return e.what }
func (e fieldError) Field() string { return e.field }

func TestLocateAndExplain(t *testing.T) {
	text := `inputs:
  containers: { path: [/a, /b] }
filters:
  - { type: grep, exclude: [{ key: a, pattern: b }, { key: c }] }
elasticsearch: { urls: [a] }
kubernetes:
`
	tree, problems := loadText(t, text, LoadOptions{Schema: newSample()})
	noProblems(t, problems)
	for _, c := range []struct {
		setting, pos string
		exact        bool
	}{
		{"inputs.containers.path", "sluice.yaml:2:17", true},
		{"inputs.containers.path[1]", "sluice.yaml:2:28", true},
		{"inputs.containers.exclude", "sluice.yaml:2:3", false},
		{"filters[0]", "sluice.yaml:4:5", true},
		{"filters[0].exclude[1].key", "sluice.yaml:4:55", true},
		{"filters[7].type", "sluice.yaml:1:1", false},
		{"filters[x].type", "sluice.yaml:1:1", false},
		{"kubernetes", "sluice.yaml:6:1", false},
		{"nowhere.at.all", "sluice.yaml:1:1", false},
	} {
		if pos, exact := tree.Locate(c.setting); pos.String() != c.pos || exact != c.exact {
			t.Errorf("%s: got %s %v, want %s %v", c.setting, pos, exact, c.pos, c.exact)
		}
	}
	err := errors.Join(
		fmt.Errorf("cannot make the input: %w", fieldError{"path", "/a is no directory"}),
		errors.New("inputs.containers.path[1] is no glob: write a path"),
		errors.New("something else"))
	want := `sluice.yaml:2:17: error: inputs.containers.path: cannot make the input: /a is no directory
sluice.yaml:2:28: error: inputs.containers.path[1] is no glob: write a path
sluice.yaml:2:3: error: inputs.containers: something else
`
	if got := tree.Explain("inputs.containers", err).String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := tree.Explain("inputs", nil); got != nil {
		t.Errorf("got %s for no error", got)
	}
}
