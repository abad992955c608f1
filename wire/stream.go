package wire

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is the largest window of a zstd frame that Stream unpacks, in
// bytes; every decoder should take that much (RFC 8878, 3.1.1.1.2).
const maxWindow = 8 << 20

// Stream unpacks what src holds, all its members or frames, bit by bit. That a
// checksum is wrong comes out after what it is of: who must not believe any of
// that reads it to the end first.
func Stream(codec Codec, src []byte) (io.ReadCloser, error) {
	switch codec {
	case GzipCodec:
		return gzip.NewReader(bytes.NewReader(src))
	case ZstdCodec:
		z, err := zstd.NewReader(bytes.NewReader(src), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%w: codec %d", ErrCompression, codec)
}
