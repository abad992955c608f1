package forward

import (
	"math"
	"slices"
	"time"
)

// maxGaps is how many gaps are remembered.
const maxGaps = 1000

// rhythm is how regularly something was heard of a server: the gaps between,
// the newest last. Gaps shorter than the heartbeats' interval are left out:
// chunks make them, and after a burst of chunks any silence would look long.
type rhythm []time.Duration

func (r *rhythm) note(gap, interval time.Duration) {
	if gap < interval {
		return
	}
	if len(*r) == maxGaps {
		*r = slices.Delete(*r, 0, 1)
	}
	*r = append(*r, gap)
}

// phi is how unlikely it is that a server which was silent for so long is well:
// the phi accrual failure detector (Hayashibara et al., 2004) as Fluentd has
// it, with an exponential distribution, the mean of the gaps weighted by their
// age, and an interval that counts as a second however long it is. With regular
// heartbeats it is above 16 after 35.8 s and an interval.
func (r rhythm) phi(silent, interval time.Duration) float64 {
	sum, weights := interval.Seconds(), 1.0 // as if it had begun with one
	for i, gap := range r {
		weight := float64(i + 2)
		sum += weight * gap.Seconds()
		weights += weight
	}
	mean := sum/weights - interval.Seconds() + 1
	return (silent - interval + time.Second).Seconds() / mean / math.Ln10
}
