package deadletter

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/event"
)

func chunk(items ...string) *event.Chunk {
	b := &event.Block{Key: "logs-x", Tag: "app.web"}
	for i, it := range items {
		b.Body = append(b.Body, it...)
		b.Close(event.MakeID(1, event.SourceKey{Hi: 1, Lo: 2}, uint64(i+10)), 1)
	}
	return &event.Chunk{Key: b.Key, Blocks: []*event.Block{b}}
}

func letters(t *testing.T, dir string) (out []Letter) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	for _, l := range lines[1:] {
		var x Letter
		if err := json.Unmarshal([]byte(l), &x); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		out = append(out, x)
	}
	return out
}

func TestPutKeepsReasonIDAndBytes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dead-letters")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := chunk("{\"a\":1}\n", "good", "bad\xff\n")
	err = s.Put("es", c, []event.Rejection{{Item: 0, Status: 400, Type: "t", Reason: "r"}, {Item: 2, Status: 400}})
	if err != nil {
		t.Fatal(err)
	}
	got := letters(t, dir)
	if len(got) != 2 || got[0].Item != "{\"a\":1}\n" || got[0].Position != 10 || got[0].Reason != "r" || got[0].Tag != "app.web" ||
		!bytes.Equal(got[1].ItemBytes, []byte("bad\xff\n")) || got[1].ID != c.Blocks[0].IDs[2].String() {
		t.Fatalf("%+v", got)
	}
	if err := s.PutRaw("forward", "10.0.0.1", "app", "compression", "why", []byte("\x1f\x8b")); err != nil {
		t.Fatal(err)
	}
	if got := letters(t, dir)[2]; got.Input != "forward" || got.Peer != "10.0.0.1" || got.Tag != "app" || string(got.ItemBytes) != "\x1f\x8b" {
		t.Fatalf("%+v", got)
	}
	if st, _ := os.Stat(filepath.Join(dir, File)); st.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v", st.Mode())
	}
}

func TestATornLineIsCutAndWritingGoesOn(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	one := []event.Rejection{{Item: 0, Type: "first"}}
	if err := s.Put("es", chunk("x"), one); err != nil {
		t.Fatal(err)
	}
	s.Close()
	path := filepath.Join(dir, File)
	f, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString(`{"lane":"es","id":"to` + strings.Repeat("x", 200_000)) // over several blocks
	f.Close()
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	one[0].Type = "second"
	if err := s.Put("es", chunk("y"), one); err != nil {
		t.Fatal(err)
	}
	if got := letters(t, dir); len(got) != 2 || got[0].Type != "first" || got[1].Type != "second" {
		t.Fatalf("%+v", got)
	}
}

func TestForeignAndNewerFilesAreRefused(t *testing.T) {
	for name, content := range map[string]string{
		"foreign":         "hello\nworld\n",
		"foreign, a line": "hello",
		"newer":           `{"format":"sluice-dead-letters","version":2}` + "\n",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, File)
		os.WriteFile(path, []byte(content), 0o600)
		if _, err := Open(dir); err == nil {
			t.Errorf("%s: opened", name)
		}
		if raw, _ := os.ReadFile(path); string(raw) != content {
			t.Errorf("%s: the file was changed", name)
		}
	}
}
