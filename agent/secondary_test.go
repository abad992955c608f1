package agent_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluice/sink/elastictest"
)

// TestTheSecondaryOfAFluentConf: a server that is away for longer than the
// retries last; the agent is killed while records change hands. Each line is in
// the secondary's files or in the server, which is used again once it is back.
func TestTheSecondaryOfAFluentConf(t *testing.T) {
	dir, store := t.TempDir(), newSeenStore(`"message":"line `)
	var back atomic.Bool
	es := elastictest.New(store)
	defer es.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !back.Load() {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		es.ServeHTTP(w, r)
	}))
	defer server.Close()
	configure(t, "secondary.conf", dir, server.URL)
	in := create(t, filepath.Join(dir, "in.log"))
	defer in.Close()
	written := 0
	write := func(n int) {
		var text []byte
		for range n {
			text = fmt.Appendf(text, "line %d\n", written)
			written++
		}
		if _, err := in.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	second := func() map[int]bool { return linesIn(t, filepath.Join(dir, "second", "app.in_*")) }
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(5 * time.Minute)
	for life := range 6 {
		write(2000)
		c := startWith(t, dir, "fluent.conf")
		for had := len(second()); len(second()) == had && time.Now().Before(deadline); {
			<-tick.C
		}
		write(10)
		c.end(t, []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[life%2])
	}
	back.Store(true)
	write(100)
	c := startWith(t, dir, "fluent.conf")
	store.await(t, written, second, 5*time.Minute)
	c.end(t, syscall.SIGTERM)
	if missing, first := store.missing(written, second()); missing > 0 {
		t.Errorf("%d of %d lines are nowhere, the first is %d", missing, written, first)
	}
	if !strings.Contains(string(firstLine(t, filepath.Join(dir, "second", "app.in_*"))), "\tapp.in\t{") || store.distinct() < 100 {
		t.Errorf("the secondary has %q first; the server %d lines", firstLine(t, filepath.Join(dir, "second", "app.in_*")), store.distinct())
	}
}

// linesIn are the numbers of the lines in files.
func linesIn(t *testing.T, pattern string) map[int]bool {
	t.Helper()
	lines := map[int]bool{}
	for line := range bytes.Lines(concatenated(t, pattern)) {
		lines[numberAfter(line, []byte(`"message":"line `))] = true
	}
	return lines
}

func firstLine(t *testing.T, pattern string) []byte {
	t.Helper()
	line, _, _ := bytes.Cut(concatenated(t, pattern), []byte("\n"))
	return line
}

func concatenated(t *testing.T, pattern string) (all []byte) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}
