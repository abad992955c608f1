package listen

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluent/fluent-logger-golang/fluent"
)

// TestFluentLogger lets the Go client library of the Fluent project send.
func TestFluentLogger(t *testing.T) {
	const n = 20
	at := time.Unix(1700000000, 123456789)
	for _, tt := range []struct {
		name string
		cfg  fluent.Config
		want string // the time
	}{
		{"default", fluent.Config{}, "1700000000.000000000"},
		{"sub-second", fluent.Config{SubSecondPrecision: true}, "1700000000.123456789"},
		{"acks", fluent.Config{RequestAck: true, ReadTimeout: 10 * time.Second}, "1700000000.000000000"},
		{"async", fluent.Config{Async: true, SubSecondPrecision: true, RequestAck: true, ReadTimeout: 10 * time.Second}, "1700000000.123456789"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := &fakeOut{}
			s := start(t, out, nil)
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
			if want := fmt.Sprintf("go.app %s t=c70c05000000006553f100075bcd15", tt.want); out.lines[n] != want {
				t.Errorf("%s; want %s", out.lines[n], want)
			}
			if log := s.log.String(); strings.Contains(log, "level=WARN") {
				t.Errorf("log: %s", log)
			}
		})
	}
}
