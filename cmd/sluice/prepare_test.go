package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPrepare(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "b", "c")} {
		if status, _, errOut := in(t, sluice(), nil, "prepare", path); status != exitDone {
			t.Fatalf("status %d: %s", status, errOut)
		}
		if st, err := os.Stat(path); err != nil || st.Mode() != os.ModeDir|0o770 {
			t.Errorf("%s: %v, %v", path, st, err)
		}
	}
	if status, _, _ := in(t, sluice(), nil, "prepare"); status != exitUsage {
		t.Errorf("without a directory: status %d", status)
	}
}
