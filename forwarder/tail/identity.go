package tail

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/zeebo/xxh3"

	"sluice/event"
	"sluice/parser"
)

const (
	headMax  = 1 << 10   // bytes of the first line that tell a file from others
	probeMax = 128 << 10 // a first line longer than this is not waited for
)

// format is how a file's lines are written.
type format uint8

const (
	unknown format = iota // no complete line yet
	raw
	cri
	docker
)

// head is the fingerprint of a file: the hash of its first line's first bytes.
// Lines of container runtimes begin with their time in nanoseconds.
type head struct {
	n   int
	sum xxh3.Uint128
}

func headOf(p []byte) head { return head{len(p), xxh3.Hash128(p)} }

// of reports whether text begins so.
func (h head) of(text []byte) bool {
	return h.n > 0 && h.n <= len(text) && xxh3.Hash128(text[:h.n]) == h.sum
}

// matches reports whether the file still begins so. scratch has room for
// headMax bytes.
func (h head) matches(fd int, scratch []byte) (bool, error) {
	if h.n == 0 {
		return true, nil
	}
	n, err := pread(fd, scratch[:h.n], 0)
	if err != nil {
		return false, err
	}
	return n == h.n && xxh3.Hash128(scratch[:n]) == h.sum, nil
}

// origin is what a file's first line tells. Together with device and inode it
// is the file's identity; a truncated file begins anew with another origin.
type origin struct {
	format format
	head   head
	key    event.SourceKey // zero for raw: nothing in such a file names it
	born   int64           // Unix milliseconds: the first line's time
}

// probe reads the first line. The format is unknown while there is no complete
// one; force takes what is there for it.
func probe(read func([]byte) (int, error), p *place, force bool) (o origin, err error) {
	buf := make([]byte, 4<<10)
	n, err := read(buf)
	if err == nil && n == len(buf) && bytes.IndexByte(buf, '\n') < 0 {
		buf = make([]byte, probeMax)
		n, err = read(buf)
	}
	if err != nil {
		return o, err
	}
	line := buf[:n]
	switch end := bytes.IndexByte(line, '\n'); {
	case end >= 0:
		line = line[:end+1]
	case n == 0 || n < probeMax && !force:
		return o, nil
	}
	o.head = headOf(line[:min(len(line), headMax)])
	o.format = raw
	line = bytes.TrimSuffix(line, []byte("\n"))
	var first event.Time
	if l, ok := parser.CRI(line); ok {
		o.format, first = cri, l.Time
	} else if l, ok := parser.Docker(line); ok {
		o.format, first = docker, l.Time
	}
	if o.format != raw {
		o.born, o.key = first.Millis(), p.sourceKey(o.head, first)
	}
	return o, nil
}

// sourceKey names the file for ever, in every agent that reads it: neither
// inode nor agent nor any counter of ours is in it. first is the first line's
// time, which in a long Docker line stands behind the head.
func (p *place) sourceKey(h head, first event.Time) event.SourceKey {
	parts := []string{p.uid, p.container, p.restart}
	switch {
	case p.uid != "":
	case p.containerID != "":
		parts = []string{p.pod, p.namespace, p.containerID}
	default:
		parts = []string{p.path}
	}
	var b []byte
	for _, part := range parts {
		b = append(append(b, part...), 0)
	}
	b = binary.BigEndian.AppendUint64(b, h.sum.Hi)
	b = binary.BigEndian.AppendUint64(b, h.sum.Lo)
	b = binary.BigEndian.AppendUint64(b, uint64(first.Sec))
	b = binary.BigEndian.AppendUint32(b, first.Nsec)
	sum := xxh3.Hash128(b)
	return event.SourceKey{Hi: sum.Hi, Lo: sum.Lo}
}

// generate gives a raw file the name that nothing in it provides.
func (o *origin) generate() {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: see its documentation
	o.key = event.SourceKey{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
	o.born = time.Now().UnixMilli()
}

// checkpointKey is the name of the file's entry.
func checkpointKey(k event.SourceKey) string {
	b := binary.BigEndian.AppendUint64(nil, k.Hi)
	return keyPrefix + hex.EncodeToString(binary.BigEndian.AppendUint64(b, k.Lo))
}

// reading reads the beginning of an open file.
func reading(fd int) func([]byte) (int, error) {
	return func(p []byte) (int, error) { return pread(fd, p, 0) }
}

// sameBytes compares two files' beginnings and the bytes before at.
func sameBytes(a, b int, at int64) bool {
	const much = 4 << 10
	var x, y [much]byte
	for _, off := range []int64{0, max(0, at-much)} {
		n, errA := pread(a, x[:], off)
		m, errB := pread(b, y[:], off)
		if off > 0 { // behind at they may differ
			n, m = min(n, int(at-off)), min(m, int(at-off))
		}
		if k := min(n, m); errA != nil || errB != nil || !bytes.Equal(x[:k], y[:k]) {
			return false
		}
	}
	return true
}
