package load

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"sluice/bench/mark"
	"sluice/wire"
)

// client is one connection's sender. One goroutine runs it; a second one, per
// connection, reads acks.
type client struct {
	cfg      *ForwardConfig
	index    int
	stream   int
	events   *eventMaker
	progress func(int64)

	seq      int64   // records put into frames
	made     int64   // records answered for, or written where no ack is asked for
	due      int64   // records that may be put into frames
	pending  []frame // written, not acknowledged, oldest first
	inFlight int     // events in pending

	conn    *link // nil: none
	entries []byte
	record  []byte
}

// frame is what must be sent again until its chunk id comes back.
type frame struct {
	chunk  string
	events int
	bytes  []byte
}

func newClient(cfg *ForwardConfig, index int, progress func(int64)) *client {
	stream := cfg.Stream + index
	return &client{cfg: cfg, index: index, stream: stream, progress: progress, events: newEventMaker(cfg.Seed+uint64(index), cfg.Size)}
}

// retryAfter is how long a client waits before it connects again.
const retryAfter = 100 * time.Millisecond

func (c *client) run(ctx context.Context, total int64) error {
	defer c.hangUp()
	err := c.connect(ctx)
	if c.cfg.Patient {
		err = c.retry(ctx, err)
	}
	if err != nil {
		return err
	}
	rate := c.cfg.Rate / c.cfg.Connections
	err = pace(ctx, c.cfg.Stop, rate, total, func(n int64) error {
		c.due += n
		for c.due >= int64(c.cfg.Chunk) || c.due > 0 && c.seq+c.due == total {
			events := int(min(c.due, int64(c.cfg.Chunk)))
			if err := c.send(ctx, events); err != nil {
				return err
			}
			c.due -= int64(events)
		}
		if rate > 0 {
			return c.retry(ctx, c.conn.out.Flush())
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.retry(ctx, c.conn.out.Flush()); err != nil {
		return err
	}
	for len(c.pending) > 0 {
		if err := c.await(ctx); err != nil {
			return err
		}
	}
	return nil
}

// send makes the next frame, writes it, and waits when the window is full.
func (c *client) send(ctx context.Context, events int) error {
	f := c.frame(events)
	c.seq += int64(events)
	if c.cfg.Ack {
		c.pending = append(c.pending, f)
		c.inFlight += events
	}
	_, err := c.conn.out.Write(f.bytes)
	if err = c.retry(ctx, err); err != nil {
		return err
	}
	if !c.cfg.Ack {
		c.answered(events)
		return nil
	}
	for c.inFlight >= max(c.cfg.Window, 1) {
		if err := c.retry(ctx, c.conn.out.Flush()); err != nil {
			return err
		}
		if err := c.await(ctx); err != nil {
			return err
		}
	}
	return nil
}

// frame encodes the next events.
func (c *client) frame(events int) frame {
	f := frame{events: events}
	now := time.Now()
	at := wire.Time{Sec: now.Unix(), Nsec: uint32(now.Nanosecond())}
	s := wire.Send{}
	if c.cfg.Ack {
		s.Chunk = c.chunkID(now)
		f.chunk = s.Chunk
	}
	c.entries = c.entries[:0]
	for i := range events {
		c.record = c.events.append(c.record[:0], mark.Mark{Stream: c.stream, Seq: c.seq + int64(i) + 1})
		if c.cfg.Mode != Message {
			c.entries = wire.AppendEntry(c.entries, at, c.record)
		}
	}
	if c.cfg.Mode != Compressed {
		f.bytes = make([]byte, 0, len(c.entries)+len(c.record)+128)
	}
	switch c.cfg.Mode {
	case Message:
		f.bytes = wire.AppendMessage(f.bytes, c.cfg.Tag, at, c.record, s)
	case Forward:
		s.Size = events
		f.bytes = wire.AppendForward(f.bytes, c.cfg.Tag, events, c.entries, s)
	case Packed:
		s.Size = events
		f.bytes = wire.AppendPacked(f.bytes, c.cfg.Tag, c.entries, s)
	case Compressed:
		s.Size, s.Compressed = events, "gzip"
		zipped, err := wire.Gzip(nil, c.entries)
		if err != nil {
			panic("BUG: gzip into memory failed: " + err.Error())
		}
		f.bytes = wire.AppendPacked(f.bytes, c.cfg.Tag, zipped, s)
	}
	return f
}

// chunkID is unique to the frame, 16 bytes as base64, Fluentd's form.
func (c *client) chunkID(now time.Time) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], uint64(now.UnixNano()))
	binary.BigEndian.PutUint64(id[8:], uint64(c.stream)<<40|uint64(c.seq))
	return base64.StdEncoding.EncodeToString(id[:])
}

func (c *client) answered(events int) {
	c.made += int64(events)
	c.progress(int64(events))
}

// await takes one ack, or connects again when the connection has ended.
func (c *client) await(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case chunk, ok := <-c.conn.acks:
		if !ok {
			return c.retry(ctx, errors.New("connection ended before all acks came"))
		}
		if !c.acknowledge(chunk) {
			return fmt.Errorf("server acknowledged a chunk that it was not asked about, or twice: %.40q", chunk)
		}
		return nil
	}
}

// acknowledge forgets a pending frame and reports whether there was one.
func (c *client) acknowledge(chunk string) bool {
	i := slices.IndexFunc(c.pending, func(f frame) bool { return f.chunk == chunk })
	if i < 0 {
		return false
	}
	c.inFlight -= c.pending[i].events
	c.answered(c.pending[i].events)
	if i == 0 { // the usual order, and no bytes to move
		c.pending[0] = frame{}
		c.pending = c.pending[1:]
	} else {
		c.pending = slices.Delete(c.pending, i, i+1)
	}
	return true
}

// retry connects again after err, if acks make that safe, and sends what is
// pending once more.
func (c *client) retry(ctx context.Context, err error) error {
	for err != nil {
		if !c.cfg.Ack {
			return fmt.Errorf("cannot send to %s: %w", c.cfg.Addr, err)
		}
		c.hangUp()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryAfter):
		}
		if err = c.connect(ctx); err != nil {
			continue
		}
		for i := range c.pending {
			if _, err = c.conn.out.Write(c.pending[i].bytes); err != nil {
				break
			}
		}
		if err == nil {
			err = c.conn.out.Flush()
		}
	}
	return nil
}

func (c *client) connect(ctx context.Context) (err error) {
	c.conn, err = dial(ctx, c.cfg.Addr, max(c.cfg.Window, 1))
	return err
}

// hangUp ends the connection and takes the acks that came before its end.
func (c *client) hangUp() {
	if c.conn == nil {
		return
	}
	c.conn.close()
	for chunk := range c.conn.acks {
		c.acknowledge(chunk)
	}
	c.conn = nil
}
