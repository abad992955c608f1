package sample

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent/fluent-logger-golang/fluent"
	"github.com/tinylib/msgp/msgp"
	"go.uber.org/goleak"
)

// server takes messages and acknowledges them; the first connection is closed
// without an answer, as a restarting agent does.
func server(t *testing.T, got chan<- map[string]any) (addr string, wait func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for first := true; ; first = false {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				if err := serve(c, first, got); err != nil && !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				_ = c.Close()
			})
		}
	})
	return l.Addr().String(), func() { _ = l.Close(); wg.Wait() }
}

func serve(c net.Conn, refuse bool, got chan<- map[string]any) error {
	r := msgp.NewReader(c)
	for {
		var m fluent.MessageExt
		if err := m.DecodeMsg(r); err != nil {
			return msgp.Cause(err)
		}
		if refuse {
			return nil
		}
		rec, _ := m.Record.(map[string]any)
		rec["tag"] = m.Tag
		got <- rec
		b := msgp.AppendMapHeader(nil, 1)
		b = msgp.AppendString(msgp.AppendString(b, "ack"), m.Option["chunk"])
		if _, err := c.Write(b); err != nil {
			return err
		}
	}
}

func TestRailsSendsAndStops(t *testing.T) {
	defer goleak.VerifyNone(t)
	got := make(chan map[string]any, 100000)
	addr, wait := server(t, got)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- NewRails(RailsConfig{Addr: addr, Rate: 300, Seed: 1}).Run(ctx) }()
	deadline := time.After(time.Minute)
	exceptions, nested := 0, 0
	for i := 0; i < 300 || exceptions == 0 || nested == 0; i++ {
		select {
		case rec := <-got:
			if rec["tag"] != railsTag {
				t.Fatalf("tag %v", rec["tag"])
			}
			for _, k := range []string{"level", "message", "path", "status", "duration_ms", "request_id", "params"} {
				if rec[k] == nil {
					t.Fatalf("a record without %s: %v", k, rec)
				}
			}
			if e, ok := rec["exception"].(map[string]any); ok && strings.Contains(e["backtrace"].(string), "\n") {
				exceptions++
			}
			if _, ok := rec["params"].(map[string]any)["application"]; ok {
				nested++
			}
		case <-deadline:
			t.Fatalf("only %d records in time", i)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	wait()
}

func TestRailsRepeats(t *testing.T) {
	a, b := NewRails(RailsConfig{Seed: 3}), NewRails(RailsConfig{Seed: 3})
	for range 200 {
		if x, y := a.record(), b.record(); !reflect.DeepEqual(x, y) {
			t.Fatalf("%v and %v", x, y)
		}
	}
}

// Without anybody to send to it still ends when asked.
func TestRailsWithoutServer(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewRails(RailsConfig{Addr: "127.0.0.1:1", Rate: 10}).Run(ctx); err != nil {
		t.Error(err)
	}
}
