package sample

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/forwarder/ledger"
	"sluice/forwarder/sourcetest"
	"sluice/setting"
)

func TestRecordsAtTheirRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		led := ledger.New()
		cfg.Tag, cfg.Sample, cfg.Rate, cfg.Size, cfg.AutoIncrementKey = "t", `[{"a":1},{"b":"x"}]`, 50, 4, "n"
		s, err := New(cfg, led, prometheus.NewRegistry(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var out sourcetest.Out
		stop := sourcetest.Start(t, led, func(ctx context.Context) error { return s.Run(ctx, &out) })
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		got := out.Lines()
		if len(got) != 500 || got[0] != "t a=1 n=0" || got[499] != "t b=x n=499" {
			t.Errorf("%d records, %s to %s", len(got), got[0], got[len(got)-1])
		}
		// What there was no room for is not made up for.
		out.Fill()
		time.Sleep(time.Hour)
		out.Free()
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(out.Lines()); n < 500 || n > 500+2*50 {
			t.Errorf("%d records after an hour without room", n)
		}
		stop()
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
		if e, ok := err.(*setting.Error); !ok || e.Field() != c.field || !strings.Contains(e.Error(), " ") || e.Fix() == "" {
			t.Errorf("%s: %v", c.field, err)
		}
	}
}
