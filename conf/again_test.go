package conf

import (
	"os"
	"path/filepath"
	"testing"
)

// reads notes how secrets are read again.
type reads struct {
	by map[string]func() (string, error)
}

func (r *reads) Again(setting string, read func() (string, error)) {
	if r.by == nil {
		r.by = map[string]func() (string, error){}
	}
	r.by[setting] = read
}

func TestASecretFromAFileCanBeReadAgain(t *testing.T) {
	dir := t.TempDir()
	file, settings := filepath.Join(dir, "key"), filepath.Join(dir, "s.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, "one\n")
	write(settings, "part: { key: \"id:${file:"+file+"}\", word: \"${file:"+file+"}\", fixed: x, open: \"${file:"+file+"}\" }\n")
	var s struct {
		Part struct {
			reads
			Key   string `conf:"key,secret"`
			Word  string `conf:"word,secret"`
			Fixed string `conf:"fixed,secret"`
			Open  string `conf:"open"`
		} `conf:"part"`
	}
	if _, problems := Load(LoadOptions{File: settings, Schema: &s}); len(problems) > 0 {
		t.Fatal(problems)
	}
	if s.Part.Key != "id:one" || len(s.Part.by) != 2 {
		t.Fatalf("%q, %d can be read again", s.Part.Key, len(s.Part.by))
	}
	write(file, "two\n")
	for name, want := range map[string]string{"key": "id:two", "word": "two"} {
		if got, err := s.Part.by[name](); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Part.by["word"](); err == nil {
		t.Error("a file that is gone is no error")
	}
}
