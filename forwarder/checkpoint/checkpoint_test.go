package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func mustOpen(t *testing.T, dir string) *Store {
	t.Helper()
	s, aside, err := Open(dir)
	if err != nil || aside != "" {
		t.Fatalf("Open: %v, aside %q", err, aside)
	}
	return s
}

func TestSaveAndReopen(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	for i := range 100 {
		s.Set(fmt.Sprint("file-", i), []byte(fmt.Sprint("offset ", i)))
	}
	s.Delete("file-7")
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir)
	n := 0
	s.Range(func(k string, v []byte) bool {
		n++
		if want := "offset " + strings.TrimPrefix(k, "file-"); string(v) != want {
			t.Errorf("%s: %q", k, v)
		}
		return true
	})
	if _, ok := s.Get("file-7"); ok || n != 99 {
		t.Fatalf("%d entries, deleted one there: %v", n, ok)
	}
}

// faulty fails the n-th step of a save, or writes only half and fails.
type faulty struct {
	osFiles
	at, step int
	torn     bool
}

var errInjected = errors.New("injected")

func (f *faulty) fail() bool { f.step++; return f.step == f.at }

func (f *faulty) WriteSynced(path string, p []byte) error {
	if f.fail() {
		if f.torn {
			_ = os.WriteFile(path, p[:len(p)/2], 0o600)
		}
		return errInjected
	}
	return f.osFiles.WriteSynced(path, p)
}

func (f *faulty) Rename(a, b string) error {
	if f.fail() {
		return errInjected
	}
	return f.osFiles.Rename(a, b)
}

func (f *faulty) SyncDir(p string) error {
	if f.fail() {
		return errInjected
	}
	return f.osFiles.SyncDir(p)
}

func TestAnErrorNeverReplacesAGoodFile(t *testing.T) {
	for at := 1; at <= 3; at++ {
		dir := t.TempDir()
		s := mustOpen(t, dir)
		s.Set("a", []byte("1"))
		if err := s.Save(); err != nil {
			t.Fatal(err)
		}
		f := &faulty{at: at, torn: true}
		s.fs = f
		s.Set("a", []byte("2"))
		if err := s.Save(); !errors.Is(err, errInjected) {
			t.Fatalf("step %d: %v", at, err)
		}
		got, _ := mustOpen(t, dir).Get("a")
		if want := map[int]string{1: "1", 2: "1", 3: "2"}[at]; string(got) != want {
			t.Errorf("step %d failed: %q on disk, want %q", at, got, want)
		}
		if err := s.Save(); err != nil { // still dirty: the next try writes
			t.Fatal(err)
		}
		if got, _ := mustOpen(t, dir).Get("a"); string(got) != "2" {
			t.Errorf("step %d: %q after the next save", at, got)
		}
	}
}

func TestDamageIsSetAside(t *testing.T) {
	whole := encodeAll(map[string][]byte{"k": []byte("value"), "l": nil})
	for n := range len(whole) {
		for name, raw := range map[string][]byte{
			"cut":     whole[:n],
			"flipped": append(append(append([]byte(nil), whole[:n]...), whole[n]^1), whole[n+1:]...),
		} {
			if _, err := decode(raw); err == nil {
				t.Fatalf("%s at %d: taken as good", name, n)
			}
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, Name)
	if err := os.WriteFile(path, whole[:20], 0o600); err != nil {
		t.Fatal(err)
	}
	s, aside, err := Open(dir)
	if err != nil || aside == "" {
		t.Fatalf("%v, aside %q", err, aside)
	}
	if kept, err := os.ReadFile(aside); err != nil || string(kept) != string(whole[:20]) {
		t.Fatalf("what was set aside: %q, %v", kept, err)
	}
	s.Set("x", []byte("y"))
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
}

func TestANewerFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	raw := encodeAll(nil)
	binary.LittleEndian.PutUint32(raw[8:], version+1)
	if err := os.WriteFile(filepath.Join(dir, Name), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Fatalf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, Name)); err != nil {
		t.Fatal("the newer file was touched")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encodeAll(map[string][]byte{"k": []byte("v")}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if data, err := decode(raw); err == nil {
			if _, err := decode(encodeAll(data)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func encodeAll(data map[string][]byte) []byte { return encode(sorted(data), data) }
