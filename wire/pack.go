package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Deflater compresses, over and over with the same memory: level 1, for logs
// gain little by more. Its zero value is ready; not for two goroutines at once.
type Deflater struct {
	gz *gzip.Writer
	zs *zstd.Encoder
}

// Label is what a frame's option calls the codec; empty for Plain.
func (c Codec) Label() string { return [...]string{"", "gzip", "zstd"}[c] }

// maxFrame is the most that goes into one zstd frame, in bytes. Fluent Bit 5.1
// unpacks a frame into buffer_chunk_size bytes, by default 1,024,000: of one that
// does not fit there it takes nothing, and acknowledges it.
const maxFrame = 768 << 10

// Pack appends to dst the parts, one after the other, as one gzip member or as
// zstd frames of at most maxFrame bytes each.
func (z *Deflater) Pack(codec Codec, dst []byte, parts [][]byte) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	w, err := z.writer(codec, out)
	if err != nil {
		return dst, fmt.Errorf("cannot compress: %w", err)
	}
	room := maxFrame
	for _, p := range parts {
		for codec == ZstdCodec && len(p) > room && err == nil {
			_, err = w.Write(p[:room])
			err = errors.Join(err, w.Close())
			z.zs.Reset(out)
			p, room = p[room:], maxFrame
		}
		if err == nil {
			_, err = w.Write(p)
			room -= len(p)
		}
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return dst, fmt.Errorf("cannot compress: %w", err)
	}
	return out.Bytes(), nil
}

func (z *Deflater) writer(codec Codec, out io.Writer) (io.WriteCloser, error) {
	if codec == ZstdCodec {
		if z.zs == nil {
			var err error
			// A window of 1 MiB makes an encoder hold 1.6 MiB, the default of 4 MiB 4.7: a chunk is some 1 MiB.
			z.zs, err = zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
				zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
			return z.zs, err
		}
		z.zs.Reset(out)
		return z.zs, nil
	}
	if z.gz == nil {
		var err error
		z.gz, err = gzip.NewWriterLevel(out, gzip.BestSpeed)
		return z.gz, err
	}
	z.gz.Reset(out)
	return z.gz, nil
}
