package forward

import (
	"encoding/base64"
	"encoding/binary"
	"net"

	"github.com/zeebo/xxh3"

	"sluice/event"
	"sluice/wire"
)

const idLen = len(event.ID{})

// parcel is a chunk as it goes over the wire. It is pooled.
type parcel struct {
	bufs net.Buffers // what to write; the chunk's blocks are among it
	acks []string    // chunk ids that the server answers with, in order; empty: no answer is due

	rest  net.Buffers
	ids   []byte
	meta  []byte // of the option
	bytes []byte // what frames have around the entries, or whole frames
	parts [][]byte
}

func (p *parcel) reset() {
	clear(p.bufs[:cap(p.bufs)])
	clear(p.rest[:cap(p.rest)])
	clear(p.parts[:cap(p.parts)])
	p.bufs, p.parts, p.acks = p.bufs[:0], p.parts[:0], p.acks[:0]
	p.ids, p.bytes = p.ids[:0], p.bytes[:0]
	p.meta = p.meta[:0]
}

// wrap makes the parcel of a chunk. What it compresses stays in c.Wire.
func (s *Sink) wrap(p *parcel, c *event.Chunk) error {
	p.reset()
	for _, b := range c.Blocks {
		for i := range b.IDs {
			p.ids = append(p.ids, b.IDs[i][:]...)
		}
	}
	var tag string
	tag, p.meta = splitKey(p.meta, c.Key)
	if s.mode == modeMessage && len(p.meta) == 0 { // else it is from the disk, of another setting
		s.wrapMessages(p, c)
		return nil
	}
	n := c.Len()
	send := wire.Send{Size: n, Metadata: p.meta}
	if s.ids {
		send.IDs = p.ids
	}
	if s.acked {
		send.Chunk = chunkID(c.Key, p.ids)
		p.acks = append(p.acks, send.Chunk)
	}
	size, err := s.entries(p, c, &send)
	if err != nil {
		return err
	}
	if s.mode == modeForward {
		p.bytes = wire.AppendForwardHead(p.bytes, tag, n, send)
	} else {
		p.bytes = wire.AppendPackedHead(p.bytes, tag, size, send)
	}
	head := len(p.bytes)
	p.bytes = send.AppendTo(p.bytes)
	p.bufs = append(append(append(p.bufs, p.bytes[:head]), p.parts...), p.bytes[head:])
	return nil
}

// entries puts into p.parts what stands within the frame, and returns its size.
func (s *Sink) entries(p *parcel, c *event.Chunk, send *wire.Send) (size int, err error) {
	for _, b := range c.Blocks {
		p.parts = append(p.parts, b.Body)
	}
	if s.codec == wire.Plain {
		return c.Bytes(), nil
	}
	send.Compressed = s.codec.Label()
	if c.Wire == nil {
		z := s.deflaters.Get().(*wire.Deflater)
		defer s.deflaters.Put(z)
		if c.Wire, err = z.Pack(s.codec, make([]byte, 0, c.Bytes()/8+512), p.parts); err != nil {
			return 0, err
		}
	}
	p.parts = append(p.parts[:0], c.Wire)
	return len(c.Wire), nil
}

// wrapMessages makes a frame of each item.
func (s *Sink) wrapMessages(p *parcel, c *event.Chunk) {
	n := 0
	for _, b := range c.Blocks {
		for i := range b.Len() {
			id := p.ids[n*idLen : (n+1)*idLen]
			n++
			send := wire.Send{}
			if s.ids {
				send.IDs = id
			}
			if s.acked {
				send.Chunk = chunkID(c.Key, id)
				p.acks = append(p.acks, send.Chunk)
			}
			p.bytes = wire.AppendMessageHead(p.bytes, c.Key, send)
			p.bytes = append(p.bytes, b.Item(i)[1:]...) // without the header of the entry's array
			p.bytes = send.AppendTo(p.bytes)
		}
	}
	p.bufs = append(p.bufs, p.bytes)
}

// chunkID is what a server acknowledges, in the form of Fluentd's, though 16
// bytes that the tag and the records' ids give: the same items have the same
// whenever they are sent, so that a server which still has them pending knows.
func chunkID(tag string, ids []byte) string {
	sum := xxh3.Hash128(ids)
	b := make([]byte, 0, 64)
	b = binary.BigEndian.AppendUint64(b, sum.Hi)
	b = binary.BigEndian.AppendUint64(b, sum.Lo)
	id := xxh3.Hash128(append(b, tag...)).Bytes()
	return base64.StdEncoding.EncodeToString(id[:])
}
