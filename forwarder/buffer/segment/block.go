package segment

import (
	"hash/crc32"
	"math"

	"sluice/event"
)

// blockFixed is the length of a block's meta without its names:
//
//	20 stream
//	28 since
//	36 number of items
//	40 source records in them
//	44 length of the body
//	48 length of lane, key and tag, 4 bytes each
//	60 lane, key, tag
//
// The payload follows: the items' ends (4 bytes each), ids (18), weights (2),
// the body, and the CRC32C of all of it.
const (
	blockFixed = 60
	perItem    = 4 + 18 + 2
)

// Meta is what a block's frame says before its payload.
type Meta struct {
	Stream uint64
	Since  int64 // when its oldest record happened, Unix nanoseconds
	Items  uint32
	Weight uint32 // source records
	Body   uint32 // bytes
	Lane   string
	Key    string
	Tag    string
}

// Size is the length of the frame that AppendBlock makes.
func Size(lane string, b *event.Block) int {
	return blockFixed + len(lane) + len(b.Key) + len(b.Tag) + perItem*b.Len() + len(b.Body) + 4
}

// Fits reports whether a frame can hold the block.
func Fits(lane string, b *event.Block) bool {
	return Size(lane, b) <= math.MaxInt32 && len(lane)+len(b.Key)+len(b.Tag) <= maxMeta-blockFixed
}

// AppendBlock appends a block's frame. lane names the kind of sink that the
// body is encoded for. ErrTooLong: nothing was appended.
func AppendBlock(dst []byte, lane string, b *event.Block) ([]byte, error) {
	if !Fits(lane, b) {
		return dst, ErrTooLong
	}
	at := len(dst)
	dst = beginFrame(dst, Block)
	dst = le.AppendUint64(dst, uint64(b.Stream))
	dst = le.AppendUint64(dst, uint64(b.Since))
	dst = le.AppendUint32(dst, uint32(b.Len()))
	dst = le.AppendUint32(dst, uint32(b.Weight()))
	dst = le.AppendUint32(dst, uint32(len(b.Body)))
	dst = le.AppendUint32(dst, uint32(len(lane)))
	dst = le.AppendUint32(dst, uint32(len(b.Key)))
	dst = le.AppendUint32(dst, uint32(len(b.Tag)))
	dst = append(append(append(dst, lane...), b.Key...), b.Tag...)
	payload := len(dst)
	for _, e := range b.Ends {
		dst = le.AppendUint32(dst, e)
	}
	for i := range b.IDs {
		dst = append(dst, b.IDs[i][:]...)
	}
	for _, w := range b.Weights {
		dst = le.AppendUint16(dst, w)
	}
	dst = append(dst, b.Body...)
	dst = le.AppendUint32(dst, crc32.Checksum(dst[payload:], table))
	sealHead(dst, at, payload, len(dst))
	return dst, nil
}

// intern keeps one copy of names that many frames repeat.
type intern map[string]string

func (n intern) get(p []byte) string {
	if s, ok := n[string(p)]; ok {
		return s
	}
	s := string(p)
	n[s] = s
	return s
}

// parseMeta reads a block's meta, whose checksum was found good: f is head and
// meta, size the frame's.
func parseMeta(f []byte, size uint32, names intern) (m Meta, ok bool) {
	if len(f) < blockFixed {
		return m, false
	}
	m.Stream, m.Since = le.Uint64(f[20:]), int64(le.Uint64(f[28:]))
	m.Items, m.Weight, m.Body = le.Uint32(f[36:]), le.Uint32(f[40:]), le.Uint32(f[44:])
	lane, key, tag := uint64(le.Uint32(f[48:])), uint64(le.Uint32(f[52:])), uint64(le.Uint32(f[56:]))
	if blockFixed+lane+key+tag != uint64(len(f)) || m.Items == 0 ||
		uint64(len(f))+perItem*uint64(m.Items)+uint64(m.Body)+4 != uint64(size) {
		return m, false
	}
	rest := f[blockFixed:]
	m.Lane, m.Key, m.Tag = names.get(rest[:lane]), names.get(rest[lane:lane+key]), names.get(rest[lane+key:])
	return m, true
}

// DecodeBlock reads a whole frame into b, whose slices it reuses. ErrDamaged:
// b holds nothing of use.
func DecodeBlock(frame []byte, b *event.Block) error {
	h, ok := parseHead(frame)
	if !ok || h.kind != Block || uint64(h.size) != uint64(len(frame)) || le.Uint32(frame[16:]) != headSum(frame[:h.meta]) {
		return ErrDamaged
	}
	m, ok := parseMeta(frame[:h.meta], h.size, intern{})
	payload := frame[h.meta:]
	sum := len(payload) - 4
	if !ok || le.Uint32(payload[sum:]) != crc32.Checksum(payload[:sum], table) {
		return ErrDamaged
	}
	b.Reset()
	b.Key, b.Tag, b.Stream, b.Since = m.Key, m.Tag, event.StreamID(m.Stream), m.Since
	n := int(m.Items)
	ends, ids, weights, body := payload[:4*n], payload[4*n:22*n], payload[22*n:24*n], payload[24*n:sum]
	last, weight := uint32(0), uint64(0)
	for i := range n {
		end := le.Uint32(ends[4*i:])
		if end < last || end > m.Body {
			return ErrDamaged
		}
		last = end
		b.Ends = append(b.Ends, end)
		b.IDs = append(b.IDs, event.ID(ids[18*i:]))
		b.Weights = append(b.Weights, le.Uint16(weights[2*i:]))
		weight += uint64(b.Weights[i])
	}
	if last != m.Body || weight != uint64(m.Weight) {
		return ErrDamaged
	}
	b.Body = append(b.Body, body...)
	return nil
}
