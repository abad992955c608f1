package elastic

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestNodes(t *testing.T) {
	s := newSink(t, "http://a:1", func(c *Config) { c.URLs = []string{"http://a:1", "http://b:1"} })
	now := time.Unix(1000, 0)
	ns := &s.nodes
	ns.now = func() time.Time { return now }
	picks := func(n int) (names string) {
		for range n {
			names += ns.pick().name[len("http://") : len("http://")+1]
		}
		return names
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	expect("in turn", picks(4), "abab")
	a, b := ns.list[0], ns.list[1]
	ns.mark(a, false)
	ns.mark(a, false)
	expect("two failures", picks(4), "abab")
	ns.mark(a, true)
	for range failures {
		ns.mark(a, false)
	}
	expect("left out", picks(4), "bbbb")
	now = now.Add(firstProbe)
	expect("one probe", picks(4), "abbb")
	ns.mark(a, false)
	now = now.Add(firstProbe)
	expect("a longer while", picks(2), "bb")
	now = now.Add(firstProbe)
	expect("the next probe", picks(2), "ab")
	ns.mark(a, true)
	expect("back again", picks(2), "ab")
	for range 40 {
		ns.mark(a, false)
	}
	if got := a.probe.Sub(now); got != lastProbe {
		t.Errorf("the longest while is %v", got)
	}
	for range failures {
		ns.mark(b, false)
	}
	expect("none is left: the one due first", picks(3), "bbb")
}

func TestDeliverFailsOver(t *testing.T) {
	s := serve(t, answering(200, goodAnswer(1)), func(c *Config) { c.URLs = append(c.URLs, "http://127.0.0.1:1") })
	failed := 0
	for range 20 {
		if _, err := s.Deliver(t.Context(), chunkOf(1)); err != nil {
			failed++
			if !strings.Contains(err.Error(), "http://127.0.0.1:1") {
				t.Errorf("%v names no server", err)
			}
		}
	}
	if failed != failures {
		t.Errorf("%d of 20 failed, want %d", failed, failures)
	}
	busy := serve(t, answering(503, ""), nil)
	for range failures {
		_, _ = busy.Deliver(t.Context(), chunkOf(1))
	}
	if got := busy.nodes.list[0].failed; got != failures {
		t.Errorf("%d failures after as many answers of 503", got)
	}
}

func TestRequestSeconds(t *testing.T) {
	s := serve(t, answering(200, goodAnswer(1)), nil)
	if _, err := s.Deliver(t.Context(), chunkOf(1)); err != nil {
		t.Fatal(err)
	}
	if n := testutil.CollectAndCount(s.seconds, "sluice_output_request_seconds"); n != 1 {
		t.Errorf("%d series", n)
	}
}

func TestConfig(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	cloud := "name:" + base64.StdEncoding.EncodeToString([]byte("eu.example.org$es1$kb1"))
	for _, c := range []struct {
		change func(*Config)
		want   string // in the error; empty: none
	}{
		{func(c *Config) {}, ""},
		{func(c *Config) { c.URLs, c.CloudID = nil, cloud }, ""},
		{func(c *Config) { c.URLs = nil }, "urls"},
		{func(c *Config) { c.CloudID = cloud }, "cloud_id"},
		{func(c *Config) { c.URLs, c.CloudID = nil, "name" }, "cloud_id"},
		{func(c *Config) { c.URLs = []string{"localhost:9200"} }, "https://HOST:9200"},
		{func(c *Config) { c.URLs = []string{"http://u:geheim@\x01"} }, "urls"},
		{func(c *Config) { c.APIKey, c.Username = "k", "u" }, "api_key"},
		{func(c *Config) { c.Schema = "otel" }, "schema"},
		{func(c *Config) { c.IDs = "" }, "ids"},
		{func(c *Config) { c.Compression = "zstd" }, "compression"},
		{func(c *Config) { c.RequestTimeout = 0 }, "request_timeout"},
		{func(c *Config) { c.Index = "${x}" }, "index"},
		{func(c *Config) { c.CA = bad }, "CERTIFICATE"},
		{func(c *Config) { c.CA = bad + "?" }, "ca"},
	} {
		cfg := DefaultConfig()
		cfg.URLs = []string{"http://127.0.0.1:9200"}
		c.change(&cfg)
		_, err := New(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim")) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
	reg := prometheus.NewRegistry()
	cfg := DefaultConfig()
	cfg.URLs = []string{"http://127.0.0.1:9200"}
	if _, err := New(cfg, slog.New(slog.DiscardHandler), reg); err != nil {
		t.Fatal(err)
	}
	if _, err := New(cfg, slog.New(slog.DiscardHandler), reg); err == nil {
		t.Error("a metric was registered twice")
	}
}

func TestAddresses(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("u:p"))
	enc := func(s string) string { return "n:" + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		cfg       Config
		url, auth string
	}{
		{Config{URLs: []string{"https://h:9200/p/?q#f"}}, "https://h:9200/p", ""},
		{Config{URLs: []string{"https://u:p@h"}}, "https://h", basic},
		{Config{URLs: []string{"https://h"}, Username: "u", Password: "p"}, "https://h", basic},
		{Config{URLs: []string{"https://x:y@h"}, Username: "u", Password: "p"}, "https://h", basic},
		{Config{URLs: []string{"https://h"}, APIKey: "ZW5jb2RlZA=="}, "https://h", "ApiKey ZW5jb2RlZA=="},
		{Config{CloudID: enc("host$es$kb")}, "https://es.host:443", ""},
		{Config{CloudID: enc("host:9243$es")}, "https://es.host:9243", ""},
		{Config{CloudID: enc("host$es:9244$")}, "https://es.host:9244", ""},
	} {
		urls, auth, err := c.cfg.addresses()
		if err != nil || urls[0].String() != c.url || auth != c.auth {
			t.Errorf("%v %s: %v, want %s %s", urls, auth, err, c.url, c.auth)
		}
	}
}

func TestCheck(t *testing.T) {
	for want, h := range map[string]http.HandlerFunc{
		"":                   answering(200, `{"version":{"number":"8.19.21"}}`),
		"credentials":        answering(401, ""),
		"answers 502":        answering(502, ""),
		"not as Elasticsear": answering(200, "<html>"),
		"EOF":                func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		err := serve(t, h, nil).Check(t.Context())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if err := serve(t, answering(403, ""), nil).Check(t.Context()); err != nil {
		t.Errorf("a key that may only write: %v", err)
	}
}
