package load

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sluice/bench/mark"
	"sluice/event"
	"sluice/parser"
)

func writeFiles(t *testing.T, c FilesConfig) (*Files, string) {
	t.Helper()
	dir := t.TempDir()
	c.Dir = filepath.Join(dir, "pods")
	f, err := NewFiles(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	links := filepath.Join(dir, "containers")
	if err := f.Link(links); err != nil {
		t.Fatal(err)
	}
	return f, links
}

func TestFilesAreAsAKubeletMakesThem(t *testing.T) {
	for name, rate := range map[string]int{"backlog": 0, "steady": 20_000} {
		t.Run(name, func(t *testing.T) {
			const first, lines = 7, 1000
			f, links := writeFiles(t, FilesConfig{Files: 3, Lines: lines, Size: 100, Rate: rate, Stream: first})
			link := regexp.MustCompile(`^([a-z0-9-]+)_default_app-[0-9a-f]{64}\.log$`)
			entries, err := os.ReadDir(links)
			if err != nil || len(entries) != 3 {
				t.Fatalf("%d links, %v", len(entries), err)
			}
			var total int64
			seen := map[int]int64{}
			for _, e := range entries {
				name := link.FindStringSubmatch(e.Name())
				if name == nil {
					t.Fatalf("link is called %s", e.Name())
				}
				target, err := os.Readlink(filepath.Join(links, e.Name()))
				pod := regexp.MustCompile(`/pods/default_` + name[1] + `_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/app/0\.log$`)
				if err != nil || !pod.MatchString(target) {
					t.Fatalf("%s leads to %s, %v", e.Name(), target, err)
				}
				stream, count, size := readLog(t, target)
				seen[stream] = count
				total += size
			}
			if f.Bytes() != total {
				t.Errorf("Bytes is %d, there are %d", f.Bytes(), total)
			}
			made := f.Made()
			if len(made) != first+3 || made[first] != 334 || made[first+1] != 333 || made[0] != 0 {
				t.Errorf("made %v", made)
			}
			for i := range 3 {
				if seen[first+i] != made[first+i] {
					t.Errorf("stream %d has %d lines, made says %d", first+i, seen[first+i], made[first+i])
				}
			}
		})
	}
}

// readLog checks one file line by line.
func readLog(t *testing.T, path string) (stream int, lines, size int64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var last event.Time
	for line := range bytes.Lines(b) {
		l, ok := parser.CRI(bytes.TrimSuffix(line, []byte("\n")))
		if !ok || l.Partial || !bytes.HasSuffix(line, []byte("\n")) {
			t.Fatalf("no whole CRI line: %q", line)
		}
		if l.Time.Sec < last.Sec || l.Time.Sec == last.Sec && l.Time.Nsec <= last.Nsec {
			t.Fatalf("%v follows %v", l.Time, last)
		}
		last = l.Time
		m, ok := mark.Read(line[l.Message:])
		if lines++; !ok || m.Seq != lines || lines > 1 && m.Stream != stream {
			t.Fatalf("line %d has the mark %+v", lines, m)
		}
		stream = m.Stream
	}
	return stream, lines, int64(len(b))
}

func TestEqualSeedsMakeEqualNamesAndTexts(t *testing.T) {
	names := func(seed uint64) string {
		_, links := writeFiles(t, FilesConfig{Files: 2, Lines: 10, Size: 100, Seed: seed})
		entries, err := os.ReadDir(links)
		if err != nil {
			t.Fatal(err)
		}
		return entries[0].Name() + entries[1].Name()
	}
	if one, again, other := names(1), names(1), names(2); one != again || one == other {
		t.Error("names do not follow the seed")
	}
	text := func(seed uint64) string {
		return string(NewText(seed, 200).Append(nil, mark.Mark{Stream: 1, Seq: 1}))
	}
	if one, again, other := text(1), text(1), text(2); one != again || one == other {
		t.Error("texts do not follow the seed")
	}
}

func TestTextsAreOneLineAndAboutSoLong(t *testing.T) {
	const size, n = 200, 5000
	text := NewText(1, size)
	kinds := map[string]int{}
	sum := 0
	for i := range n {
		b := text.Append(nil, mark.Mark{Stream: 1, Seq: int64(i) + 1})
		if m, ok := mark.Read(b); !ok || m.Seq != int64(i)+1 || bytes.IndexByte(b, '\n') >= 0 {
			t.Fatalf("%q", b)
		}
		switch {
		case len(b) > size*2:
			kinds["long"]++
		case b[0] == '{':
			kinds["json"]++
		case strings.HasPrefix(string(b), "10.42."):
			kinds["access"]++
		case b[0] == '"':
			kinds["escapes"]++
		default:
			kinds["klog"]++
		}
		if len(b) <= size*2 {
			sum += len(b)
		}
	}
	for kind, percent := range map[string]int{"json": 40, "klog": 30, "access": 20, "escapes": 7, "long": 3} {
		if got := kinds[kind] * 100; got < n*(percent-3) || got > n*(percent+3) {
			t.Errorf("%d of %d are %s, want %d %%", kinds[kind], n, kind, percent)
		}
	}
	if mean := sum / (n - kinds["long"]); mean < size*9/10 || mean > size*11/10 {
		t.Errorf("mean length is %d", mean)
	}
}

func TestFilesRefuse(t *testing.T) {
	for _, c := range []FilesConfig{{Files: 0}, {Files: 2, Stream: mark.MaxStreams - 1}} {
		if f, err := NewFiles(c, nil); err == nil {
			f.Close()
			t.Errorf("%+v: no error", c)
		}
	}
}

func TestWriteEndsWithItsContext(t *testing.T) {
	f, err := NewFiles(FilesConfig{Dir: t.TempDir(), Files: 1, Lines: 1 << 40, Size: 100}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	f.progress = func(int64) { cancel() }
	if err := f.Write(ctx); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if _, lines, size := readLog(t, f.logs[0].file.Name()); lines != f.Made()[0] || size != f.Bytes() {
		t.Errorf("%d lines and %d bytes are there, made %d and %d", lines, size, f.Made()[0], f.Bytes())
	}
}
