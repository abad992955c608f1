package listen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/zeebo/xxh3"

	"sluice/event"
	"sluice/wire"
)

// unpack returns the entries of a PackedForward frame, or those that are more
// than is held at once in pieces, and how many these are.
func (c *conn) unpack(p *wire.Parts) (entries []byte, rest *pieces, n int, err error) {
	codec, err := wire.CodecOf(p.Body, p.Option.Compressed)
	if err == nil && codec == wire.Plain {
		return p.Body, nil, 0, nil
	}
	if err == nil {
		held, most := c.l.cfg.heldUnpacked(), c.l.cfg.maxUnpacked()
		c.inflated, err = c.inflater.Unpack(codec, c.inflated, p.Body, held)
		if held < most && errors.As(err, new(wire.TooLargeError)) {
			rest, n, err = openPieces(codec, p.Body, c.inflated[:cap(c.inflated)], most)
		}
	}
	if err == nil {
		return c.inflated, rest, n, nil
	}
	if errors.Is(err, errStopped) {
		return nil, nil, 0, err
	}
	if !errors.As(err, new(wire.TooLargeError)) {
		c.count(badCompression)
		c.flushCounts()
	}
	return nil, nil, 0, fmt.Errorf("cannot unpack a chunk (nothing of it is taken in): %w", err)
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

// idsFor returns the ids that another Sluice gave the entries: 18 bytes for
// each. Of another length they are not believed, and nil is returned. more are
// the entries that are not in p.
func idsFor(p *wire.Parts, more int) []byte {
	ids := p.Option.IDs
	if len(ids) == 0 {
		return nil
	}
	n := p.Count
	switch p.Mode {
	case wire.Message:
		n = 1
	case wire.Packed:
		n = more
		for body := p.Body; len(body) > 0; n++ {
			end, err := wire.Skip(body)
			if err != nil {
				return nil
			}
			body = body[end:]
		}
	}
	if len(ids) != n*len(event.ID{}) {
		return nil
	}
	return ids
}
