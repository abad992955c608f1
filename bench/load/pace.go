package load

import (
	"context"
	"time"
)

// tick is how often something is written at a steady rate.
const tick = 2 * time.Millisecond

// pace calls write with how many records are due, until total were, or stop is
// closed (nil: it never is), or ctx ends. rate is records a second; 0: all at
// once, in portions.
func pace(ctx context.Context, stop <-chan struct{}, rate int, total int64, write func(n int64) error) error {
	const portion = 10_000
	if rate <= 0 {
		for done := int64(0); done < total && ctx.Err() == nil; {
			n := min(portion, total-done)
			if err := write(n); err != nil {
				return err
			}
			done += n
		}
		return ctx.Err()
	}
	t := time.NewTicker(tick)
	defer t.Stop()
	start, done := time.Now(), int64(0)
	for done < total {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stop:
			return nil
		case <-t.C:
		}
		due := min(total, int64(time.Since(start).Seconds()*float64(rate)))
		if due == done {
			continue
		}
		if err := write(due - done); err != nil {
			return err
		}
		done = due
	}
	return nil
}
