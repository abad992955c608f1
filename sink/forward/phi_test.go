package forward

import (
	"math"
	"testing"
	"time"
)

// What Fluentd 1.19's FailureDetector says of the same gaps, from its formula:
// phi = t / mean / ln 10, with t = silence - interval + 1 and mean = the mean
// of interval and gaps, weighted 1, 2, 3..., - interval + 1, in seconds.
func TestPhi(t *testing.T) {
	for _, tt := range []struct {
		interval, silent time.Duration
		gaps             []time.Duration
		want             float64
	}{
		{time.Second, time.Second, nil, 1 / math.Ln10},                             // one on time
		{time.Second, 36842 * time.Millisecond, nil, 16.0003},                      // Fluentd's 37 s
		{5 * time.Second, 40842 * time.Millisecond, nil, 16.0003},                  // an interval counts as a second
		{time.Second, 10 * time.Second, []time.Duration{2 * time.Second}, 2.60577}, // mean 5/3
		{time.Second, 10 * time.Second, []time.Duration{2 * time.Second, 4 * time.Second}, 1.53282},
	} {
		var r rhythm
		for _, gap := range tt.gaps {
			r.note(gap, tt.interval)
		}
		if got := r.phi(tt.silent, tt.interval); math.Abs(got-tt.want) > 0.0005 {
			t.Errorf("%v silent after %v: %.5f, want %.5f", tt.silent, tt.gaps, got, tt.want)
		}
	}
}

func TestRhythmForgets(t *testing.T) {
	var r rhythm
	for i := range 3 * maxGaps {
		r.note(time.Second+time.Duration(i), time.Second)
		r.note(time.Millisecond, time.Second) // a chunk
	}
	if len(r) != maxGaps || r[0] != time.Second+2*maxGaps || r[maxGaps-1] != time.Second+3*maxGaps-1 {
		t.Errorf("%d gaps from %v", len(r), r[0])
	}
}

// A server that was heard regularly is down before the hard timeout; one that
// was slow all along gets more time, and one with many chunks not less.
func TestPhiDetector(t *testing.T) {
	for _, tt := range []struct {
		name string
		gap  time.Duration // between heartbeats
		down time.Duration // when it is
	}{
		{"regular", time.Second, 37 * time.Second},
		{"slow", 1500 * time.Millisecond, 56 * time.Second},
		{"very slow", 3 * time.Second, 61 * time.Second}, // the hard timeout
		{"busy", 10 * time.Millisecond, 37 * time.Second},
	} {
		a := &server{weight: 1}
		g, c := newGroup(true, a)
		g.phi, g.interval = 16, time.Second
		for range 100 {
			c.pass(tt.gap)
			g.mark(a, true)
		}
		var silent time.Duration
		for up := true; up && silent < time.Hour; silent += time.Second {
			c.pass(time.Second)
			_, up = g.beat(a, false)
		}
		if silent != tt.down {
			t.Errorf("%s: down after %v, want %v", tt.name, silent, tt.down)
		}
		if g.mark(a, true); len(a.rhythm) != 0 {
			t.Errorf("%s: %d gaps are left after it was down", tt.name, len(a.rhythm))
		}
	}
}
