package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/bench/tally"
	"sluice/conf"
	"sluice/forwarder/catalog"
	"sluice/parser"
)

// startStore serves a counting store, as bench store does, and returns its URL.
func startStore(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, l, tally.NewServer()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// ship does an agent's work: it reads the container files below dir and stores
// their lines, all but those that skip names, twice those that twice names.
func ship(t *testing.T, url, dir string, skip, twice string) {
	t.Helper()
	links, err := filepath.Glob(filepath.Join(dir, "containers", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	for _, link := range links {
		log, err := os.ReadFile(link)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range bytes.Lines(log) {
			l, ok := parser.CRI(bytes.TrimSuffix(line, []byte("\n")))
			if !ok {
				t.Fatalf("no CRI line: %q", line)
			}
			n++
			message := bytes.TrimSuffix(line[l.Message:], []byte("\n"))
			copies := 1
			switch {
			case skip != "" && bytes.Contains(message, []byte(skip)):
				copies = 0
			case twice != "" && bytes.Contains(message, []byte(twice)):
				copies = 2
			}
			for i := range copies {
				fmt.Fprintf(&body, "{\"create\":{\"_id\":\"%s-%d-%d\"}}\n", filepath.Base(link)[:24], n, i)
				fmt.Fprintf(&body, "{\"@timestamp\":%q,\"message\":%q}\n", time.Unix(l.Time.Sec, 0).UTC().Format(time.RFC3339), bytes.ToValidUTF8(bytes.Map(printable, message), nil))
			}
		}
	}
	resp, err := http.Post(url+"/logs-bench-default/_bulk", "application/x-ndjson", &body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// printable keeps to what Go and JSON quote alike.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

func TestVerifyFindsWhatAnAgentLostAndDoubled(t *testing.T) {
	for _, c := range []struct {
		name, skip, twice, want string
		status                  int
	}{
		{name: "whole", want: "lost 0 doubled 0\n"},
		{name: "lost", skip: "bench=0001.000000003", want: "lost 1 doubled 0\n", status: 1},
		{name: "doubled", twice: "bench=0001.000000004", want: "lost 0 doubled 1\n", status: 1},
		{name: "both", skip: "bench=0000", twice: "bench=0001", want: "lost 50 doubled 50\n", status: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, dir := startStore(t), t.TempDir()
			manifest := filepath.Join(dir, "made.json")
			if got := execute([]string{"files", "-dir", dir, "-files", "2", "-lines", "100", "-manifest", manifest}, os.Stdout, os.Stderr); got != 0 {
				t.Fatalf("bench files: status %d", got)
			}
			ship(t, url, dir, c.skip, c.twice)
			var out bytes.Buffer
			if got := execute([]string{"verify", "-store", url, manifest}, &out, os.Stderr); got != c.status {
				t.Errorf("bench verify: status %d, want %d", got, c.status)
			}
			if out.String() != c.want {
				t.Errorf("got %q, want %q", &out, c.want)
			}
		})
	}
}

func TestVerifyAddsUpManifests(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	if err := writeManifest(one, []int64{5}); err != nil {
		t.Fatal(err)
	}
	if err := writeManifest(two, []int64{0, 7}); err != nil {
		t.Fatal(err)
	}
	made, err := readManifests([]string{one, two})
	if err != nil || len(made) != 2 || made[0] != 5 || made[1] != 7 {
		t.Errorf("%v, %v", made, err)
	}
	if err := os.WriteFile(one, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if made, err := readManifests([]string{one}); err == nil {
		t.Errorf("read %v", made)
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"loud", 2, "bench verify -store"},
		{"files", 1, "files needs -dir"},
		{"verify -store http://127.0.0.1:1", 1, "verify needs -store and"},
		{"forward -mode loud", 1, "is none of"},
		{"run -only (", 1, "cannot read -only"},
		{"disk -only (", 1, "cannot read -only"},
		{"starved -only (", 1, "cannot read -only"},
		{"store -trouble loud", 1, "-trouble loud is none of busy, silent, slow"},
	} {
		var said bytes.Buffer
		if got := execute(strings.Fields(c.args), os.Stdout, &said); got != c.status || !strings.Contains(said.String(), c.says) {
			t.Errorf("bench %s: status %d, %s", c.args, got, &said)
		}
	}
}

// The agent must understand the settings that it is given here.
func TestSettingsAreTheAgents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sluice.yaml")
	setup := agentSetup{dir: "/tmp/x", logs: "/tmp/x/containers", store: "http://127.0.0.1:9200", gzip: true, buffer: "auto", limit: "3GiB", pprof: "127.0.0.1:3", fields: podMetadata}
	if err := os.WriteFile(path, settings(setup, "127.0.0.1:1", "127.0.0.1:2"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := catalog.Default()
	if _, problems := conf.Load(conf.LoadOptions{File: path, Schema: s}); len(problems) > 0 {
		t.Fatalf("%s", problems)
	}
	if s.Inputs.Containers.Path != "/tmp/x/containers/*.log" || s.Inputs.Forward.Listen[0] != "127.0.0.1:2" ||
		s.Elasticsearch.Compression != "gzip" || s.Elasticsearch.URLs[0] != setup.store || len(s.Fields) != len(podMetadata) ||
		s.Buffer.Type != "auto" || s.Buffer.DiskLimit != 3<<30 || s.Admin.Listen != setup.pprof || !s.Admin.PProf {
		t.Errorf("came out as %+v", s)
	}
}

func TestScenariosHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range append(scenarios(sizes{records: 1000, steady: time.Second}), starved(1000, time.Second)...) {
		if seen[s.name] || seen[s.title] {
			t.Errorf("%s (%s) is there twice", s.name, s.title)
		}
		seen[s.name], seen[s.title] = true, true
		if s.records == 0 || (s.files == 0) == (s.mode == "") {
			t.Errorf("%+v sends nothing, or two things", s)
		}
	}
}
