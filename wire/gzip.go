package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// ErrCompression says that a payload is not compressed as its frame says, or
// in a way not understood.
var ErrCompression = errors.New("unknown compression")

// Compression tells from the payload's first bytes and the option's label how
// a packed payload is compressed. The bytes count for more than the label:
// entries are arrays and never begin like a compressed stream.
func Compression(payload, label []byte) (gzipped bool, err error) {
	switch {
	case bytes.HasPrefix(payload, []byte{0x1f, 0x8b}):
		return true, nil
	case bytes.HasPrefix(payload, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return false, fmt.Errorf("%w: zstd", ErrCompression)
	case len(payload) == 0, len(label) == 0, string(label) == "text":
		return false, nil
	}
	return false, fmt.Errorf("%w: option says %.20q, the payload does not begin so", ErrCompression, label)
}

// Inflater unpacks gzip, over and over with the same memory. Not for two
// goroutines at once.
type Inflater struct {
	gz  *gzip.Reader
	src bytes.Reader
}

// Gzip appends to dst[:0] what src holds, all its members, and returns it only
// when every checksum was right. More than max bytes are a TooLargeError. dst
// grows with what comes out, not with what src says will.
func (z *Inflater) Gzip(dst, src []byte, max int) ([]byte, error) {
	z.src.Reset(src)
	defer z.src.Reset(nil)
	var err error
	if z.gz == nil {
		z.gz, err = gzip.NewReader(&z.src)
	} else {
		err = z.gz.Reset(&z.src)
	}
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return dst[:0], err
	}
	dst = dst[:0]
	for {
		if len(dst) == cap(dst) {
			grown := make([]byte, len(dst), min(max+1, 2*cap(dst)+4*len(src)+512))
			copy(grown, dst)
			dst = grown
		}
		n, err := z.gz.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst) > max:
			return dst[:0], TooLargeError{max}
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst[:0], err
		}
	}
}
