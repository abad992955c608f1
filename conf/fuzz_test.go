package conf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever a settings file holds: no panic, every problem has a place in the
// file and is one line, and what was accepted is shown so that it can be read
// again.
func FuzzSettings(f *testing.F) {
	for _, glob := range []string{"testdata/bad/*.yaml"} {
		files, err := filepath.Glob(glob)
		if err != nil || len(files) == 0 {
			f.Fatal("no testdata", err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte(shown))
	x := expander{
		env:  func(name string) (string, bool) { return name, name != "" },
		file: func(path string) (string, error) { return "", errors.New("no files") },
	}
	read := func(data []byte) (*Tree, *sample, Problems) {
		s := newSample()
		root, whole, problems := parseYAML("f.yaml", data, x)
		if !whole {
			return nil, s, problems
		}
		problems = append(problems, Decode(root, s)...)
		return &Tree{Root: root}, s, problems
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, s, problems := read(data)
		for _, p := range problems {
			if p.Pos.Line < 1 || p.Pos.Col < 1 || p.What == "" || strings.ContainsAny(p.String(), "\n\r") {
				t.Errorf("problem %q", p)
			}
		}
		if problems.Bad() || tree == nil {
			return
		}
		var b strings.Builder
		if err := Show(&b, tree, s); err != nil {
			t.Fatal(err)
		}
		if _, _, again := read([]byte(b.String())); again.Bad() {
			t.Errorf("%s\nis shown as\n%s\nwhich has\n%s", data, &b, again)
		}
	})
}
