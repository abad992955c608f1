package filter

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"sluice/event"
)

// kept is how many of n records of one kind pass.
func kept(t *testing.T, f applier, n int, record string) (live int) {
	t.Helper()
	objects := make([]string, n)
	for i := range objects {
		objects[i] = record
	}
	b := batch(t, objects...)
	f.Apply(b)
	return b.Weight(event.Live)
}

func TestSampling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := NewSampling(SamplingConfig{Interval: 10, SampleUnit: "$.app"})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := kept(t, f, 95, `{"app":"a"}`), kept(t, f, 15, `{"app":"b"}`); a != 9 || b != 1 {
			t.Errorf("%d of 95, %d of 15", a, b)
		}
		if a := kept(t, f, 5, `{"app":"a"}`); a != 1 { // the hundredth
			t.Errorf("%d of 5 more", a)
		}
		f, err = NewSampling(SamplingConfig{Interval: 10, SampleUnit: "tag", MinRatePerMin: 5})
		if err != nil {
			t.Fatal(err)
		}
		if n := kept(t, f, 100, `{}`); n != 15 {
			t.Errorf("%d of 100, want the first 5 and each tenth", n)
		}
		<-time.After(time.Minute)
		if n := kept(t, f, 4, `{}`); n != 4 {
			t.Errorf("%d of 4 a minute later", n)
		}
	})
	_, err := NewSampling(SamplingConfig{})
	refused(t, err, "interval", "must be 1 or more")
	_, err = NewSampling(SamplingConfig{Interval: 1, SampleUnit: "$.", MinRatePerMin: 1})
	refused(t, err, "sample_unit", "cannot read")
}

func TestSamplingForgets(t *testing.T) {
	f, err := NewSampling(SamplingConfig{Interval: 2, SampleUnit: "k"})
	if err != nil {
		t.Fatal(err)
	}
	f.cfg.maxGroups = 10
	for i := range 100 {
		f.Apply(batch(t, fmt.Sprintf(`{"k":%d}`, i)))
	}
	if len(f.groups) > 10 {
		t.Errorf("%d groups", len(f.groups))
	}
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultThrottleConfig()
		cfg.GroupKey, cfg.PeriodS, cfg.Limit = []string{"kubernetes.pod", "ns"}, 60, 600
		var said []string
		cfg.Warn = func(message, group string, _ int) { said = append(said, message+" "+group) }
		f, err := NewThrottle(cfg)
		if err != nil {
			t.Fatal(err)
		}
		const loud, quiet = `{"kubernetes":{"pod":"a"},"ns":"x"}`, `{"kubernetes":{"pod":"b"},"ns":"x"}`
		if n := kept(t, f, 700, loud); n != 600 {
			t.Errorf("%d of 700", n)
		}
		if n := kept(t, f, 10, quiet); n != 10 {
			t.Errorf("%d of 10 of another group", n)
		}
		<-time.After(30 * time.Second)
		if n := kept(t, f, 10, loud); n != 0 {
			t.Errorf("%d of 10 within the period", n)
		}
		<-time.After(31 * time.Second)
		if n := kept(t, f, 5, loud); n != 5 { // its rate is low by now
			t.Errorf("%d of 5 in the next period", n)
		}
		want := []string{"rate exceeded a x", "rate exceeded a x", "rate is down again a x"}
		if fmt.Sprint(said) != fmt.Sprint(want) {
			t.Errorf("said %q, want %q", said, want)
		}
		<-time.After(3 * time.Minute)
		kept(t, f, 1, `{"ns":"new"}`)
		kept(t, f, 1, `{"ns":"new"}`)
		if len(f.groups) != 1 {
			t.Errorf("%d groups are remembered", len(f.groups))
		}
		cfg.DropLogs, cfg.Warn = false, nil
		f, _ = NewThrottle(cfg)
		if n := kept(t, f, 700, loud); n != 700 {
			t.Errorf("%d of 700, though none is to be dropped", n)
		}
	})
}

func TestThrottleRefuses(t *testing.T) {
	for field, change := range map[string]func(*ThrottleConfig){
		"group_key":             func(c *ThrottleConfig) { c.GroupKey = nil },
		"group_bucket_period_s": func(c *ThrottleConfig) { c.PeriodS = 0 },
		"group_bucket_limit":    func(c *ThrottleConfig) { c.Limit = 0 },
		"group_reset_rate_s":    func(c *ThrottleConfig) { c.ResetRateS = 101 },
		"group_warning_delay_s": func(c *ThrottleConfig) { c.WarningDelay = 0 },
	} {
		cfg := DefaultThrottleConfig()
		change(&cfg)
		_, err := NewThrottle(cfg)
		refused(t, err, field, "")
	}
}
