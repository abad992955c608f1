package catalog

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sluice/conf"
	"sluice/conf/fluent"
)

var update = flag.Bool("update", false, "write the golden files")

// checkFluent is what `sluice check` says of a configuration in one of
// Fluentd's languages.
func checkFluent(text string) conf.Problems {
	root, problems := fluent.Parse("fluent.conf", []byte(text), fluent.Options{Env: func(string) (string, bool) { return "", false }})
	if problems.Bad() {
		return problems
	}
	s := Default()
	problems = append(problems, FromTree(s, root)...)
	problems = append(problems, Check(&conf.Tree{Root: root}, s)...)
	problems.Sort()
	return problems
}

// Each mistake is told with its place and with what to write instead.
func TestMistakes(t *testing.T) {
	raw, err := os.ReadFile("testdata/mistakes.txt")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^fluent\.conf:\d+:\d+: (error|warning): .+ \(.+\)$`)
	var got strings.Builder
	cases := strings.Split(string(raw), "### ")[1:]
	for _, c := range cases {
		name, text, _ := strings.Cut(c, "\n")
		problems := checkFluent(text)
		if len(problems) == 0 {
			t.Errorf("%s: nothing is said", name)
		}
		for _, p := range problems {
			if !line.MatchString(p.String()) {
				t.Errorf("%s: no place, or nothing to write instead: %s", name, p)
			}
		}
		got.WriteString("### " + name + "\n" + problems.String())
	}
	if len(cases) < 60 {
		t.Errorf("only %d mistakes", len(cases))
	}
	golden(t, "testdata/mistakes.golden", got.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Errorf("%s:%d:\ngot  %s\nwant %s\n(write it anew with -update)", file, i+1, g[i], w[i])
				return
			}
		}
		t.Errorf("%s: %d lines, want %d (write it anew with -update)", file, len(g), len(w))
	}
}

// Files of the structure that charts, operators and tutorials have are good.
func TestWhatIsFoundInTheWild(t *testing.T) {
	files, err := filepath.Glob("testdata/wild/*.conf")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range checkFluent(string(raw)) {
			if p.Severity == conf.Error || strings.Contains(p.What, "is not used") {
				t.Errorf("%s: %s", file, p)
			}
		}
	}
}
