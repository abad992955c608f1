package listen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"sluice/event"
	"sluice/wire"
)

const (
	maxTag     = 1 << 10 // tags are kept, by routers too
	maxChunkID = 4 << 10 // up to maxOwed of them wait for their ack
)

// take takes one frame in, and with a Message those that follow it at once.
func (c *conn) take(f wire.Frame) error {
	p := f.Parts()
	if p.Mode == wire.Heartbeat {
		return nil
	}
	if p.Mode == wire.Broken {
		return c.broken(&f)
	}
	c.odd, c.spoken = 0, true
	if n := len(p.Option.Chunk); n > maxChunkID {
		return fmt.Errorf("a chunk id of %d bytes is longer than %d", n, maxChunkID)
	}
	if len(p.Tag) == 0 || len(p.Tag) > maxTag {
		return c.refuse(&p, badTag)
	}
	if c.tag != string(p.Tag) {
		c.tag = string(p.Tag)
	}
	switch {
	case p.Mode == wire.Message:
		return c.messages(f, p)
	case p.Mode == wire.Packed && p.Option.Signal >= 1 && p.Option.Signal <= 4:
		return c.refuse(&p, notLogs)
	}
	return c.chunk(&p)
}

// broken counts a value that is no frame, and gives up where the stream
// cannot be one of this protocol.
func (c *conn) broken(f *wire.Frame) error {
	c.count(badFrame, 1)
	c.flushCounts()
	if f.N >= 0 {
		return nil
	}
	if !c.spoken && c.odd == 0 {
		if other := speaks(c.frames.Span(f.Off, f.Off+len(f.Raw)+c.frames.Unfinished())); other != "" {
			return fmt.Errorf("the client speaks %s, this port the Forward protocol in msgpack", other)
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
	case p[0] == '[' || p[0] == '{':
		return "JSON"
	}
	for _, verb := range []string{"GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "CONNECT ", "PRI "} {
		if strings.HasPrefix(string(p[:min(len(p), 8)]), verb) {
			return "HTTP"
		}
	}
	return ""
}

// refuse drops a whole frame; its ack is due all the same, for sending it
// again would not mend it.
func (c *conn) refuse(p *wire.Parts, why reason) error {
	c.count(why, 1)
	c.build.reset()
	c.owe(p.Option.Chunk)
	if err := c.emit(nil, nil); err != nil {
		return err
	}
	return c.answer()
}

// messages makes one batch of a Message and of those in the read buffer that
// follow it under the same tag.
func (c *conn) messages(f wire.Frame, p wire.Parts) error {
	if err := c.admit(); err != nil {
		return err
	}
	c.build.reset()
	from, to := f.Off, f.Off
	for more := true; more; {
		if p.Mode == wire.Message {
			c.message(&p, f.Off-from)
		}
		to = f.Off + len(f.Raw)
		if c.build.full(to-from) || len(c.dueEnds) >= maxRecords {
			break
		}
		f, p, more = c.follows()
	}
	if err := c.emit(c.frames.Span(from, to), nil); err != nil {
		return err
	}
	return c.answer()
}

// follows returns the frame behind a Message when it is there and belongs to
// the same batch, or is nothing at all. Another one is held for next.
func (c *conn) follows() (f wire.Frame, p wire.Parts, ok bool) {
	f, err := c.frames.Buffered()
	if err != nil {
		return f, p, false // next meets it again
	}
	c.begun = time.Time{}
	c.l.metrics.in.Bytes.Add(float64(len(f.Raw)))
	p = f.Parts()
	if p.Mode == wire.Heartbeat || p.Mode == wire.Message && string(p.Tag) == c.tag && len(p.Option.Chunk) <= maxChunkID {
		return f, p, true
	}
	c.held, c.isHeld = f, true
	return f, p, false
}

// message adds one Message to the batch; shift is where its frame begins in
// the arena.
func (c *conn) message(p *wire.Parts, shift int) {
	s := c.stampFor(p.Option.Chunk, p.Event)
	if p.Option.Chunk == nil {
		c.counter++
	}
	t, n, ok := wire.ReadTime(p.Event)
	switch {
	case !ok:
		c.count(badTime, 1)
	case len(p.Record) == 0:
		c.count(badRecord, 1)
	default:
		if _, bad := c.build.record(p.Event, n, shift+p.At, t, s); bad != good {
			c.count(bad, 1)
		}
	}
	c.owe(p.Option.Chunk)
}

// chunk takes in a Forward or PackedForward frame, in as many batches as it
// needs.
func (c *conn) chunk(p *wire.Parts) (err error) {
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
	entries := p.Body
	if p.Mode == wire.Packed {
		raw := p.Body
		if entries, err = c.unpack(p); err != nil {
			if !c.bury(raw, err) {
				return err
			}
			entries, err = nil, nil // answered for: it is a dead letter
		}
	}
	c.build.reset()
	for at, index := 0, int64(0); ; {
		from := at
		at, index = c.fill(entries, at, index, s)
		if err := c.emit(entries[from:at:at], pend); err != nil {
			return err
		}
		if at == len(entries) {
			break
		}
		if err := c.admit(); err != nil {
			return err
		}
		c.build.reset()
	}
	if pend != nil {
		pend.done()
	}
	c.owe(p.Option.Chunk)
	return c.answer()
}

// fill adds entries from at on until the batch is full.
func (c *conn) fill(entries []byte, at int, index int64, s stamp) (int, int64) {
	from := at
	for at < len(entries) && !c.build.full(at-from) {
		one := s
		one.index, one.n = index, uint64(index)
		if s.key == c.nonce {
			one.n = c.counter
			c.counter++
		}
		end, bad := c.build.entry(entries, at, -from, one)
		if bad != good {
			c.count(bad, 1)
			n, err := wire.Skip(entries[at:])
			if err != nil {
				return len(entries), index // where the next one would begin is not known
			}
			end = at + n
		}
		at, index = end, index+1
	}
	return at, index
}

// bury keeps a chunk that cannot be unpacked as it came, so that its client
// need not send it for ever, and reports whether it is safe.
func (c *conn) bury(raw []byte, why error) bool {
	dead := c.l.cfg.Dead
	if dead == nil {
		return false
	}
	peer := slog.String("peer", c.nc.RemoteAddr().String())
	if err := dead.PutRaw(source, c.host.String(), c.tag, badCompression.String(), why.Error(), raw); err != nil {
		c.l.badLog.warn("a chunk that cannot be unpacked is not acknowledged: it could not be kept", peer, slog.Any("error", err))
		return false
	}
	c.l.badLog.warn("a chunk that cannot be unpacked is kept as a dead letter", peer, slog.Any("error", why))
	return true
}

// unpack returns the entries of a PackedForward frame.
func (c *conn) unpack(p *wire.Parts) ([]byte, error) {
	gzipped, err := wire.Compression(p.Body, p.Option.Compressed)
	if err == nil && gzipped {
		c.inflated, err = c.inflater.Gzip(c.inflated, p.Body, int(c.l.cfg.MaxChunk))
		p.Body = c.inflated
	}
	if err != nil {
		if !errors.As(err, new(wire.TooLargeError)) {
			c.count(badCompression, 1)
			c.flushCounts()
		}
		return nil, fmt.Errorf("cannot unpack a chunk (nothing of it is taken in): %w", err)
	}
	return p.Body, nil
}

// stampFor says what the ids of a frame's records are made of: its tag, chunk
// id and payload, so that the same chunk makes the same ids again; without a
// chunk id, this connection and a counter.
func (c *conn) stampFor(chunk, payload []byte) stamp {
	s := stamp{now: event.TimeOf(time.Unix(0, c.readAt))}
	if chunk == nil {
		s.key, s.n = c.nonce, c.counter
		return s
	}
	sum := xxh3.Hash128(payload)
	b := binary.BigEndian.AppendUint32(c.scratch[:0], uint32(len(c.tag)))
	b = append(append(b, c.tag...), chunk...)
	b = binary.BigEndian.AppendUint64(b, sum.Hi)
	c.scratch = binary.BigEndian.AppendUint64(b, sum.Lo)
	key := xxh3.Hash128(c.scratch)
	s.key = event.SourceKey{Hi: key.Hi, Lo: key.Lo}
	return s
}

// count notes bad entries of the batch being made.
func (c *conn) count(why reason, n int) { c.dropped[why] += n }

// flushCounts puts them where people see them.
func (c *conn) flushCounts() {
	for why := range c.dropped {
		if n := c.dropped[why]; n > 0 {
			c.dropped[why] = 0
			c.l.metrics.bad[why].Add(float64(n))
			c.l.badLog.warn("entries dropped: they are not valid", slog.String("peer", c.nc.RemoteAddr().String()),
				slog.String("reason", reason(why).String()), slog.Int("entries", n))
		}
	}
}
