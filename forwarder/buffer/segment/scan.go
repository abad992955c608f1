package segment

import (
	"hash/crc32"
	"io"
	"slices"
)

// Found is a block that is to be answered for, and where its frame is.
type Found struct {
	Off  int64
	Size uint32
	Nth  uint32 // among the blocks of its key in the file, from 0
	Meta
}

// Range is a part of a file: [From, To).
type Range struct{ From, To int64 }

// Scan is what a file holds.
type Scan struct {
	// Blocks were committed and are not answered for, in the order written.
	Blocks []Found
	// Acked is the number of blocks that are answered for.
	Acked int
	// Good is the end of what is known to be whole: a file that is not sealed
	// is cut there.
	Good   int64
	End    int64 // of the last commit
	Sealed bool
	// Torn is the number of bytes that were being written when the process or
	// the machine stopped: nothing in them was acknowledged. Mixed: some of them
	// stand before Good.
	Torn  int64
	Mixed bool
	// Damage lists what was whole once and cannot be read any more.
	Damage []Range
}

// Lost is the number of damaged bytes.
func (s *Scan) Lost() (n int64) {
	for _, d := range s.Damage {
		n += d.To - d.From
	}
	return n
}

// scanner walks a file. Of blocks it reads the heads, and only those of the
// last commit whole: the commit before it was fsynced before it began.
type scanner struct {
	w     window
	size  int64
	names intern
	Scan
	nth    map[string]uint32 // blocks seen, by key
	group  []Found           // blocks that no commit frame has closed yet
	bad    []Range
	gaps   []Range // where only Acks can be
	last   int64   // where the commit before the last one ended
	from   int     // index in Blocks of the last commit's first
	acked  map[int64]bool
	sealed int64 // where the seal is
}

// ScanFile finds out what a file of the given size holds. An error means that
// the file is no segment (ErrForeign), is of a newer format (NewerError), or
// that even its header could not be read; what cannot be read further on counts
// as damaged.
func ScanFile(r io.ReaderAt, size int64) (Scan, error) {
	s := &scanner{w: window{r: r, size: size}, size: size, names: intern{}, nth: map[string]uint32{}, acked: map[int64]bool{}}
	p, err := s.w.at(0, int(min(HeaderLen, size)))
	if err != nil {
		return Scan{}, err
	}
	whole := checkHeader(p)
	if whole != nil && !tornHeader(p) {
		return Scan{}, whole
	}
	s.Good, s.End, s.last = HeaderLen, HeaderLen, HeaderLen
	for off := int64(HeaderLen); off < size; {
		h, ok := s.frame(off)
		if !ok {
			next := s.w.resync(off + 1)
			s.bad = append(s.bad, Range{off, next})
			off = next
			continue
		}
		off += int64(h.size)
		if h.kind != Block {
			s.Good = off
		}
	}
	s.finish()
	if whole != nil && s.End == HeaderLen {
		// The power was cut while the file was made: nothing in it was acknowledged.
		return Scan{Torn: size}, nil
	}
	return s.Scan, nil
}

// frame takes the frame at off in, if one is there.
func (s *scanner) frame(off int64) (h head, ok bool) {
	h, p, ok := s.w.frame(off)
	if !ok {
		return h, false
	}
	meta := p[headLen:]
	if s.Sealed && h.kind != Ack {
		return h, true // of a commit that failed, and that was not cut off
	}
	switch h.kind {
	case Block:
		m, ok := parseMeta(p, h.size, s.names)
		if !ok {
			return h, false
		}
		s.group = append(s.group, Found{off, h.size, s.nth[m.Key], m})
		s.nth[m.Key]++
	case Commit:
		if len(meta) != 20 {
			return h, false
		}
		s.last, s.from = int64(le.Uint64(meta)), len(s.Blocks)
		s.gaps = append(s.gaps, Range{s.last, int64(le.Uint64(meta[8:]))})
		s.End = off + int64(h.size)
		s.Blocks = append(s.Blocks, s.group...)
		s.group = s.group[:0]
	case Ack:
		for ; len(meta) >= 8; meta = meta[8:] {
			s.acked[int64(le.Uint64(meta))] = true
		}
	case Seal:
		if len(meta) != 8 {
			return h, false
		}
		s.Sealed, s.sealed = true, off
		s.gaps = append(s.gaps, Range{int64(le.Uint64(meta)), off})
	}
	return h, true
}

// finish judges what the walk found.
func (s *scanner) finish() {
	inner := int64(0) // unfinished bytes before Good
	if s.Sealed {     // all before the seal was fsynced: blocks whose commit frame is damaged count
		s.Blocks = append(s.Blocks, s.group...)
	} else { // what no commit frame closes was not acknowledged
		inner = s.verifyLast()
	}
	for _, b := range s.bad {
		switch {
		case s.onlyAcks(b), b.From >= s.Good:
		case s.Sealed && b.From < s.sealed, !s.Sealed && b.From < s.last:
			s.Damage = append(s.Damage, b)
		case !s.Sealed:
			inner += b.To - b.From
		}
	}
	if !s.Sealed {
		s.Torn = s.size - s.Good + inner
		s.Mixed = inner > 0
	}
	all := len(s.Blocks)
	s.Blocks = slices.DeleteFunc(s.Blocks, func(f Found) bool { return s.acked[f.Off] })
	s.Acked = all - len(s.Blocks)
}

// onlyAcks reports whether nothing but Acks can have been in b: they are not
// fsynced, and may be missing without any harm.
func (s *scanner) onlyAcks(b Range) bool {
	return slices.ContainsFunc(s.gaps, func(g Range) bool { return g.From <= b.From && b.To <= g.To })
}

// verifyLast reads the payloads of the last commit's blocks: where power was
// cut before its fsync, the commit frame may be on the disk and they not. It
// returns the number of bytes of those it takes away.
func (s *scanner) verifyLast() (torn int64) {
	keep := s.Blocks[:s.from]
	for _, f := range s.Blocks[s.from:] {
		if s.payloadGood(f) {
			keep = append(keep, f)
		} else {
			torn += int64(f.Size)
		}
	}
	s.Blocks = keep
	return torn
}

func (s *scanner) payloadGood(f Found) bool {
	end := f.Off + int64(f.Size) - 4
	off := end - int64(f.Body) - perItem*int64(f.Items)
	sum := uint32(0)
	for off < end {
		p, err := s.w.ahead(off)
		if err != nil {
			return false
		}
		p = p[:min(int64(len(p)), end-off)]
		sum = crc32.Update(sum, table, p)
		off += int64(len(p))
	}
	p, err := s.w.at(end, 4)
	return err == nil && le.Uint32(p) == sum
}
