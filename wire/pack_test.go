package wire

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/klauspost/compress/zstd"
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

// frame is the first zstd frame of p (RFC 8878, 3.1.1).
func frame(t *testing.T, p []byte) []byte {
	t.Helper()
	var h zstd.Header
	if err := h.Decode(p); err != nil {
		t.Fatal(err)
	}
	at := h.HeaderSize
	for last := false; !last; {
		block := int(p[at]) | int(p[at+1])<<8 | int(p[at+2])<<16
		size := block >> 3
		if block>>1&3 == 1 { // one byte, repeated
			size = 1
		}
		at, last = at+3+size, block&1 == 1
	}
	if h.HasCheckSum {
		at += 4
	}
	return p[:at]
}

// Fluent Bit loses a frame of zstd that unpacks to more than its buffer, and
// acknowledges it.
func TestZstdFramesAreSmall(t *testing.T) {
	var parts [][]byte
	for i := range 40 { // of any size, also larger than a frame
		parts = append(parts, bytes.Repeat([]byte(fmt.Sprintln("line", i)), i*i*200))
	}
	want := bytes.Join(parts, nil)
	var z Deflater
	packed, err := z.Pack(ZstdCodec, nil, parts)
	if err != nil {
		t.Fatal(err)
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var got []byte
	frames := 0
	for ; len(packed) > 0; frames++ {
		one := frame(t, packed)
		before := len(got)
		if got, err = d.DecodeAll(one, got); err != nil {
			t.Fatal(err)
		}
		if n := len(got) - before; n > maxFrame || n == 0 {
			t.Errorf("frame %d unpacks to %d bytes", frames, n)
		}
		packed = packed[len(one):]
	}
	if !bytes.Equal(got, want) || frames != (len(want)+maxFrame-1)/maxFrame {
		t.Errorf("%d bytes of %d in %d frames", len(got), len(want), frames)
	}
}
