package sample

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// rejoin reads CRI lines strictly and puts the pieces of a line together.
func rejoin(t *testing.T, text []byte) (lines []string) {
	t.Helper()
	if len(text) > 0 && text[len(text)-1] != '\n' {
		t.Fatal("the file does not end with a line")
	}
	var open strings.Builder
	for raw := range bytes.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(string(raw), "\n"), " ", 4)
		if len(f) != 4 || f[1] != "stdout" && f[1] != "stderr" || f[2] != "P" && f[2] != "F" {
			t.Fatalf("not a CRI line: %.80q", raw)
		}
		if _, err := time.Parse(time.RFC3339Nano, f[0]); err != nil {
			t.Fatalf("not a time: %v", err)
		}
		if len(f[3]) > maxPiece || f[2] == "P" && len(f[3]) != maxPiece {
			t.Fatalf("a piece marked %s of %d bytes", f[2], len(f[3]))
		}
		open.WriteString(f[3])
		if f[2] == "F" {
			lines = append(lines, open.String())
			open.Reset()
		}
	}
	if open.Len() > 0 {
		t.Fatal("the last line is not complete")
	}
	return lines
}

func TestAppendCRI(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 0, 54, 698255490, time.UTC)
	if got := string(appendCRI(nil, at, "stderr", []byte("a b"))); got != "2026-11-22T20:00:54.69825549Z stderr F a b\n" {
		t.Errorf("got %q", got)
	}
	for _, n := range []int{0, 1, maxPiece - 1, maxPiece, maxPiece + 1, 2 * maxPiece, 3*maxPiece + 5} {
		line := strings.Repeat("x", n)
		got := rejoin(t, appendCRI(nil, at, "stdout", []byte(line)))
		if len(got) != 1 || got[0] != line {
			t.Errorf("%d bytes became %d lines", n, len(got))
		}
	}
}

// A line written is in just one of the files, in order, and as many rotated
// files are kept as were asked for.
func TestRotation(t *testing.T) {
	dir, at := t.TempDir(), time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	p := pod{"lending", "loan-api-1", "uid", "loan-api", strings.Repeat("a", 64)}
	c, err := openContainer(dir, p, 1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	const each = 10 // lines of 100 bytes fill a file
	line := []byte(strings.Repeat("x", 100-len("2026-11-22T20:00:00Z stdout F \n")))
	for i := range 5*each + 1 {
		if err := c.write(at.Add(time.Duration(i/each)*time.Second), "stdout", line); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "containers", "loan-api-1_lending_loan-api-"+p.id+".log")
	target, err := filepath.EvalSymlinks(link)
	if err != nil || filepath.Base(target) != "0.log" {
		t.Fatalf("the link leads to %q, %v", target, err)
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(target), "*"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	total := 0
	for _, n := range names {
		got = append(got, filepath.Base(n))
		text, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		total += len(rejoin(t, text))
	}
	if want := []string{"0.log", "0.log.20261122-200004", "0.log.20261122-200005"}; !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	if total != 2*each+1 {
		t.Errorf("%d lines in them, want %d", total, 2*each+1)
	}
}

func TestRotationTwiceInOneSecondKeepsTheFile(t *testing.T) {
	dir, at := t.TempDir(), time.Unix(1, 0)
	c, err := openContainer(dir, pod{"n", "p", "u", "c", "i"}, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := c.write(at, "stdout", []byte("line")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(c.path + "*")
	total := 0
	for _, n := range names {
		text, _ := os.ReadFile(n)
		total += len(rejoin(t, text))
	}
	if total != 5 || len(names) != 2 {
		t.Errorf("%d lines in %d files, want 5 in 2", total, len(names))
	}
}

// written runs the sample for a while of fake time and returns its files.
func written(t *testing.T, seed uint64, span time.Duration) map[string]string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), span)
		defer cancel()
		if err := NewScala(ScalaConfig{Dir: dir, Rate: 50, Seed: seed, RotateBytes: 64 << 10, Keep: 100}).Run(ctx); err != nil {
			t.Fatal(err)
		}
	})
	names, err := filepath.Glob(filepath.Join(dir, "pods", "*", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := filepath.Rel(dir, n)
		files[rel] = string(text)
	}
	return files
}

var kubelets = regexp.MustCompile(`^pods/[a-z]+_[a-z0-9-]+_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[a-z-]+/0\.log`)

// What the container sample writes is CRI that joins again, has all that a
// reader must cope with, comes at the rate asked for, and is the same again.
func TestScala(t *testing.T) {
	const seconds = 120
	const span = seconds*time.Second + time.Millisecond // no tick falls on the end
	files := written(t, 7, span)
	var all []string
	rotated, pieces, stderr := 0, 0, 0
	for name, text := range files {
		all = append(all, rejoin(t, []byte(text))...)
		if !strings.HasSuffix(name, "/0.log") {
			rotated++
		}
		pieces += strings.Count(text, " P ")
		stderr += strings.Count(text, "Z stderr ")
		if !kubelets.MatchString(filepath.ToSlash(name)) {
			t.Errorf("not a kubelet's name: %s", name)
		}
	}
	traces, documents := 0, 0
	for _, l := range all {
		if strings.HasPrefix(l, "\tat ") {
			traces++
		}
		if strings.HasPrefix(l, "{") {
			if documents++; !json.Valid([]byte(l)) {
				t.Errorf("not JSON: %.100s", l)
			}
		}
	}
	for what, n := range map[string]int{"rotated files": rotated, "pieces": pieces, "stderr": stderr, "trace lines": traces, "JSON lines": documents} {
		if n == 0 {
			t.Errorf("no %s", what)
		}
	}
	if want := 50 * seconds; len(all) < want*9/10 || len(all) > want*11/10 {
		t.Errorf("%d lines, want about %d", len(all), want)
	}
	again := written(t, 7, span)
	if len(again) != len(files) {
		t.Fatalf("%d files, then %d", len(files), len(again))
	}
	for name, text := range files {
		if again[name] != text {
			t.Errorf("%s differs the second time", name)
		}
	}
	if other := written(t, 8, time.Second); len(other) == 0 || files[onlyKey(other)] != "" {
		t.Error("another seed made the same names")
	}
}

func onlyKey(m map[string]string) string {
	for k := range m {
		return k
	}
	return ""
}
