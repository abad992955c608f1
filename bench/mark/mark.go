// Package mark is what a generated record carries so that it can be told from
// all others, through any encoding: a short text that no escape changes.
package mark

import (
	"bytes"
	"strconv"
)

// Mark names a record: the number of its stream, from 0, and its own within
// the stream, from 1.
type Mark struct {
	Stream int
	Seq    int64
}

// MaxStreams is how many streams can be told apart.
const MaxStreams = 10_000

// MaxSeq is the highest number within a stream.
const MaxSeq = 999_999_999

const (
	head = "bench="
	size = len("bench=0000.000000000")
)

// Append appends the mark. A stream of MaxStreams or more, or a number beyond
// MaxSeq, is a defect of the caller.
func Append(dst []byte, m Mark) []byte {
	if m.Stream < 0 || m.Stream >= MaxStreams || m.Seq < 1 || m.Seq > MaxSeq {
		panic("BUG: mark out of range")
	}
	dst = append(dst, head...)
	dst = digits(dst, int64(m.Stream), 4)
	dst = append(dst, '.')
	return digits(dst, m.Seq, 9)
}

func digits(dst []byte, n int64, width int) []byte {
	start := len(dst)
	for range width {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; i >= start && n > 0; i-- {
		dst[i] += byte(n % 10)
		n /= 10
	}
	return dst
}

// Read finds the first mark in a document.
func Read(doc []byte) (m Mark, ok bool) {
	at := bytes.Index(doc, []byte(head))
	if at < 0 || len(doc)-at < size || doc[at+10] != '.' {
		return m, false
	}
	stream, err := strconv.ParseUint(string(doc[at+6:at+10]), 10, 16)
	if err != nil {
		return m, false
	}
	seq, err := strconv.ParseUint(string(doc[at+11:at+size]), 10, 32)
	if err != nil || seq == 0 {
		return m, false
	}
	return Mark{int(stream), int64(seq)}, true
}
