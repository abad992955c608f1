package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"sluice/wire/inflate"
)

// ErrCompression says that a payload is not compressed as its frame says, or
// in a way not understood.
var ErrCompression = errors.New("unknown compression")

// Codec is how a packed payload is compressed.
type Codec uint8

// The codecs of the protocol.
const (
	Plain Codec = iota
	GzipCodec
	ZstdCodec
)

// CodecOf tells from the payload's first bytes and the option's label how a
// packed payload is compressed. The bytes count for more than the label:
// entries are arrays and never begin like a compressed stream.
func CodecOf(payload, label []byte) (Codec, error) {
	switch {
	case bytes.HasPrefix(payload, []byte{0x1f, 0x8b}):
		return GzipCodec, nil
	case bytes.HasPrefix(payload, []byte{0x28, 0xb5, 0x2f, 0xfd}), skippable(payload):
		return ZstdCodec, nil
	case len(payload) == 0, len(label) == 0, string(label) == "text":
		return Plain, nil
	}
	return Plain, fmt.Errorf("%w: option says %.20q, the payload does not begin so", ErrCompression, label)
}

// skippable reports whether p begins with a skippable frame of zstd (RFC 8878,
// 3.1.2).
func skippable(p []byte) bool {
	return len(p) >= 4 && p[0]&0xf0 == 0x50 && bytes.Equal(p[1:4], []byte{0x2a, 0x4d, 0x18})
}

// Inflater unpacks, over and over with the same memory. Not for two goroutines
// at once.
type Inflater struct {
	// Grow, when set, is asked before the output grows by so many bytes.
	Grow func(bytes int) error

	gz *inflate.Decoder
	zs *zstd.Decoder

	packed, max int // bytes of gzip's source, and the most that may come out
}

// Unpack appends to dst[:0] what src holds, all its members or frames, and
// returns it only when every checksum was right. More than max bytes are a
// TooLargeError. dst grows with what comes out, never beyond max.
func (z *Inflater) Unpack(codec Codec, dst, src []byte, max int) ([]byte, error) {
	if codec == ZstdCodec {
		return z.zstd(dst, src, max)
	}
	return z.gzip(dst, src, max)
}

// room makes dst, which keeps its content, hold size bytes.
func (z *Inflater) room(dst []byte, size int) ([]byte, error) {
	if size <= cap(dst) {
		return dst, nil
	}
	if z.Grow != nil {
		if err := z.Grow(size - cap(dst)); err != nil {
			return dst, err
		}
	}
	grown := make([]byte, len(dst), size)
	copy(grown, dst)
	return grown, nil
}

func (z *Inflater) gzip(dst, src []byte, max int) ([]byte, error) {
	if z.gz == nil {
		z.gz = &inflate.Decoder{Grow: z.more}
	}
	z.packed, z.max = len(src), max
	dst, err := z.gz.Gzip(dst, src)
	if err == nil && len(dst) > max {
		err = TooLargeError{max}
	}
	if err != nil {
		return dst[:0], err
	}
	return dst, nil
}

// more makes room for what gzip unpacks to.
func (z *Inflater) more(dst []byte) ([]byte, error) {
	if len(dst) > z.max {
		return dst, TooLargeError{z.max}
	}
	return z.room(dst, min(z.max+1+inflate.Slack, 2*cap(dst)+4*z.packed+512))
}

// zstdBlock is the most that one block of zstd unpacks to, in bytes.
const zstdBlock = 128 << 10

// zstd unpacks into the room there is, and into four times as much when that
// does not do: left to itself the decoder makes as much as a header promises.
func (z *Inflater) zstd(dst, src []byte, max int) ([]byte, error) {
	if z.zs == nil {
		var err error
		z.zs, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return dst[:0], err
		}
	}
	dst = dst[:0]
	for size := 4*len(src) + 512; ; size = 4 * cap(dst) {
		var err error
		if dst, err = z.room(dst, min(max+1, size)); err != nil {
			return dst, err
		}
		out, err := z.zs.DecodeAll(src, dst)
		// Not every way to run out of room has that error, but each stops
		// within a block of the end.
		full := errors.Is(err, zstd.ErrDecoderSizeExceeded) || len(out)+zstdBlock > cap(dst)
		switch {
		case len(out) > max, err != nil && full && cap(dst) > max:
			return dst, TooLargeError{max}
		case err == nil:
			return out, nil
		case !full:
			return dst, err
		}
	}
}
