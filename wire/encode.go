package wire

import (
	"bytes"

	"github.com/klauspost/compress/gzip"
	"github.com/tinylib/msgp/msgp"
)

// Send is what the sender of a frame says in its option. The zero Send says
// nothing: the frame goes out without one.
type Send struct {
	Chunk      string // the chunk id; asks for an ack
	Size       int    // events
	Compressed string // "gzip", "zstd"
	IDs        []byte // of the entries in order, 18 bytes each; other servers ignore them
	Metadata   []byte // of all entries: one msgpack value; other servers ignore it
}

// AppendEventTime appends a time as EventTime. Only seconds of 32 bits fit.
func AppendEventTime(dst []byte, t Time) []byte {
	dst = append(dst, 0xd7, extEventTime)
	s, n := uint32(t.Sec), t.Nsec
	return append(dst, byte(s>>24), byte(s>>16), byte(s>>8), byte(s), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// AppendEntry appends [time, record], as Forward and Packed frames hold it;
// record is a msgpack map.
func AppendEntry(dst []byte, t Time, record []byte) []byte {
	dst = msgp.AppendArrayHeader(dst, 2)
	return append(AppendEventTime(dst, t), record...)
}

// AppendMessage appends a frame of one event.
func AppendMessage(dst []byte, tag string, t Time, record []byte, s Send) []byte {
	dst = AppendMessageHead(dst, tag, s)
	dst = append(AppendEventTime(dst, t), record...)
	return s.AppendTo(dst)
}

// AppendForward appends a frame of n entries, made by AppendEntry.
func AppendForward(dst []byte, tag string, n int, entries []byte, s Send) []byte {
	dst = append(AppendForwardHead(dst, tag, n, s), entries...)
	return s.AppendTo(dst)
}

// AppendPacked appends a PackedForward frame of entries made by AppendEntry;
// when s says so, they are compressed already.
func AppendPacked(dst []byte, tag string, entries []byte, s Send) []byte {
	dst = append(AppendPackedHead(dst, tag, len(entries), s), entries...)
	return s.AppendTo(dst)
}

// AppendForwardHead appends what stands before the n entries of a Forward
// frame; s.AppendTo what stands behind them.
func AppendForwardHead(dst []byte, tag string, n int, s Send) []byte {
	return msgp.AppendArrayHeader(appendOuter(dst, 2, tag, s), uint32(n))
}

// AppendPackedHead appends what stands before the entries of a PackedForward
// frame, which are so many bytes; s.AppendTo what stands behind them.
func AppendPackedHead(dst []byte, tag string, bytes int, s Send) []byte {
	return msgp.AppendBytesHeader(appendOuter(dst, 2, tag, s), uint32(bytes))
}

// AppendMessageHead appends what stands before the time and record of a
// Message; s.AppendTo what stands behind them.
func AppendMessageHead(dst []byte, tag string, s Send) []byte { return appendOuter(dst, 3, tag, s) }

// AppendAck appends the answer to a frame whose chunk id came as chunk, a
// msgpack value.
func AppendAck(dst, chunk []byte) []byte {
	dst = append(dst, 0x81, 0xa3, 'a', 'c', 'k')
	return append(dst, chunk...)
}

// Gzip appends src compressed as one member, at level 1: logs gain little by
// more.
func Gzip(dst, src []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	w, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return dst, err
	}
	if _, err = w.Write(src); err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}

func appendOuter(dst []byte, n uint32, tag string, s Send) []byte {
	if s.said() > 0 {
		n++
	}
	return msgp.AppendString(msgp.AppendArrayHeader(dst, n), tag)
}

// said is the number of keys.
func (s *Send) said() (n uint32) {
	for _, said := range [...]bool{s.Chunk != "", s.Size != 0, s.Compressed != "", len(s.IDs) > 0, len(s.Metadata) > 0} {
		if said {
			n++
		}
	}
	return n
}

// AppendTo appends the option, where it says anything.
func (s *Send) AppendTo(dst []byte) []byte {
	n := s.said()
	if n == 0 {
		return dst
	}
	dst = msgp.AppendMapHeader(dst, n)
	if s.Chunk != "" {
		dst = msgp.AppendString(msgp.AppendString(dst, "chunk"), s.Chunk)
	}
	if s.Size != 0 {
		dst = msgp.AppendInt(msgp.AppendString(dst, "size"), s.Size)
	}
	if s.Compressed != "" {
		dst = msgp.AppendString(msgp.AppendString(dst, "compressed"), s.Compressed)
	}
	if len(s.IDs) > 0 {
		dst = msgp.AppendBytes(msgp.AppendString(dst, "ids"), s.IDs)
	}
	if len(s.Metadata) > 0 {
		dst = append(msgp.AppendString(dst, "sluice_metadata"), s.Metadata...)
	}
	return dst
}
