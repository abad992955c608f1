package soak

import (
	"os"
	"strconv"
	"testing"
	"time"

	"sluice/agent/agenttest"
)

func TestMain(m *testing.M) { agenttest.Main(m) }

// small is a load that a slow machine can bear.
func small(t *testing.T, seed uint64) Config {
	return Config{
		Dir: t.TempDir(), Command: agenttest.Command, Buffer: "memory", Tail: true, Forward: true,
		Rate: 2000, Behind: 5000, Seed: seed, Say: t.Output(),
	}
}

// TestKill is `make soak-kill` in small, bounded by counts.
func TestKill(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SLUICE_TEST_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("SLUICE_TEST_SEED=%d repeats the plan", seed)
	for buffer, kills := range map[string]int{"memory": 20, "disk": 6, "auto": 6} {
		t.Run(buffer, func(t *testing.T) {
			cfg := KillConfig{Config: small(t, seed), Kills: kills, Life: 600 * time.Millisecond}
			cfg.Buffer = buffer
			r, err := Kill(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(r)
			if !r.Whole() || r.Made == 0 || r.Kills != kills {
				t.Error("not whole")
			}
		})
	}
}

// TestDay is `make soak` in small. What a short day says of memory is noise; it
// must end, with everything delivered.
func TestDay(t *testing.T) {
	d, err := RunDay(t.Context(), DayConfig{Config: small(t, 1), Length: 6 * time.Second, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(d)
	if !d.Whole() || d.Made == 0 || len(d.Samples) == 0 || d.Samples[0].Goroutines == 0 || d.Samples[0].Descriptors == 0 {
		t.Error("not whole")
	}
}

func TestSlope(t *testing.T) {
	var rising []Sample
	for i := range 10 {
		rising = append(rising, Sample{At: time.Duration(i) * time.Minute, RSS: int64(100 + 3*i), Quiet: i%2 == 0})
	}
	if got := slope(rising); got < 179.9 || got > 180.1 { // 3 a minute
		t.Errorf("slope %v", got)
	}
	if slope(nil) != 0 || slope(rising[:1]) != 0 {
		t.Error("a slope of nothing")
	}
	if got := quiet(rising, 5*time.Minute); len(got) != 2 || got[0].RSS != 118 {
		t.Errorf("%+v", got)
	}
	if least, most := span(rising, func(s Sample) int64 { return s.RSS }); least != 100 || most != 127 {
		t.Error(least, most)
	}
}

// TestPods is `make pods` in small. A machine that is slow enough may miss a file
// while it is there; what is stored must have its pod's label or say that it has not.
func TestPods(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), Command: agenttest.Command, Say: t.Output()}
	r, err := Pods(t.Context(), PodsConfig{Config: cfg, Pods: 9, Lines: 20, Life: 2 * time.Second, Length: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	if r.Doubled+r.Strange+r.Bare > 0 || r.Labelled+r.Partial != r.Stored || r.Stored == 0 || r.Made != 180 {
		t.Error("not whole")
	}
}

// TestBacklog is the other half of it; how long it takes is not asserted.
func TestBacklog(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), Command: agenttest.Command, Say: t.Output()}
	r, err := Backlog(t.Context(), BacklogConfig{Config: cfg, Backlog: 20, Lines: 50})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	if !r.Whole() || r.Made != 1002 {
		t.Error("not whole")
	}
}
