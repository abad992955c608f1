package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/event"
	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/wal"
)

// bufferWith makes a lane's directory with blocks of one record each, the
// first of which is answered for.
func bufferWith(t *testing.T, data, lane string, records int) {
	t.Helper()
	l, _, _ := wal.Open(wal.Options{FS: vfs.OS{}, Dir: filepath.Join(bufferDir(data), lane), Lane: "elasticsearch"})
	defer l.Close()
	for n := range records {
		b := &event.Block{Key: "logs-app-default", Tag: "app", Since: 1_700_000_000e9, Body: fmt.Appendf(nil, "%s %d\n", lane, n)}
		b.Close(event.MakeID(1, event.SourceKey{}, uint64(n)), 1)
		refs, err := l.Write([]*event.Block{b})
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			l.Release(refs[0])
		}
	}
}

func TestBuffer(t *testing.T) {
	data := t.TempDir()
	run := func(want int, args ...string) (out, errOut string) {
		t.Helper()
		status, out, errOut := in(t, sluice(), nil, append([]string{"buffer"}, args...)...)
		if status != want {
			t.Fatalf("%q: status %d, want %d\n%s%s", args, status, want, out, errOut)
		}
		return out, errOut
	}
	if _, errOut := run(0, "ls", "--data-dir", data); errOut != "nothing waits on the disk\n" {
		t.Fatalf("ls of nothing: %q", errOut)
	}
	bufferWith(t, data, "elasticsearch", 4)
	bufferWith(t, data, "old", 3)

	out, _ := run(0, "ls", "--data-dir", data)
	if lines := strings.Split(out, "\n"); len(lines) != 4 || !strings.Contains(lines[1], "sealed") || strings.Fields(lines[1])[5] != "3" {
		t.Fatalf("ls:\n%s", out)
	}
	if out, _ = run(0, "ls", "--format", "json", "--data-dir", data, "old"); !strings.Contains(out, `"records":2,"answered_blocks":1,"oldest":"2023-`) {
		t.Fatalf("ls: %s", out)
	}
	if out, _ = run(0, "cat", "--data-dir", data); out != "elasticsearch 1\nelasticsearch 2\nelasticsearch 3\nold 1\nold 2\n" {
		t.Fatalf("cat: %q", out)
	}
	run(0, "verify", "--data-dir", data)
	run(2, "cat", "--data-dir", data, "nothing")
	run(2, "export", "--data-dir", data)

	exported := filepath.Join(t.TempDir(), "00000001.seg")
	run(0, "export", "--data-dir", data, "--to", exported, "old")
	run(1, "export", "--data-dir", data, "--to", exported, "old") // it is there
	run(0, "adopt", "--data-dir", data, "--into", "elasticsearch", "old", exported)
	if out, _ = run(0, "cat", "--data-dir", data); out != "elasticsearch 1\nelasticsearch 2\nelasticsearch 3\nold 1\nold 2\nold 1\nold 2\n" {
		t.Fatalf("cat after adopt: %q", out)
	}
	if _, err := os.Stat(filepath.Join(bufferDir(data), "old")); !os.IsNotExist(err) {
		t.Fatalf("the lane's directory is left: %v", err)
	}
	run(1, "adopt", "--data-dir", data, "--into", "elasticsearch", "elasticsearch")

	damaged := filepath.Join(bufferDir(data), "elasticsearch", wal.Name(1))
	raw, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	raw[bytes.Index(raw, []byte("elasticsearch 2"))]++
	if err := os.WriteFile(damaged, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errOut := run(1, "verify", "--data-dir", data); !strings.Contains(out, "cannot read block at") || !strings.Contains(errOut, "1 problems") {
		t.Fatalf("verify: %s%s", out, errOut)
	}
	if out, errOut := run(1, "cat", "--data-dir", data, "elasticsearch"); strings.Contains(out, "elasticsearch 2") || errOut == "" {
		t.Fatalf("cat of a damaged file: %q %q", out, errOut)
	}
}
