package page

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever the times, every hit is in a bar, there are not too many bars, and
// the bars cover the range asked for.
func TestHistogramHoldsEveryHit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	at := func(ms int64) time.Time { return time.UnixMilli(ms) }
	for range 2000 {
		span := int64(1) << rng.IntN(47)
		low := rng.Int64N(1<<45) - 1<<44
		var from, to time.Time
		if rng.IntN(3) > 0 {
			from = at(low)
		}
		if rng.IntN(3) > 0 {
			to = at(low + span)
		}
		hits := make([]hit, rng.IntN(50))
		bad := 0
		for i := range hits {
			hits[i] = hit{ms: low + rng.Int64N(span), bad: rng.IntN(2) == 0}
			if hits[i].bad {
				bad++
			}
		}
		h := newHistogram(hits, from, to)
		sum, errors := 0, 0
		for _, b := range h.buckets {
			sum += b.Count
			errors += b.Errors
		}
		if sum != len(hits) || errors != bad {
			t.Fatalf("%d hits and %d errors in the bars, want %d and %d (from %v to %v)", sum, errors, len(hits), bad, from, to)
		}
		if len(h.buckets) > maxBars {
			t.Fatalf("%d bars", len(h.buckets))
		}
		end := h.start + int64(len(h.buckets))*h.width
		if len(h.buckets) > 0 && (!from.IsZero() && h.start > low || !to.IsZero() && end < low+span) {
			t.Fatalf("bars from %d to %d do not cover %d to %d", h.start, end, low, low+span)
		}
	}
}
