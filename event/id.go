package event

import (
	"encoding/base64"
	"encoding/binary"
)

// ID names a record for ever: whoever reads the same bytes from the same
// source makes the same ID, so that sending a record twice stores it once.
//
// 20 bits of source time (milliseconds >> 22, steps of about 70 minutes), 76
// bits of the source key's hash, 48 bits of position. Coarse time first lets
// Lucene pass over older segments; the position last keeps ids of one stream
// counting up behind a common prefix, which costs the store next to nothing.
type ID [18]byte

// IDLen is the length of an ID as text.
const IDLen = 24

// SourceKey is the hash of what names a source, 128 bits of which 76 are used.
type SourceKey struct{ Hi, Lo uint64 }

// MakeID puts an ID together. millis is the source's own time (the runtime's
// or the wire's, never one parsed from the application's text), or 0. pos is
// the END offset of the record's last byte, its index in a chunk, or a counter:
// with the end in it a join that ends elsewhere after a restart gets another
// id, which may double a line but never hides one.
func MakeID(millis int64, key SourceKey, pos uint64) (id ID) {
	// 20 bits of time, then the upper 44 bits of Hi: one word.
	binary.BigEndian.PutUint64(id[0:8], uint64(millis>>22)<<44|key.Hi>>20)
	// 32 more bits of the hash: 44+32 = 76.
	binary.BigEndian.PutUint32(id[8:12], uint32(key.Lo>>32))
	binary.BigEndian.PutUint16(id[12:14], uint16(pos>>32))
	binary.BigEndian.PutUint32(id[14:18], uint32(pos))
	return id
}

// Part is the ID of the n-th of several records that were made of one; n is
// not 0, which the record itself stands for.
func (id ID) Part(n uint32) ID {
	binary.BigEndian.PutUint32(id[8:12], binary.BigEndian.Uint32(id[8:12])^n*0x9e3779b1) // odd: no two n give the same
	return id
}

// Position returns the 48 bits of position.
func (id ID) Position() uint64 {
	return uint64(binary.BigEndian.Uint16(id[12:14]))<<32 | uint64(binary.BigEndian.Uint32(id[14:18]))
}

// Append appends the ID as IDLen characters of base64url without padding, the
// form Elasticsearch stores as its raw bytes.
func (id *ID) Append(dst []byte) []byte {
	return base64.RawURLEncoding.AppendEncode(dst, id[:])
}

// String is the ID as text.
func (id ID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }
