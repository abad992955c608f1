package listen

import (
	"fmt"
	"log/slog"
	"strings"

	"sluice/wire"
	"sluice/wire/metadata"
)

const (
	maxTag     = 1 << 10 // tags are kept, by routers too
	maxChunkID = 4 << 10 // up to maxOwed of them wait for their ack
)

// take takes the newest frame in, and with a Message those that follow it at
// once.
func (c *conn) take() error {
	p := &c.parts
	if p.Mode == wire.Heartbeat {
		return nil
	}
	if p.Mode == wire.Broken {
		return c.broken()
	}
	c.odd, c.spoken = 0, true
	if n := len(p.Option.Chunk); n > maxChunkID {
		return fmt.Errorf("a chunk id of %d bytes is longer than %d", n, maxChunkID)
	}
	if len(p.Tag) == 0 || len(p.Tag) > maxTag {
		return c.refuse(badTag)
	}
	if c.tag != string(p.Tag) {
		c.tag = string(p.Tag)
	}
	var err error
	if c.shared, err = c.sharedBy(p.Option.Metadata); err != nil {
		return c.refuse(badMetadata)
	}
	switch {
	case p.Mode == wire.Message:
		return c.messages()
	case p.Mode == wire.Packed && p.Option.Signal >= 1 && p.Option.Signal <= 4:
		return c.refuse(notLogs)
	}
	return c.chunk()
}

// broken counts a value that is no frame, and gives up where the stream
// cannot be one of this protocol.
func (c *conn) broken() error {
	f := &c.frame
	c.count(badFrame)
	c.flushCounts()
	if f.N >= 0 {
		return nil
	}
	if !c.spoken && c.odd == 0 && !c.frames.JSON() {
		if other := speaks(c.frames.Span(f.Off, f.Off+len(f.Raw)+c.frames.Unfinished())); other != "" {
			return fmt.Errorf("the client speaks %s, this port the Forward protocol", other)
		}
	}
	if c.odd++; c.odd >= maxOdd {
		return fmt.Errorf("%d values in a row are no frames: this is not the Forward protocol", c.odd)
	}
	return nil
}

// speaks tells another protocol by its first bytes.
func speaks(p []byte) string {
	switch {
	case len(p) > 1 && p[0] == 0x16 && p[1] == 0x03:
		return "TLS"
	}
	for _, verb := range []string{"GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "CONNECT ", "PRI "} {
		if strings.HasPrefix(string(p[:min(len(p), 8)]), verb) {
			return "HTTP"
		}
	}
	return ""
}

// messages makes one batch of a Message and of those in the read buffer that
// follow it under the same tag.
func (c *conn) messages() error {
	if err := c.admit(); err != nil {
		return err
	}
	c.build.reset()
	from, to := c.frame.Off, c.frame.Off
	for more := true; more; {
		if c.parts.Mode == wire.Message {
			c.message(c.frame.Off - from)
		}
		to = c.frame.Off + len(c.frame.Raw)
		if c.build.full(to-from) || len(c.dueEnds) >= maxRecords {
			break
		}
		more = c.follows()
	}
	if err := c.buryRejected(len(c.dueEnds) > 0); err != nil {
		return err
	}
	if err := c.emit(c.frames.Span(from, to), nil); err != nil {
		return err
	}
	return c.answer()
}

// follows makes the frame behind a Message the newest one, when it is there, and
// reports whether it belongs to the same batch, or is nothing at all. Another
// one is held for next.
func (c *conn) follows() bool {
	f, err := c.frames.Buffered()
	if err != nil {
		return false // next meets it again
	}
	c.found(&f)
	p := &c.parts
	if p.Mode == wire.Heartbeat || p.Mode == wire.Message && string(p.Tag) == c.tag && len(p.Option.Chunk) <= maxChunkID && c.shares(p) {
		return true
	}
	c.held = true
	return false
}

