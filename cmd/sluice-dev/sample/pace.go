package sample

import (
	"context"
	"time"
)

// pace calls step, which returns how many lines it wrote, so often that rate
// lines a second are written, until ctx ends. What could not be written in time
// is made up for, but not more than a second's worth.
func pace(ctx context.Context, rate float64, step func(context.Context) (int, error)) error {
	if rate <= 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(max(10*time.Millisecond, min(time.Second, time.Duration(float64(time.Second)/rate))))
	defer tick.Stop()
	due, last := 1.0, time.Now()
	for {
		for due >= 1 {
			if ctx.Err() != nil {
				return nil
			}
			n, err := step(ctx)
			if err != nil {
				return err
			}
			due -= float64(n)
		}
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			due = min(due+rate*now.Sub(last).Seconds(), max(1, rate))
			last = now
		}
	}
}
