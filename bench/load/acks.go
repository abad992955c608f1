package load

import (
	"context"
	"slices"
	"sync"
	"time"
)

// AckTimes sends single messages, each connection the next one only when the
// last is acknowledged, and returns how long the acknowledgements took,
// ascending. At a Rate each connection has its own beat; a message that was due
// while another one waited has waited since then. made is as SendForward's.
func AckTimes(ctx context.Context, cfg ForwardConfig) (times []time.Duration, made []int64, err error) {
	cfg.Mode, cfg.Ack, cfg.Chunk, cfg.Window = Message, true, 1, 1
	if err := cfg.check(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var wg sync.WaitGroup
	made = make([]int64, cfg.Stream+cfg.Connections)
	for i := range cfg.Connections {
		wg.Go(func() {
			c := newClient(&cfg, i, func(int64) {})
			list, err := c.ackTimes(ctx, int(cfg.Records)/cfg.Connections)
			if err != nil {
				cancel(err)
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, list...)
			made[c.stream] = c.made
		})
	}
	wg.Wait()
	slices.Sort(times)
	return times, made, context.Cause(ctx)
}

// ackTimes sends n messages over one connection.
func (c *client) ackTimes(ctx context.Context, n int) (times []time.Duration, err error) {
	defer c.hangUp()
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	every := time.Duration(0)
	if c.cfg.Rate > 0 {
		every = time.Second * time.Duration(c.cfg.Connections) / time.Duration(c.cfg.Rate)
	}
	// Connections do not all send in the same moment.
	due := time.Now().Add(every * time.Duration(c.index) / time.Duration(c.cfg.Connections))
	for range n {
		switch wait := time.Until(due); {
		case wait > 0:
			select {
			case <-ctx.Done():
				return times, ctx.Err()
			case <-time.After(wait):
			}
			due = time.Now() // a clock that wakes us late is no late acknowledgement
		case every == 0:
			due = time.Now()
		}
		if err := c.send(ctx, 1); err != nil {
			return times, err
		}
		times = append(times, time.Since(due))
		due = due.Add(every)
	}
	return times, nil
}
