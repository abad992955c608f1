package inflate

import (
	"bytes"
	"compress/flate"
	stdgzip "compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// grower gives so much more each time, up to most bytes.
func grower(more, most int) func([]byte) ([]byte, error) {
	return func(dst []byte) ([]byte, error) {
		if cap(dst) >= most {
			return dst, fmt.Errorf("more than %d bytes", most)
		}
		return append(make([]byte, 0, cap(dst)+more), dst...), nil
	}
}

// reference is the same, read with the standard library.
func reference(src []byte, most int) ([]byte, error) {
	r, err := stdgzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, int64(most)))
}

func packed(t testing.TB, level int, p []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(p)
	w.Close()
	return b.Bytes()
}

// texts are of all kinds: of few symbols and of many, with far matches and
// near ones, and with none.
func texts() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	skewed := make([]byte, 300_000) // its codes are up to 15 bits long
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	for i := range skewed {
		skewed[i] = byte(rng.ExpFloat64() * 12)
	}
	var lines []byte
	for i := range 5000 {
		lines = fmt.Appendf(lines, "2026-12-01T00:00:00.%09dZ level=info msg=%q caller=file%d.go id=%x\n", i, noise[i:i+3], i%37, noise[i*7:i*7+9])
	}
	return map[string][]byte{
		"empty": nil, "byte": {'x'}, "noise": noise, "skewed": skewed, "lines": lines,
		"run": bytes.Repeat([]byte{'a'}, 100_000), "period 3": bytes.Repeat([]byte("abc"), 50_000), "period 7": bytes.Repeat([]byte("abcdefg"), 9_999),
		"window": append(append(bytes.Clone(noise[:40_000]), noise[7_300:40_000]...), noise[:9_000]...),
	}
}

func TestGzip(t *testing.T) {
	for name, want := range texts() {
		for _, level := range []int{-2, 0, 1, 9} { // Huffman alone, stored, fixed and dynamic codes
			src := packed(t, level, want)
			for _, more := range []int{1, 300, 1 << 20} {
				d := Decoder{Grow: grower(more, len(want)+1024)}
				if more == 1 && len(want) > 10 {
					d.Grow = grower(4099, len(want)+8192)
				}
				got, err := d.Gzip(nil, src)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%s, level %d, %d more each time: %d bytes of %d, %v", name, level, more, len(got), len(want), err)
				}
			}
		}
	}
}

// What is cut anywhere, or damaged, is an error, or holds what the library
// finds in it.
func TestDamage(t *testing.T) {
	src := packed(t, 1, texts()["lines"][:3000])
	d := Decoder{Grow: grower(4096, 1<<20)}
	for n := range src {
		if got, err := d.Gzip(nil, src[:n]); err == nil {
			t.Fatalf("cut to %d bytes: %d came out", n, len(got))
		}
	}
	for i := range src {
		bad := bytes.Clone(src)
		bad[i] ^= 1 << (i % 8)
		compare(t, bad)
		compareDeflate(t, bad[10:])
	}
}

func compare(t *testing.T, src []byte) {
	t.Helper()
	const most = 1 << 20
	want, wantErr := reference(src, most)
	d := Decoder{Grow: grower(64<<10, most+64<<10)}
	got, err := d.Gzip(nil, src)
	if len(want) == most { // how far it goes is not known
		return
	}
	if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
		t.Fatalf("%x: %d bytes, %v; the library: %d bytes, %v", src, len(got), err, len(want), wantErr)
	}
}

// compareDeflate is compare without the envelope, whose checksum would hide what
// is wrong inside.
func compareDeflate(t *testing.T, src []byte) {
	t.Helper()
	const most = 1 << 20
	want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(src)), most))
	d := Decoder{Grow: grower(64<<10, most+64<<10), src: src}
	got, err := d.deflated(nil)
	if len(want) < most && ((err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want)) {
		t.Fatalf("deflate %x: %d bytes, %v; the library: %d bytes, %v", src, len(got), err, len(want), wantErr)
	}
}

// Blocks of the fixed code and of random ones, for the most part of nonsense.
func TestRandomBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	src := make([]byte, 0, 64)
	for range 3000 {
		src = src[:1+rng.IntN(cap(src)-1)]
		for i := range src {
			src[i] = byte(rng.Uint32())
		}
		src[0] = src[0]&^7 | 3
		if rng.IntN(2) == 0 {
			src[0] ^= 6
		}
		compareDeflate(t, src)
	}
}

func FuzzGzip(f *testing.F) {
	for _, p := range texts() {
		p = p[:min(len(p), 700)]
		for _, level := range []int{-2, 0, 1, 9} {
			src := packed(f, level, p)
			f.Add(src)
			f.Add(src[10:])
		}
	}
	f.Add([]byte("\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\x00\x02\x00ab"))
	f.Fuzz(func(t *testing.T, src []byte) {
		compare(t, src)
		compareDeflate(t, src)
	})
}

func BenchmarkGzip(b *testing.B) {
	text := texts()["lines"]
	src := packed(b, 1, text)
	b.Run("inflate", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		d := Decoder{Grow: grower(1<<20, 1<<30)}
		var dst []byte
		var err error
		for b.Loop() {
			if dst, err = d.Gzip(dst, src); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		var in bytes.Reader
		var r gzip.Reader
		dst := make([]byte, len(text))
		for b.Loop() {
			in.Reset(src)
			if err := r.Reset(&in); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(&r, dst); err != nil {
				b.Fatal(err)
			}
		}
	})
}
