package deadletter

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/event"
)

var quiet = slog.New(slog.DiscardHandler)

// mustOpen opens a store that is closed at the end.
func mustOpen(t *testing.T, dir string, cfg Config) *Store {
	t.Helper()
	s, err := Open(dir, cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func chunk(items ...string) *event.Chunk {
	b := &event.Block{Key: "logs-x", Tag: "app.web"}
	for i, it := range items {
		b.Body = append(b.Body, it...)
		b.Close(event.MakeID(1, event.SourceKey{Hi: 1, Lo: 2}, uint64(i+10)), 1)
	}
	return &event.Chunk{Key: b.Key, Blocks: []*event.Block{b}}
}

// put puts one letter of the given type.
func put(t *testing.T, s *Store, typ, item string) {
	t.Helper()
	if err := s.Put("es", chunk(item), []event.Rejection{{Status: 400, Type: typ, Reason: "why"}}); err != nil {
		t.Fatal(err)
	}
}

func letters(t *testing.T, dir string) (out []*Entry) {
	t.Helper()
	err := Scan(dir, func(e *Entry) error {
		out = append(out, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// types lists the types of the letters there.
func types(t *testing.T, dir string) (list string) {
	for _, e := range letters(t, dir) {
		list += e.Type + " "
	}
	return strings.TrimSpace(list)
}

func TestPutKeepsReasonIDAndBytes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dead-letters")
	s := mustOpen(t, dir, DefaultConfig())
	c := chunk("{\"a\":1}\n", "good", "bad\xff\n")
	err := s.Put("es", c, []event.Rejection{{Item: 0, Status: 400, Type: "t", Reason: "r"}, {Item: 2, Status: 400}})
	if err != nil {
		t.Fatal(err)
	}
	got := letters(t, dir)
	if len(got) != 2 || got[0].Item != "{\"a\":1}\n" || got[0].Position != 10 || got[0].Reason != "r" || got[0].Tag != "app.web" || got[0].Time.IsZero() ||
		!bytes.Equal(got[1].ItemBytes, []byte("bad\xff\n")) || got[1].ID != c.Blocks[0].IDs[2].String() || got[1].Name() != "1-2" {
		t.Fatalf("%+v", got)
	}
	if err := s.PutRaw("forward", "10.0.0.1", "app", "compression", "why", []byte("\x1f\x8b")); err != nil {
		t.Fatal(err)
	}
	if got := letters(t, dir)[2]; got.Input != "forward" || got.Peer != "10.0.0.1" || got.Tag != "app" || string(got.ItemBytes) != "\x1f\x8b" {
		t.Fatalf("%+v", got)
	}
	for _, path := range []string{dir, segmentPath(dir, 1)} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v, %v", path, st.Mode(), err)
		}
	}
}

func TestATornLineIsCutAndWritingGoesOn(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, DefaultConfig())
	put(t, s, "first", "x")
	s.Close()
	f, _ := os.OpenFile(segmentPath(dir, 1), os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString(`{"lane":"es","id":"to` + strings.Repeat("x", 200_000)) // over several blocks
	f.Close()
	if got := types(t, dir); got != "first" {
		t.Fatalf("a reader sees %q", got)
	}
	put(t, mustOpen(t, dir, DefaultConfig()), "second", "y")
	if got := types(t, dir); got != "first second" {
		t.Fatalf("%q", got)
	}
}

func TestADamagedLineIsShownAndTheOthersAreRead(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, DefaultConfig())
	put(t, s, "first", "x")
	s.Close()
	f, _ := os.OpenFile(segmentPath(dir, 1), os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString("\x00\x00{rot\n")
	f.Close()
	put(t, mustOpen(t, dir, DefaultConfig()), "second", "y")
	got := letters(t, dir)
	if types(t, dir) != "first damaged_line second" || string(got[1].Bytes()) != "\x00\x00{rot" {
		t.Fatalf("%+v", got)
	}
	if err := Remove(dir, got[1:2]); err != nil || types(t, dir) != "first second" {
		t.Fatal(err, types(t, dir))
	}
}

func TestTheFileOfTheFirstFormatIsRead(t *testing.T) {
	dir := t.TempDir()
	old := header + `{"time":"2026-01-02T03:04:05Z","lane":"es","key":"i","id":"x","position":7,"type":"old","reason":"r","item":"d"}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, firstFile), []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, dir, DefaultConfig())
	put(t, s, "new", "x")
	got := letters(t, dir)
	if types(t, dir) != "old new" || got[0].Name() != "0-1" || got[0].Position != 7 || got[0].Time.Year() != 2026 {
		t.Fatalf("%+v", got)
	}
	if raw, _ := os.ReadFile(filepath.Join(dir, firstFile)); string(raw) != old {
		t.Fatal("it was written to")
	}
	if err := Remove(dir, got[:1]); err != nil {
		t.Fatal(err)
	}
	s.Close()
	mustOpen(t, dir, DefaultConfig())
	if _, err := os.Stat(filepath.Join(dir, firstFile)); !os.IsNotExist(err) || types(t, dir) != "new" {
		t.Fatal(err, types(t, dir))
	}
}

func TestForeignAndNewerFilesAreRefused(t *testing.T) {
	newer := strings.Replace(header, "1}", "2}", 1)
	for name, content := range map[string]string{"foreign": "hello\nworld\n", "foreign, a line": "hello", "newer": newer} {
		for _, n := range []int{0, 1} {
			dir := t.TempDir()
			if err := os.WriteFile(segmentPath(dir, n), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir, DefaultConfig(), quiet); err == nil || !strings.Contains(err.Error(), "move") {
				t.Errorf("%s: %v", name, err)
			}
			if err := Scan(dir, func(*Entry) error { return nil }); err == nil && strings.HasSuffix(content, "\n") {
				t.Errorf("%s: read", name)
			}
			if raw, _ := os.ReadFile(segmentPath(dir, n)); string(raw) != content {
				t.Errorf("%s: the file was changed", name)
			}
		}
	}
}

func TestAtTheLimit(t *testing.T) {
	item := strings.Repeat("x", 10_000)
	for _, action := range []string{"block", "drop_oldest"} {
		t.Run(action, func(t *testing.T) {
			dir := t.TempDir()
			s := mustOpen(t, dir, Config{DiskLimit: 200_000, OverflowAction: action})
			var err error
			n := 0
			for n = 0; n < 100 && err == nil; n++ {
				err = s.Put("es", chunk(item), []event.Rejection{{Type: fmt.Sprint("n", n)}})
			}
			used, written, dropped := s.Stats()
			if used > 200_000 {
				t.Fatalf("%d bytes", used)
			}
			there := letters(t, dir)
			if action == "drop_oldest" {
				if err != nil || written != 100 || int(dropped)+len(there) != 100 || there[len(there)-1].Type != "n99" {
					t.Fatalf("%v: %d written, %d dropped, %d there", err, written, dropped, len(there))
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "dead_letters.disk_limit") || len(there) != n-1 || dropped != 0 {
				t.Fatalf("%v: %d letters there of %d", err, len(there), n)
			}
			// Once people have dealt with some there is room again.
			if err := Remove(dir, there[:len(there)/2]); err != nil {
				t.Fatal(err)
			}
			put(t, s, "again", item)
			if used, _, _ := s.Stats(); used > 200_000 {
				t.Fatalf("%d bytes", used)
			}
			if got, want := len(letters(t, dir)), len(there)-len(there)/2+1; got != want {
				t.Fatalf("%d letters, want %d", got, want)
			}
		})
	}
}

func TestAnEmptyStoreTakesAnything(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Config{DiskLimit: 100, OverflowAction: "block"})
	put(t, s, "large", strings.Repeat("x", 1000))
	if err := s.Put("es", chunk("x"), []event.Rejection{{}}); err == nil || types(t, dir) != "large" {
		t.Fatalf("%v, %s", err, types(t, dir))
	}
}

// After a failed write nobody may find another letter under a name that a
// reader may have seen.
func TestAfterAFailedWriteTheSegmentIsOver(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, DefaultConfig())
	put(t, s, "first", "x")
	s.file.Close() // the next write fails
	if err := s.Put("es", chunk("x"), []event.Rejection{{Type: "lost"}}); err == nil {
		t.Fatal("no error")
	}
	put(t, s, "second", "x")
	if got := letters(t, dir); len(got) != 2 || got[1].Name() != "2-1" {
		t.Fatalf("%+v", got)
	}
	if used, written, _ := s.Stats(); written != 2 || used == 0 {
		t.Fatal(used, written)
	}
}

func TestRemoveOutlivesACutLine(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, DefaultConfig())
	for i := range 30 {
		put(t, s, fmt.Sprint("n", i), "x")
	}
	all := letters(t, dir)
	if err := Remove(dir, all[:1]); err != nil {
		t.Fatal(err)
	}
	f, _ := os.OpenFile(donePath(dir, 1), os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString("[1,2") // was to be [1,20]
	f.Close()
	if err := Remove(dir, all[9:10]); err != nil {
		t.Fatal(err)
	}
	if got := letters(t, dir); len(got) != 28 || got[0].Type != "n1" || got[1].Type != "n2" {
		t.Fatalf("%d letters, %+v", len(got), got[0])
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(header+`{"type":"x"}`+"\n"), []byte(doneHeader+"[1]\n"))
	f.Fuzz(func(t *testing.T, segment, done []byte) {
		dir := t.TempDir()
		os.WriteFile(segmentPath(dir, 1), segment, 0o600)
		os.WriteFile(donePath(dir, 1), done, 0o600)
		Scan(dir, func(e *Entry) error {
			e.Bytes()
			return nil
		})
		if s, err := Open(dir, DefaultConfig(), quiet); err == nil {
			s.Close()
		}
	})
}
