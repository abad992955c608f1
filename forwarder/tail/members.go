package tail

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
)

// memberHead is what a gzip member begins with (RFC 1952): two bytes of magic and
// the only method there is.
var memberHead = []byte{0x1f, 0x8b, 8}

// textSize is how long the text of a compressed file is, if that may be more than
// its trailer says: the trailer knows of the last member only. ok is false if there
// is but one, or if what looks like several is damaged.
func textSize(fd int, size int64) (n int64, ok bool) {
	if !severalMembers(fd, size) {
		return 0, false
	}
	z, err := gzip.NewReader(io.NewSectionReader(fdReader(fd), 0, 1<<62))
	if err != nil {
		return 0, false
	}
	n, err = io.Copy(io.Discard, z)
	return n, err == nil
}

// severalMembers reports whether a member may begin within the file. Now and then
// compressed bytes look like one: that costs an unpacking.
func severalMembers(fd int, size int64) bool {
	var room [32 << 10]byte
	keep := int64(len(memberHead) - 1)
	for off := int64(1); off < size-keep; off += int64(len(room)) - keep {
		n, err := pread(fd, room[:], off)
		if err != nil || bytes.Contains(room[:n], memberHead) {
			return err == nil
		}
	}
	return false
}