// message adds the newest frame, a Message, to the batch; shift is where it
// begins in the arena.
func (c *conn) message(shift int) {
	f, p := &c.frame, &c.parts
	s := c.stampFor(p.Option.Chunk, p.Event)
	s.ids, s.told, s.about = idsFor(p, 0), p.Option.Metadata != nil, metadata.Record{Offset: -1}
	if p.Option.Chunk == nil {
		c.counter++
	}
	t, n, ok := wire.ReadTime(p.Event)
	switch {
	case !ok:
		c.reject(badTime, f.Raw)
	case len(p.Record) == 0:
		c.reject(badRecord, f.Raw)
	default:
		if _, bad := c.build.record(p.Event, n, shift+p.At, t, &s); bad != good {
			c.reject(bad, f.Raw)
		}
	}
	c.owe(p.Option.Chunk)
}

// chunk takes in the newest frame, a Forward or PackedForward one, in as many
// batches as it needs.
func (c *conn) chunk() (err error) {
	p := &c.parts
	if err := c.admit(); err != nil {
		return err
	}
	s := c.stampFor(p.Option.Chunk, p.Body)
	var pend *pending
	if p.Option.Chunk != nil {
		pend = c.l.pending.enter(chunkKey{c.host, s.key}, func() waiter {
			c.pos++
			return waiter{c.ledgerStream().Open(c.pos, 0), c}
		})
		if pend == nil {
			c.owe(p.Option.Chunk)
			return c.answer()
		}
		defer func() {
			if err != nil {
				pend.fail()
			}
		}()
	}
	entries, rest, more := p.Body, (*pieces)(nil), 0
	if p.Mode == wire.Packed {
		raw := p.Body
		if entries, rest, more, err = c.unpack(p); err != nil {
			if !c.buryChunk(err, raw) {
				return err
			}
			err = nil // answered for: it is a dead letter
		}
	}
	p.Body = entries
	s.ids, s.told = idsFor(p, more), p.Option.Metadata != nil
	if err := c.entries(entries, rest, &s, pend); err != nil {
		return err
	}
	if pend != nil {
		pend.done()
	}
	c.owe(p.Option.Chunk)
	return c.answer()
}

// entries hands on a chunk's, in as many batches as they need.
func (c *conn) entries(list []byte, rest *pieces, s *stamp, pend *pending) (err error) {
	if rest != nil {
		defer rest.close()
		if list, err = rest.next(); err != nil {
			return err
		}
	}
	c.build.reset()
	for at, index := 0, int64(0); ; {
		from := at
		at, index = c.fill(list, at, index, s)
		if err := c.buryRejected(c.parts.Option.Chunk != nil); err != nil {
			return err
		}
		if err := c.emit(list[from:at:at], pend); err != nil {
			return err
		}
		if at == len(list) && rest != nil {
			if list, err = rest.next(); err != nil {
				return err
			}
			at = 0
		}
		if at == len(list) {
			return nil
		}
		if err := c.admit(); err != nil {
			return err
		}
		c.build.reset()
	}
}

// fill adds entries from at on until the batch is full.
func (c *conn) fill(entries []byte, at int, index int64, s *stamp) (int, int64) {
	from := at
	for at < len(entries) && !c.build.full(at-from) {
		s.index, s.n = index, uint64(index)
		if s.key == c.nonce {
			s.n = c.counter
			c.counter++
		}
		end, bad := c.build.entry(entries, at, -from, s)
		if bad != good {
			n, err := wire.Skip(entries[at:])
			if err != nil {
				c.reject(bad, entries[at:])
				return len(entries), index // where the next one would begin is not known
			}
			end = at + n
			c.reject(bad, entries[at:end])
		}
		at, index = end, index+1
	}
	return at, index
}

// count notes a bad entry of the batch being made.
func (c *conn) count(why reason) { c.dropped[why]++ }

// flushCounts puts them where people see them.
func (c *conn) flushCounts() {
	for why := range c.dropped {
		if n := c.dropped[why]; n > 0 {
			c.dropped[why] = 0
			c.l.metrics.bad[why].Add(float64(n))
			c.l.badLog.Warn("entries dropped: they are not valid", slog.String("peer", c.peer),
				slog.String("reason", reason(why).String()), slog.Int("entries", n))
		}
	}
}
