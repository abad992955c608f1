// Package inflate unpacks gzip (RFC 1952) of which all is in memory, into
// memory: several times as fast as a reader of streams, which must be able to
// stop anywhere.
//
// Promise: what comes out is what the checksum says, or an error; no source
// makes it read or write outside of its slices, run for ever, or take memory
// that was not asked for with Grow.
package inflate

import (
	"encoding/binary"
	"errors"
	"io"
)

// ErrCorrupt says that a source is no gzip.
var ErrCorrupt = errors.New("gzip data is corrupt")

// Decoder unpacks, over and over with the same memory. Its zero value needs
// Grow. Not for two goroutines at once.
type Decoder struct {
	// Grow returns dst, which is full, with more room behind it, or an error that
	// ends the unpacking.
	Grow func(dst []byte) ([]byte, error)

	lengths, dists, codes table
	sizes                 [286 + 30 + 2]uint8 // of codes; the fixed code has 288 and 30

	src  []byte
	pos  int    // in src; what is before it is in bits, or was used
	bits uint64 // the next ones, from the lowest on
	n    int    // how many are surely there; below 0: more than there were have been used
}

// refill makes at least 56 bits be there, where the source has as many.
func (d *Decoder) refill() {
	if p := d.src[d.pos:]; len(p) >= 8 {
		d.bits |= binary.LittleEndian.Uint64(p) << (d.n & 63)
		d.pos += (63 - d.n) >> 3
		d.n |= 56
		return
	}
	for d.n <= 55 && d.pos < len(d.src) {
		d.bits |= uint64(d.src[d.pos]) << (d.n & 63)
		d.pos++
		d.n += 8
	}
}

// take returns n bits, at most 16.
func (d *Decoder) take(n int) (int, error) {
	if d.n < n {
		if d.refill(); d.n < n {
			return 0, io.ErrUnexpectedEOF
		}
	}
	v := d.bits & (1<<(n&63) - 1)
	d.bits >>= n & 63
	d.n -= n
	return int(v), nil
}

// deflated appends what the deflate stream at d.pos holds (RFC 1951). After it
// d.pos is behind the stream.
func (d *Decoder) deflated(dst []byte) (out []byte, err error) {
	d.bits, d.n = 0, 0
	start := len(dst) // nothing refers to what is before
	for last := 0; last == 0 && err == nil; {
		if last, err = d.take(1); err != nil {
			break
		}
		var kind int
		if kind, err = d.take(2); err != nil {
			break
		}
		switch kind {
		case 0:
			dst, err = d.stored(dst)
		case 1:
			d.fixed()
			dst, err = d.block(dst, start)
		case 2:
			if err = d.dynamic(); err == nil {
				dst, err = d.block(dst, start)
			}
		default:
			err = ErrCorrupt
		}
	}
	d.giveBack()
	return dst, err
}

// giveBack makes whole bytes that are in bits be in the source again.
func (d *Decoder) giveBack() {
	d.pos -= d.n >> 3
	d.bits, d.n = 0, 0
}

// stored copies a block that is not compressed.
func (d *Decoder) stored(dst []byte) ([]byte, error) {
	d.giveBack()
	p := d.src[d.pos:]
	if len(p) < 4 {
		return dst, io.ErrUnexpectedEOF
	}
	n := int(binary.LittleEndian.Uint16(p))
	if n^0xffff != int(binary.LittleEndian.Uint16(p[2:])) {
		return dst, ErrCorrupt
	}
	if p = p[4:]; len(p) < n {
		return dst, io.ErrUnexpectedEOF
	}
	var err error
	for cap(dst)-len(dst) < n {
		if dst, err = d.Grow(dst); err != nil {
			return dst, err
		}
	}
	d.pos += 4 + n
	return append(dst, p[:n]...), nil
}

const primaryBits, distBits, codeBits = 10, 8, 7

func (d *Decoder) fixed() {
	s := d.sizes[:288]
	for i := range s {
		switch {
		case i < 144, i >= 280:
			s[i] = 8
		case i < 256:
			s[i] = 9
		default:
			s[i] = 7
		}
	}
	d.lengths.build(primaryBits, s, ofLengths)
	s = d.sizes[:32]
	for i := range s {
		s[i] = 5
	}
	d.dists.build(distBits, s, ofDistances)
}

// dynamic reads the codes of a block (3.2.7).
func (d *Decoder) dynamic() error {
	var head [3]int
	for i, n := range [...]int{5, 5, 4} {
		var err error
		if head[i], err = d.take(n); err != nil {
			return err
		}
	}
	lits, dists, codes := head[0]+257, head[1]+1, head[2]+4
	if lits > 286 || dists > 30 {
		return ErrCorrupt
	}
	var sizes [len(order)]uint8
	for i := range codes {
		n, err := d.take(3)
		if err != nil {
			return err
		}
		sizes[order[i]] = uint8(n)
	}
	if !d.codes.build(codeBits, sizes[:], ofCodes) {
		return ErrCorrupt
	}
	if err := d.readSizes(d.sizes[:lits+dists]); err != nil {
		return err
	}
	if !d.lengths.build(primaryBits, d.sizes[:lits], ofLengths) || !d.dists.build(distBits, d.sizes[lits:lits+dists], ofDistances) {
		return ErrCorrupt
	}
	return nil
}

// readSizes reads the lengths of the codes, which are themselves in a code.
func (d *Decoder) readSizes(sizes []uint8) error {
	for i := 0; i < len(sizes); {
		d.refill()
		e := d.codes.entries[d.bits&(1<<d.codes.primary-1)]
		if e == 0 {
			if d.n < maxBits && d.pos == len(d.src) {
				return io.ErrUnexpectedEOF
			}
			return ErrCorrupt
		}
		if _, err := d.take(int(e.length())); err != nil {
			return err
		}
		if e.value() < 16 {
			sizes[i] = uint8(e.value())
			i++
			continue
		}
		repeat, from, value := 2, 3, uint8(0) // of a code that stands for several
		switch e.value() {
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			value = sizes[i-1]
		case 17:
			repeat = 3
		case 18:
			repeat, from = 7, 11
		}
		more, err := d.take(repeat)
		if err != nil {
			return err
		}
		n := from + more
		if n > len(sizes)-i {
			return ErrCorrupt
		}
		for ; n > 0; n-- {
			sizes[i] = value
			i++
		}
	}
	return nil
}
