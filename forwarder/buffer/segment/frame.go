package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const (
	// Version is the format that this program writes; it reads up to it.
	Version = 1
	// HeaderLen is the length of a file's header, where the first frame begins.
	HeaderLen = 16

	magic   = "SLUICESG"
	marker  = 0x5246_4c53 // "SLFR": where a scan finds its way back after damage
	headLen = 20          // of every frame
	// maxMeta bounds what a scan reads of one frame; a tag may be long.
	maxMeta = 32 << 20
)

// Kind says what a frame is.
type Kind uint8

const (
	Block  Kind = 1 + iota // a block: items of one key
	Commit                 // all blocks from a start on were written for one fsync
	Ack                    // blocks of this file that are answered for
	Seal                   // no further block comes; only Acks may
)

var (
	// ErrForeign is a file that does not begin as a segment does.
	ErrForeign = errors.New("not a segment: its first bytes are not a segment's")
	// ErrDamaged is a frame whose checksum or shape is wrong.
	ErrDamaged = errors.New("damaged frame")
	// ErrTooLong is a block that no frame can hold.
	ErrTooLong = errors.New("block is too long for a frame")
)

// NewerError is a file of a format that this program does not know.
type NewerError struct{ Version uint32 }

func (e NewerError) Error() string {
	return fmt.Sprintf("its format is version %d and this program knows up to %d: run the newer program", e.Version, Version)
}

var table = crc32.MakeTable(crc32.Castagnoli)

var le = binary.LittleEndian

// AppendHeader appends a file's header.
func AppendHeader(dst []byte) []byte { return AppendHeaderVersion(dst, Version) }

// AppendHeaderVersion appends the header of another version of the format.
func AppendHeaderVersion(dst []byte, version uint32) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	dst = le.AppendUint32(dst, version)
	return le.AppendUint32(dst, crc32.Checksum(dst[start:], table))
}

// checkHeader judges a file's first bytes.
func checkHeader(p []byte) error {
	if len(p) < HeaderLen || string(p[:8]) != magic || le.Uint32(p[12:]) != crc32.Checksum(p[:12], table) {
		return ErrForeign
	}
	if v := le.Uint32(p[8:]); v > Version {
		return NewerError{v}
	}
	return nil
}

// tornHeader reports whether p is a header of this version that reached the
// disk in part: what did not is missing, or zero.
func tornHeader(p []byte) bool {
	whole := AppendHeader(nil)
	for i := range min(len(p), HeaderLen) {
		if p[i] != whole[i] && p[i] != 0 {
			return false
		}
	}
	return true
}

// head is the beginning of every frame:
//
//	0  marker
//	4  size of the whole frame
//	8  size of head and meta, which the head's checksum covers
//	12 kind, 13 codec, 14 zero
//	16 CRC32C of bytes 4 to 16 and of the meta
type head struct {
	size, meta uint32
	kind       Kind
	codec      uint8
}

// beginFrame appends a head whose sizes and checksum endMeta and endFrame fill in.
func beginFrame(dst []byte, k Kind) []byte {
	dst = le.AppendUint32(dst, marker)
	dst = append(dst, make([]byte, 8)...)
	return append(dst, byte(k), 0, 0, 0, 0, 0, 0, 0)
}

// sealHead fills in the head of a frame that begins at start, whose meta ends at
// meta and whose payload will end at end.
func sealHead(p []byte, start, meta, end int) {
	f := p[start:meta]
	le.PutUint32(f[4:], uint32(end-start))
	le.PutUint32(f[8:], uint32(meta-start))
	le.PutUint32(f[16:], headSum(f))
}

func headSum(f []byte) uint32 {
	return crc32.Update(crc32.Checksum(f[4:16], table), table, f[headLen:])
}

// parseHead reads a head without its checksum, for which the meta is needed.
func parseHead(p []byte) (h head, ok bool) {
	if len(p) < headLen || le.Uint32(p) != marker {
		return h, false
	}
	h = head{le.Uint32(p[4:]), le.Uint32(p[8:]), Kind(p[12]), p[13]}
	return h, h.meta >= headLen && h.meta <= maxMeta && h.size >= h.meta && h.kind >= Block && h.kind <= Seal && h.codec == 0
}

// AppendCommit appends the frame that closes a commit of so many blocks, the
// first of which begins at start. prev is where the commit before it ended, or
// HeaderLen: between prev and start there is nothing but Acks.
func AppendCommit(dst []byte, prev, start int64, blocks int) []byte {
	at := len(dst)
	dst = beginFrame(dst, Commit)
	dst = le.AppendUint64(dst, uint64(prev))
	dst = le.AppendUint64(dst, uint64(start))
	dst = le.AppendUint32(dst, uint32(blocks))
	sealHead(dst, at, len(dst), len(dst))
	return dst
}

// AppendAck appends frames that say which blocks, by their offset in this
// file, are answered for.
func AppendAck(dst []byte, offsets []int64) []byte {
	const most = 1000 // in one frame: a torn one loses little
	for len(offsets) > 0 {
		n := min(len(offsets), most)
		at := len(dst)
		dst = beginFrame(dst, Ack)
		for _, o := range offsets[:n] {
			dst = le.AppendUint64(dst, uint64(o))
		}
		sealHead(dst, at, len(dst), len(dst))
		offsets = offsets[n:]
	}
	return dst
}

// AppendSeal appends the frame after which no block comes. prev is where the
// last commit ended.
func AppendSeal(dst []byte, prev int64) []byte {
	at := len(dst)
	dst = beginFrame(dst, Seal)
	dst = le.AppendUint64(dst, uint64(prev))
	sealHead(dst, at, len(dst), len(dst))
	return dst
}
