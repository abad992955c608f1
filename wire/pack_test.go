package wire

import (
	"bytes"
	"testing"
)

func TestPackGoesBack(t *testing.T) {
	parts := [][]byte{bytes.Repeat([]byte("one line like another\n"), 500), nil, []byte("and the last")}
	want := bytes.Join(parts, nil)
	var z Deflater
	var in Inflater
	for range 3 { // with the same memory
		for _, codec := range []Codec{GzipCodec, ZstdCodec} {
			packed, err := z.Pack(codec, []byte("head"), parts)
			if err != nil || !bytes.HasPrefix(packed, []byte("head")) || len(packed) > len(want)/4 {
				t.Fatalf("%s: %v, %d bytes", codec.Label(), err, len(packed))
			}
			packed = packed[4:]
			if found, err := CodecOf(packed, []byte(codec.Label())); found != codec || err != nil {
				t.Errorf("%s is taken for %d: %v", codec.Label(), found, err)
			}
			if got, err := in.Unpack(codec, nil, packed, len(want)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %v, %d bytes of %d", codec.Label(), err, len(got), len(want))
			}
		}
	}
}
