package agent

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/event"
	"sluice/forwarder/catalog"
	"sluice/forwarder/deadletter"
)

func settings(dir string) *catalog.Settings {
	s := catalog.Default()
	s.DataDir = dir
	s.Metrics.Listen = "127.0.0.1:0"
	s.Admin.Listen = "127.0.0.1:0"
	s.Inputs.Forward.Listen = []string{"127.0.0.1:0"}
	s.Inputs.Containers.Path = filepath.Join(dir, "containers", "*.log")
	s.Elasticsearch.URLs = []string{"http://127.0.0.1:1"}
	return s
}

var quiet = Options{Log: slog.New(slog.DiscardHandler)}

func TestStartErrorsSayWhatToDoAndLeaveNothingHeld(t *testing.T) {
	dir := t.TempDir()
	first, err := New(settings(dir), quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = New(settings(dir), quiet); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d", os.Getpid())) {
		t.Errorf("a second agent on one directory: %v", err)
	}
	other := settings(t.TempDir())
	other.Metrics.Listen = first.MetricsAddr()
	if _, err = New(other, quiet); err == nil || !strings.Contains(err.Error(), "metrics.listen") {
		t.Errorf("a metrics address in use: %v", err)
	}
	other.Metrics.Listen, other.Inputs.Forward.Listen = "", []string{first.ForwardAddrs()[0]}
	if _, err = New(other, quiet); err == nil || !strings.Contains(err.Error(), "inputs.forward.listen") {
		t.Errorf("a forward address in use: %v", err)
	}
	first.close()
	other.Inputs.Forward.Listen = []string{"127.0.0.1:0"}
	for _, s := range []*catalog.Settings{settings(dir), other} { // nothing is held by what failed
		a, err := New(s, quiet)
		if err != nil {
			t.Fatal(err)
		}
		a.close()
	}
}

func TestAForeignDeadLetterFileRefusesTheStart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(deadletter.Dir(dir), "00000001.ndjson")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("not ours\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(settings(dir), quiet); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Fatal(err)
	}
}

// TestAnAccountWithoutReasonsIsRead: of an earlier version, or of a newer one.
func TestAnAccountWithoutReasonsIsRead(t *testing.T) {
	for raw, want := range map[string]event.Drops{
		`{"delivered":5,"dropped":3}`:                                          {event.Unknown: 3},
		`{"delivered":5,"dropped":3,"dropped_by":{"overflow":3}}`:              {event.Overflow: 3},
		`{"delivered":5,"dropped":3,"dropped_by":{"overflow":1,"filtered":1}}`: {event.Overflow: 1, event.Filtered: 1, event.Unknown: 1},
		`{"delivered":5,"dropped":3,"dropped_by":{"overflow":9}}`:              {event.Overflow: 3},
	} {
		var a account
		if err := json.Unmarshal([]byte(raw), &a); err != nil {
			t.Fatal(err)
		}
		got := a.of()
		if got.DroppedBy != want || got.Read != 8 || !got.AddsUp() {
			t.Errorf("%s: %+v", raw, got)
		}
	}
}
