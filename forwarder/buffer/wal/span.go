package wal

import "sluice/forwarder/buffer/segment"

// Span is where blocks of one key are that stand one behind the other in a
// file: of others there may be some in between, of the same key there is none
// that is not in it. It is what a buffer must know of blocks until it needs
// them; Heads tells the rest.
type Span struct {
	file     *file
	from, to int64  // the first block's offset, or before it; the last one's end
	next     uint32 // number, among those of its key, of the block that would follow
	Blocks   int
	Bytes    int    // of their bodies
	Weight   uint64 // source records in them
}

// Join makes a block part of the span if it follows the last one in it; an
// empty span takes any. The caller sees to it that the key is the same.
func (s *Span) Join(r Ref, bytes int, weight uint32) bool {
	switch {
	case s.Blocks == 0:
		s.file, s.from = r.file, r.Off
	case r.file != s.file || r.nth != s.next:
		return false
	}
	s.to, s.next = r.Off+int64(r.Size), r.nth+1
	s.Blocks++
	s.Bytes += bytes
	s.Weight += uint64(weight)
	return true
}

// Cut takes the span's blocks before end out of it; they are in the list of
// blocks of its key, of which it returns them.
func (s *Span) Cut(list []Found, end int64) (own []Found) {
	n := s.next - uint32(s.Blocks)
	for _, f := range list {
		if f.Off < s.from || f.Off >= min(s.to, end) {
			continue
		}
		f.nth = n
		n++
		s.Blocks--
		s.Bytes -= int(f.Body)
		s.Weight -= uint64(f.Weight)
		own = append(own, f)
	}
	s.from = max(s.from, end)
	return own
}

// Over reports whether nothing is left in the span: what it still counts is
// not to be found.
func (s *Span) Over() bool { return s.from >= s.to }

// Met reports whether reading t from its beginning up to an end passes over all of
// the span that lies before that end.
func (s *Span) Met(t Span) bool { return s.file == t.file && s.from >= t.from }

// Segment names the file, for logs.
func (s *Span) Segment() string { return s.file.path }

// Stop is when Heads has read enough: so many Blocks of all keys and, of the
// span's own, so many Bytes of bodies; or Most blocks, if one of them is its own.
// Its zero value: at the span's end.
type Stop struct{ Blocks, Bytes, Most int }

// Heads reads where the blocks in the span are, those of other keys among them
// too, by key. end is behind the last one. The error is that of a read that failed:
// some may be missing.
func (l *Log) Heads(s Span, key string, stop Stop) (found map[string][]Found, end int64, err error) {
	found = map[string][]Found{}
	blocks, bytes := 0, 0
	end = s.to
	err = segment.Heads(s.file.f, s.from, s.to, func(f segment.Found) bool {
		found[f.Key] = append(found[f.Key], Found{Ref{s.file, f.Off, f.Size, 0}, f.Meta})
		blocks++
		if f.Key == key {
			bytes += int(f.Body)
		}
		enough := blocks >= stop.Blocks && bytes >= stop.Bytes || blocks >= stop.Most
		if stop.Most == 0 || len(found[key]) == 0 || !enough {
			return true
		}
		end = f.Off + int64(f.Size)
		return false
	})
	return found, end, err
}

// Forget says that so many blocks of the span cannot be found any more: its
// file is set aside and not removed.
func (l *Log) Forget(s Span, blocks int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.file.damaged = true
	s.file.live -= blocks
}
