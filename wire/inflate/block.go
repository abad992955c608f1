package inflate

import (
	"encoding/binary"
	"io"
)

// maxMatch is the most bytes that one length stands for.
const maxMatch = 258

// Slack is how much more room the Decoder wants than what comes out, in bytes.
const Slack = maxMatch + 8

// block appends what a compressed block stands for. History begins at start.
func (d *Decoder) block(dst []byte, start int) ([]byte, error) {
	src, pos, bits, n := d.src, d.pos, d.bits, d.n // in registers
	lengths, mask := d.lengths.entries, uint64(1)<<d.lengths.primary-1
	out, at := dst[:cap(dst)], len(dst)
	var err error
	for {
		if len(out)-at < Slack {
			if dst, err = d.room(out[:at]); err != nil {
				return dst, err
			}
			out = dst[:cap(dst)]
		}
		if p := src[pos:]; len(p) >= 8 { // refill
			bits |= binary.LittleEndian.Uint64(p) << (n & 63)
			pos += (63 - n) >> 3
			n |= 56
		} else {
			for ; n <= 55 && pos < len(src); n += 8 {
				bits |= uint64(src[pos]) << (n & 63)
				pos++
			}
		}
		e := lengths[bits&mask]
		if e&literal != 0 && n >= 2*maxBits { // and perhaps another one
			out[at] = byte(e >> 16)
			at++
			bits >>= e.length() & 63
			n -= int(e.length())
			if e = lengths[bits&mask]; e&literal != 0 {
				out[at] = byte(e >> 16)
				at++
				bits >>= e.length() & 63
				n -= int(e.length())
			}
			continue
		}
		e, bits, n = d.lengths.next(bits, n)
		length := e.value() + int(bits&(1<<e.extra()-1))
		bits >>= e.extra() & 63
		n -= int(e.extra())
		if e&(literal|special) == 0 && e != 0 {
			e, bits, n = d.dists.next(bits, n)
			distance := e.value() + int(bits&(1<<e.extra()-1))
			bits >>= e.extra() & 63
			n -= int(e.extra())
			if n >= 0 && e != 0 && e&special == 0 && distance <= at-start {
				repeat(out, at, distance, length)
				at += length
				continue
			}
		}
		d.pos, d.bits, d.n = pos, bits, n
		switch {
		case n < 0 || e == 0 && n < maxBits && pos == len(src):
			return out[:at], io.ErrUnexpectedEOF
		case e&literal != 0:
			out[at] = byte(e >> 16)
			at++
		case e == special|entry(e.length()): // the end of the block
			return out[:at], nil
		default:
			return out[:at], ErrCorrupt
		}
	}
}

// room makes room for a match and the rest of a word behind it.
func (d *Decoder) room(dst []byte) ([]byte, error) {
	var err error
	for cap(dst)-len(dst) < Slack {
		if dst, err = d.Grow(dst); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// repeat copies length bytes from distance before at to at: in words where they
// do not overlap, which may write some bytes more.
func repeat(out []byte, at, distance, length int) {
	if distance >= 8 && length <= 32 {
		from, to := out[at-distance:], out[at:]
		for i := 0; i < length; i += 8 {
			binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(from[i:]))
		}
		return
	}
	for from := at - distance; length > 0; {
		n := copy(out[at:at+length], out[from:at])
		at += n
		length -= n
	}
}
