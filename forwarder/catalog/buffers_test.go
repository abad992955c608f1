package catalog

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/buffer"
	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/wal"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/ledger"
)

// TestOrphans: what an output left that is not configured any more goes to the
// lane with the same target; the rest is named and stays.
func TestOrphans(t *testing.T) {
	dir := t.TempDir()
	s := Default()
	s.Elasticsearch.URLs = []string{"http://127.0.0.1:9200"}
	s.Inputs.Containers.Path, s.Inputs.Forward.Listen = "", nil
	leave := func(lane, target string, records int) {
		t.Helper()
		l, _, _ := wal.Open(wal.Options{FS: vfs.OS{}, Dir: filepath.Join(dir, lane), Lane: target})
		defer l.Close()
		for n := range records {
			b := &event.Block{Key: "k", Body: fmt.Appendf(nil, "%s %d", lane, n)}
			b.Close(event.ID{}, 1)
			if _, err := l.Write([]*event.Block{b}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var text bytes.Buffer
	parts := func() {
		t.Helper()
		p, err := Build(s, Deps{
			Ledger: ledger.New(), Checkpoint: &checkpoint.Store{}, Budget: buffer.NewBudget(1 << 20), BufferDir: dir,
			Log: slog.New(slog.NewTextHandler(&text, nil)), Registerer: prometheus.NewRegistry(),
		})
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
	}
	target := newDisk("elasticsearch", "elasticsearch", output{Target: s.Elasticsearch.URLs[0] + " "}).target
	leave("elasticsearch", target, 1)
	leave("renamed", target, 2)
	leave("gone", "kafka-00000000", 3)
	inLane := func() (records uint64) {
		parts()
		looks, err := wal.Survey(vfs.OS{}, filepath.Join(dir, "elasticsearch"))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range looks {
			records += l.Records
		}
		return records
	}
	if held := inLane(); held != 3 {
		t.Fatalf("%d records in the lane", held)
	}
	if _, err := os.Stat(filepath.Join(dir, "renamed")); !os.IsNotExist(err) {
		t.Fatalf("the adopted directory is left: %v", err)
	}
	if !strings.Contains(text.String(), "records wait for an output that is not configured any more") || !strings.Contains(text.String(), "records=3") {
		t.Fatal(text.String())
	}
	if held := inLane(); held != 3 {
		t.Fatalf("%d records in the lane at the next start", held)
	}
	if looks, err := wal.Survey(vfs.OS{}, filepath.Join(dir, "gone")); err != nil || looks[0].Records != 3 {
		t.Fatalf("%v %v", looks, err)
	}
}

func TestALanesDirectory(t *testing.T) {
	for name, want := range map[string]string{
		"elasticsearch": "elasticsearch", "@es.1": "@es.1.elasticsearch", "../x": "%2E.%2Fx.elasticsearch", "a b": "a%20b.elasticsearch",
	} {
		if got := newDisk(name, "elasticsearch", output{}).dir; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
