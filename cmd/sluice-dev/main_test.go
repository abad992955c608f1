package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// started runs the program and returns its URL and a way to stop it.
func started(t *testing.T, args ...string) (url string, stop func() (status int, stderr string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var log strings.Builder
	done := make(chan int, 1)
	go func() {
		done <- command(ctx, args, in, &log)
		_ = in.Close()
	}()
	lines := bufio.NewReader(out)
	url, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("no URL: %v, status %d, %s", err, <-done, log.String())
	}
	return strings.TrimSpace(url), func() (int, string) {
		cancel()
		if more, err := io.ReadAll(lines); err != nil || len(more) > 0 {
			t.Errorf("more on standard output: %q, %v", more, err)
		}
		return <-done, log.String()
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != 200 {
		t.Fatalf("status %s, %v", res.Status, err)
	}
	return string(body)
}

// The program prints one URL, serves the page there, and leaves nothing behind.
func TestRun(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer http.DefaultClient.CloseIdleConnections()
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	t.Setenv("ELASTICSEARCH_URL", "")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	url, stop := started(t, "--listen", taken.Addr().String(), "--rate", "200")
	if strings.Contains(url, taken.Addr().String()) {
		t.Errorf("%s is taken", url)
	}
	// What the samples log comes through the agent into the store, on both ways.
	for _, query := range []string{"namespace:lending", "namespace:payments", "tag:app.rails+and+json.status:200"} {
		deadline := time.Now().Add(2 * time.Minute)
		for !strings.Contains(fetch(t, url+"?q="+query), `class="open"`) {
			if time.Now().After(deadline) {
				t.Fatalf("nothing found for %s", query)
			}
		}
	}
	status, log := stop()
	if status != 0 || !strings.Contains(log, "is not free") {
		t.Errorf("status %d: %s", status, log)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "*", "*")); len(left) > 0 {
		if left, _ = filepath.Glob(filepath.Join(cache, "*", "*", "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestRunWithElasticsearch(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	t.Setenv("ELASTICSEARCH_URL", "http://user:hidden@127.0.0.1:1")
	dir := t.TempDir()
	url, stop := started(t, "--listen", "127.0.0.1:0", "--data-dir", dir, "--rate", "0")
	body := fetch(t, url)
	if !strings.Contains(body, `href="http://127.0.0.1:1/logs-*/_search`) || strings.Contains(body, "hidden") {
		t.Errorf("the page:\n%s", body)
	}
	if status, log := stop(); status != 0 {
		t.Errorf("status %d: %s", status, log)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the given folder is gone: %v", err)
	}
}

func TestCommandLine(t *testing.T) {
	t.Setenv("ELASTICSEARCH_URL", "nonsense")
	for _, c := range []struct {
		args   string
		status int
		out    string
	}{
		{"--help", 0, ""},
		{"--version", 0, "sluice-dev dev"},
		{"--rate x", 2, ""},
		{"extra", 2, ""},
		{"--data-dir " + t.TempDir(), 1, ""},
	} {
		var out, log strings.Builder
		if got := command(t.Context(), strings.Fields(c.args), &out, &log); got != c.status || !strings.HasPrefix(out.String(), c.out) {
			t.Errorf("%s: status %d, %q, %q", c.args, got, out.String(), log.String())
		}
	}
}

// The parts stop from the last to the first, also when one of them fails.
func TestRunAll(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var order []string
	waits := func(name string) part {
		return func(ctx context.Context) error {
			<-ctx.Done()
			order = append(order, name) // one at a time, that is what is tested
			return nil
		}
	}
	failed := errors.New("failed")
	err := runAll(t.Context(), []part{waits("a"), waits("b"), func(context.Context) error { return failed }, waits("c")})
	if !errors.Is(err, failed) || strings.Join(order, "") != "cba" {
		t.Errorf("stopped %v with %v", order, err)
	}
}
