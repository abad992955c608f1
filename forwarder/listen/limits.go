package listen

import (
	"context"
	"time"

	"sluice/wire"
)

// until is when a read that begins now has waited long enough; zero: never.
func (c *conn) until() (deadline time.Time) {
	now := time.Now()
	switch {
	case !c.greetBy.IsZero():
		return c.greetBy
	case c.frames.Unfinished() > 0:
		if c.begun.IsZero() {
			c.begun = now
		}
		return c.begun.Add(c.patience())
	case c.warm:
		deadline = now.Add(idleTrim)
	}
	if idle := c.l.cfg.IdleTimeout; idle > 0 {
		end := c.heard.Add(idle)
		if !end.After(now) {
			end = now.Add(idle) // it waits for an ack of ours
		}
		if deadline.IsZero() || end.Before(deadline) {
			deadline = end
		}
	}
	return deadline
}

// patience is how long a frame may take: less while others wait for its memory.
func (c *conn) patience() time.Duration {
	if !c.share.Large.IsZero() {
		return c.share.Large.Sub(c.begun) + c.l.cfg.FrameTimeout/4
	}
	return c.l.cfg.FrameTimeout
}

// idle reports whether the client has been silent for too long, and waits for
// nothing of ours.
func (c *conn) idle() bool {
	t := c.l.cfg.IdleTimeout
	return t > 0 && time.Since(c.heard) >= t && (c.acks == nil || c.progress.safe.Load() >= c.pos)
}

// grow takes memory for frames: see wire.Reader.Grow. That there is none is not
// the client's fault, so its frame has so much longer.
func (c *conn) grow(n int, must bool) error {
	if must {
		if began := time.Now(); !c.begun.IsZero() {
			defer func() { c.begun = c.begun.Add(time.Since(began)) }()
		}
		c.l.metrics.in.Stalled.Inc()
		defer c.l.metrics.in.Stalled.Dec()
	}
	return c.grown(c.share.Grow(c.ctx, n, must))
}

// growInflated takes memory for what is unpacked. A stop does not end it: what
// is begun is handed on whole.
func (c *conn) growInflated(n int) error { return c.grown(c.share.Grow(c.hard, n, true)) }

func (c *conn) grown(err error) error {
	if err == context.Canceled {
		return errStopped
	}
	return err
}

// fit gives back memory that is no longer held.
func (c *conn) fit() { c.share.Fit(max(0, c.frames.Size()-baseMemory) + cap(c.inflated)) }

// letGo gives back the memory of the frames.
func (c *conn) letGo() {
	c.frame, c.parts = wire.Frame{}, wire.Parts{}
	c.frames.Trim()
	c.fit()
}

// trim gives back what only a busy connection needs.
func (c *conn) trim() {
	c.build = builder{}
	c.inflater, c.inflated = wire.Inflater{Grow: c.growInflated}, nil
	c.tolds = tolds{}
	c.scratch, c.due, c.dueEnds, c.rejected = nil, nil, nil, nil
	c.warm = false
	c.letGo()
}
