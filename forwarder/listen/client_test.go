package listen

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluent/fluent-logger-golang/fluent"
	"sluice/tlsfiles/tlstest"
)

// TestFluentLogger lets the Go client library of the Fluent project send.
func TestFluentLogger(t *testing.T) {
	const n = 20
	at := time.Unix(1700000000, 123456789).UTC()
	a := tlstest.New(t)
	server := issue(t, a, t.TempDir(), host)
	server.CA = "" // it cannot show a certificate
	ext, text := "c70c05000000006553f100075bcd15", `"2023-11-14T22:13:20.123456789Z"`
	for _, tt := range []struct {
		name string
		cfg  fluent.Config
		want string // the time
		at   string // a time in the record
	}{
		{"default", fluent.Config{}, "1700000000.000000000", ext},
		{"sub-second", fluent.Config{SubSecondPrecision: true}, "1700000000.123456789", ext},
		{"acks", fluent.Config{RequestAck: true, ReadTimeout: time.Minute}, "1700000000.000000000", ext},
		{"async", fluent.Config{Async: true, SubSecondPrecision: true, RequestAck: true, ReadTimeout: time.Minute}, "1700000000.123456789", ext},
		{"JSON", fluent.Config{MarshalAsJSON: true}, "1700000000.000000000", text},
		{"JSON with acks", fluent.Config{MarshalAsJSON: true, RequestAck: true, ReadTimeout: time.Minute}, "1700000000.000000000", text},
		{"unix", fluent.Config{FluentNetwork: "unix", FluentSocketPath: filepath.Join(t.TempDir(), "s"), RequestAck: true, ReadTimeout: time.Minute}, "1700000000.000000000", ext},
		{"tls", fluent.Config{FluentNetwork: "tls", TlsInsecureSkipVerify: true, RequestAck: true, ReadTimeout: time.Minute}, "1700000000.000000000", ext},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := &fakeOut{}
			s := start(t, out, func(c *Config) {
				c.Unix = tt.cfg.FluentSocketPath
				if tt.cfg.FluentNetwork == "tls" {
					c.Certs = files(t, server)
				}
			})
			host, port, _ := net.SplitHostPort(s.addr)
			cfg := tt.cfg
			cfg.FluentHost, cfg.TagPrefix, cfg.MaxRetry = host, "go", 1
			cfg.FluentPort, _ = strconv.Atoi(port)
			logger, err := fluent.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				if err := logger.PostWithTime("app", at, map[string]any{"n": fmt.Sprint(i)}); err != nil {
					t.Fatal(err)
				}
			}
			err = logger.PostWithTime("app", at, map[string]any{
				"t": at, // an ext of type 5
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := logger.Close(); err != nil {
				t.Fatal(err)
			}
			out.until(t, "all events", func() bool { return len(out.lines) >= n+1 })
			for i, line := range out.lines[:n] {
				if want := fmt.Sprintf("go.app %s n=%q", tt.want, fmt.Sprint(i)); line != want {
					t.Errorf("%s; want %s", line, want)
				}
			}
			if want := fmt.Sprintf("go.app %s t=%s", tt.want, tt.at); out.lines[n] != want {
				t.Errorf("%s; want %s", out.lines[n], want)
			}
			if log := s.log.String(); strings.Contains(log, "level=WARN") {
				t.Errorf("log: %s", log)
			}
		})
	}
}
