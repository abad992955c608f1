package inflate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// Gzip appends what all members of src hold to dst[:0]. Only without an error
// it is what the checksums say.
func (d *Decoder) Gzip(dst, src []byte) ([]byte, error) {
	d.src, d.pos = src, 0
	defer func() { d.src = nil }()
	dst = dst[:0]
	for first := true; first || d.pos < len(src); first = false {
		if err := d.header(); err != nil {
			return dst, err
		}
		start := len(dst)
		var err error
		if dst, err = d.deflated(dst); err != nil {
			return dst, err
		}
		tail := src[d.pos:]
		if len(tail) < 8 {
			return dst, io.ErrUnexpectedEOF
		}
		d.pos += 8
		if crc32.ChecksumIEEE(dst[start:]) != binary.LittleEndian.Uint32(tail) || uint32(len(dst)-start) != binary.LittleEndian.Uint32(tail[4:]) {
			return dst, ErrCorrupt
		}
	}
	return dst, nil
}

// The flags of a member's header (RFC 1952, 2.3.1).
const (
	hasCRC     = 1 << 1
	hasExtra   = 1 << 2
	hasName    = 1 << 3
	hasComment = 1 << 4
)

// header passes a member's header.
func (d *Decoder) header() error {
	begin := d.src[d.pos:]
	if len(begin) < 10 {
		return io.ErrUnexpectedEOF
	}
	if begin[0] != 0x1f || begin[1] != 0x8b || begin[2] != 8 {
		return ErrCorrupt
	}
	flags, p := begin[3], begin[10:]
	if flags&hasExtra != 0 {
		if len(p) < 2 || len(p)-2 < int(binary.LittleEndian.Uint16(p)) {
			return io.ErrUnexpectedEOF
		}
		p = p[2+int(binary.LittleEndian.Uint16(p)):]
	}
	for _, text := range [...]byte{hasName, hasComment} {
		if flags&text == 0 {
			continue
		}
		end := bytes.IndexByte(p, 0)
		if end < 0 {
			return io.ErrUnexpectedEOF
		}
		p = p[end+1:]
	}
	if flags&hasCRC != 0 {
		if len(p) < 2 {
			return io.ErrUnexpectedEOF
		}
		if uint16(crc32.ChecksumIEEE(begin[:len(begin)-len(p)])) != binary.LittleEndian.Uint16(p) {
			return ErrCorrupt
		}
		p = p[2:]
	}
	d.pos = len(d.src) - len(p)
	return nil
}
