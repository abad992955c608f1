package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sluice/conf"
	"sluice/logging"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// knobs are the settings of the program under test.
type knobs struct {
	Name string         `conf:"name,oneof=|a|b"`
	Key  string         `conf:"key,secret"`
	URLs []string       `conf:"urls"`
	Log  logging.Config `conf:"log"`
}

// under is a program whose parts the test may replace.
func under(t *testing.T) program {
	return program{
		defaults: func() any { return &knobs{Log: logging.DefaultConfig()} },
		file:     filepath.Join(t.TempDir(), "sluice.yaml"),
		env:      map[string]string{"USUAL_URL": "urls"},
		flags:    map[string]string{"name": "a name", "urls": "addresses"},
		logging:  func(s any) logging.Config { return s.(*knobs).Log },
		check: func(tree *conf.Tree, s any) conf.Problems {
			if s.(*knobs).Name == "b" {
				return tree.Explain("name", errors.New("b is out of order"))
			}
			return nil
		},
		connect: func(context.Context, *conf.Tree, any) conf.Problems {
			return conf.Problems{{Severity: conf.Warning, What: "nobody answers"}}
		},
		run: func(context.Context, any, *slog.Logger) error { return nil },
	}
}

// in runs one command line in a fresh directory that holds files, name and
// content in turn.
func in(t *testing.T, p program, files []string, args ...string) (status int, out, errOut string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for i := 0; i+1 < len(files); i += 2 {
		if err := os.WriteFile(files[i], []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var o, e bytes.Buffer
	status = execute(p, args, &o, &e)
	return status, o.String(), e.String()
}

func TestCommandLines(t *testing.T) {
	files := []string{
		"good.yaml", "name: a\n", "bad.yaml", "name: c\nnmae: a\n", "worse.yaml", "name: b\n",
		"warn.yaml", "key: \"********\"\n", "secret.yaml", "key: hunter2\n",
	}
	const isBad = "bad.yaml:1:1: error: name: \"c\" is not one of \"\", a, b (write one of these)\nbad.yaml:2:1: error: unknown setting \"nmae\" (write name)\n"
	const warns = "warn.yaml:1:1: warning: key holds the mask of a secret (write the secret, or ${file:PATH})\n"
	const usage = "See 'sluice"
	for _, c := range []struct {
		args   string
		status int
		out    string // all of it, or with a * at its end what it begins with
		errOut string // a part of it
	}{
		{"", 0, "Container logs*", ""},
		{"--help", 0, "Container logs*", ""},
		{"--version", 0, "sluice *", ""},
		{"completion bash", 0, "# bash completion*", ""},
		{"bogus", 2, "", usage},
		{"--bogus", 2, "", usage},
		{"run --bogus", 2, "", usage},
		{"run good.yaml", 2, "", "write --config FILE"},
		{"run --config", 2, "", usage},
		{"run --config good.yaml", 0, "", ""},
		{"run --config bad.yaml", 1, "", isBad},
		{"run --config none.yaml", 1, "", "none.yaml:1:1: error: cannot read the settings"},
		{"run --name c", 1, "", "flag --name: error: name"},
		{"run", 0, "", ""},
		{"check", 2, "", usage},
		{"check good.yaml", 0, "", "good.yaml: good\n"},
		{"check bad.yaml good.yaml", 1, isBad, "good.yaml: good\n"},
		{"check worse.yaml", 1, "worse.yaml:1:1: error: name: b is out of order\n", ""},
		{"check warn.yaml", 0, warns, ""},
		{"check --strict warn.yaml", 1, warns, ""},
		{"check --strict good.yaml", 0, "", ""},
		{"check --connect good.yaml", 0, "default: warning: nobody answers\n", ""},
		{"check --connect bad.yaml", 1, isBad, ""},
		{"check --format xml good.yaml", 2, "", usage},
		{"config", 2, "", "config needs a subcommand"},
		{"config bogus", 2, "", usage},
		{"config show a b", 2, "", usage},
		{"config show bad.yaml", 1, "", isBad},
		{"config show secret.yaml", 0, "name: \"\"         # default\nkey: \"********\"  # secret.yaml:1\n*", ""},
		{"config show --urls x,y good.yaml", 0, "name: a         # good.yaml:1\nkey: \"\"         # default\nurls: [x, y]    # flag --urls\n*", ""},
		{"version", 0, "sluice *", ""},
		{"version x", 2, "", usage},
	} {
		t.Run(c.args, func(t *testing.T) {
			status, out, errOut := in(t, under(t), files, strings.Fields(c.args)...)
			begin, open := strings.CutSuffix(c.out, "*")
			if status != c.status || open && !strings.HasPrefix(out, begin) || !open && out != c.out || !strings.Contains(errOut, c.errOut) {
				t.Errorf("status %d, want %d\nstdout: %s\nwant: %s\nstderr: %s\nwant: %s", status, c.status, out, c.out, errOut, c.errOut)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	status, out, _ := in(t, under(t), []string{"bad.yaml", "nmae: a\n"}, "check", "--format", "json", "bad.yaml")
	want := `[
  {
    "file": "bad.yaml",
    "line": 1,
    "col": 1,
    "severity": "error",
    "what": "unknown setting \"nmae\"",
    "fix": "write name"
  }
]
`
	if status != 1 || out != want {
		t.Errorf("status %d, got %s", status, out)
	}
	if _, out, _ = in(t, under(t), []string{"good.yaml", ""}, "check", "--format", "json", "good.yaml"); out != "[]\n" {
		t.Errorf("without problems: %q", out)
	}
	_, out, _ = in(t, under(t), nil, "version", "--format", "json")
	var b build
	if err := json.Unmarshal([]byte(out), &b); err != nil || b.Version == "" || b.Commit == "" || !strings.HasPrefix(b.Go, "go1.") {
		t.Errorf("version: %v in %s", err, out)
	}
}

// The usual file counts if it is there, the environment without any file.
func TestRunSettings(t *testing.T) {
	p := under(t)
	var got *knobs
	p.run = func(_ context.Context, s any, _ *slog.Logger) error {
		got = s.(*knobs)
		return nil
	}
	t.Setenv("USUAL_URL", "http://a,http://b")
	if status, _, errOut := in(t, p, nil, "run"); status != 0 || len(got.URLs) != 2 {
		t.Errorf("without a file: status %d, %+v %s", status, got, errOut)
	}
	if err := os.WriteFile(p.file, []byte("name: a\nurls: [c]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errOut := in(t, p, nil, "run"); status != 0 || got.Name != "a" || len(got.URLs) != 2 {
		t.Errorf("with the usual file: status %d, %+v %s", status, got, errOut)
	}
}

func TestRunFails(t *testing.T) {
	p := under(t)
	p.run = func(_ context.Context, _ any, log *slog.Logger) error {
		log.Info("hello")
		return errors.New("the disk is gone")
	}
	status, out, errOut := in(t, p, []string{"s.yaml", "log: { format: json }\n"}, "run", "--config", "s.yaml")
	if status != 1 || out != "" || !strings.Contains(errOut, `"msg":"hello"}`) || !strings.HasSuffix(errOut, "sluice: cannot go on: the disk is gone\n") {
		t.Errorf("status %d, %q, %q", status, out, errOut)
	}
}
