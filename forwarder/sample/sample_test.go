package sample

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
)

type fakeOut struct {
	mu    sync.Mutex
	lines []string
	full  chan struct{}
}

func (o *fakeOut) Admit(string) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.full
}

func (o *fakeOut) Emit(_ context.Context, b *event.Batch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range b.Recs {
		line := b.Tag
		for _, f := range b.FieldsOf(i) {
			line += fmt.Sprintf(" %s=%s", b.Keys[f.Key], b.Bytes(f.Val))
		}
		o.lines = append(o.lines, line)
	}
	return nil
}

func (o *fakeOut) set(full chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.full = full
}

func (o *fakeOut) got() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.lines...)
}

func TestRecordsAtTheirRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Tag, cfg.Sample, cfg.Rate, cfg.Size, cfg.AutoIncrementKey = "t", `[{"a":1},{"b":"x"}]`, 50, 4, "n"
		s, err := New(cfg, ledger.New(), prometheus.NewRegistry(), nil)
		if err != nil {
			t.Fatal(err)
		}
		out := &fakeOut{}
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- s.Run(ctx, out) }()
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		got := out.got()
		if len(got) != 500 || got[0] != "t a=1 n=0" || got[499] != "t b=x n=499" {
			t.Errorf("%d records, %s to %s", len(got), got[0], got[len(got)-1])
		}
		// What there was no room for is not made up for.
		full := make(chan struct{})
		out.set(full)
		time.Sleep(time.Hour)
		out.set(nil)
		close(full)
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(out.got()); n < 500 || n > 500+2*50 {
			t.Errorf("%d records after an hour without room", n)
		}
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		field  string
	}{
		{func(c *Config) { c.Sample = "x" }, "sample"},
		{func(c *Config) { c.Sample = "[]" }, "sample"},
		{func(c *Config) { c.Dummy = `[1]` }, "dummy"},
		{func(c *Config) { c.Rate = 0 }, "rate"},
		{func(c *Config) { c.Size = 0 }, "size"},
	} {
		cfg := DefaultConfig()
		c.change(&cfg)
		_, err := New(cfg, ledger.New(), prometheus.NewRegistry(), nil)
		if e, ok := err.(*FieldError); !ok || e.Field() != c.field || !strings.Contains(e.Error(), " ") || e.Fix() == "" {
			t.Errorf("%s: %v", c.field, err)
		}
	}
}
