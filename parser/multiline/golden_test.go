package multiline

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

var marks = map[Step]string{Alone: "alone ", Begin: "begin ", More: "  more "}

// say writes what the rules say in front of each line.
func say(t *testing.T, text string, languages ...string) string {
	t.Helper()
	r, err := New(languages...)
	if err != nil {
		t.Fatal(err)
	}
	var s State
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		out.WriteString(strings.TrimRight(marks[r.Next(&s, []byte(line))]+"|"+line, " ") + "\n")
	}
	return out.String()
}

// What real programs wrote, and what becomes of it. The programs are in
// testdata/programs; the parts of paths that name the machine are replaced.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := say(t, string(text), "auto")
			golden := strings.TrimSuffix(file, ".txt") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, []byte(got)) {
				t.Errorf("%s is not what it was; see the difference with -update", golden)
			}
		})
	}
}
