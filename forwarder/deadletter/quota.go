package deadletter

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
)

// room makes room for n bytes, or says that there is none. An empty store takes
// anything: else a batch larger than the limit could never be answered for.
func (s *Store) room(n int64) error {
	if s.used+n <= s.cfg.DiskLimit {
		return nil
	}
	s.sweep()
	for s.used+n > s.cfg.DiskLimit && len(s.segments) > 0 {
		if s.cfg.OverflowAction != "drop_oldest" {
			return fmt.Errorf("dead letters are full: %d of %d bytes (dead_letters.disk_limit); look at them with sluice dead-letters ls, then replay or drop some, or raise the limit", s.used, s.cfg.DiskLimit)
		}
		if err := s.dropOldest(); err != nil {
			return fmt.Errorf("cannot drop the oldest dead letters: %w", err)
		}
	}
	return nil
}

// dropOldest removes the oldest segment, and counts the letters in it that
// nobody had dealt with.
func (s *Store) dropOldest() error {
	n := s.segments[0].n
	letters, err := scanSegment(s.dir, n, nil)
	if err != nil {
		return err
	}
	if err := s.remove(0); err != nil {
		return err
	}
	s.dropped += int64(letters)
	s.log.Warn("the oldest dead letters are dropped: dead_letters.disk_limit is reached", slog.Int("letters", letters))
	return nil
}

// sweep removes the segments in which every letter is done with.
func (s *Store) sweep() {
	for i := len(s.segments) - 1; i >= 0; i-- {
		seg := &s.segments[i]
		st, err := os.Stat(donePath(s.dir, seg.n))
		if err != nil || st.Size() == seg.doneSize { // nobody has dealt with any more of it
			continue
		}
		seg.doneSize = st.Size()
		letters, err := scanSegment(s.dir, seg.n, nil)
		if err == nil && letters == 0 {
			err = s.remove(i)
		}
		if err != nil {
			s.log.Warn("cannot tidy dead letters", slog.String("dir", s.dir), slog.Any("error", err))
		}
	}
}

// remove unlinks segment i, and then what was said of it: the other way round
// a crash would bring letters back.
func (s *Store) remove(i int) error {
	seg := s.segments[i]
	if i == len(s.segments)-1 {
		s.end()
	}
	if err := os.Remove(segmentPath(s.dir, seg.n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.segments = slices.Delete(s.segments, i, i+1)
	s.used -= seg.size
	if err := os.Remove(donePath(s.dir, seg.n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// orphans removes done files whose segments are gone.
func (s *Store) orphans(done []int) {
	for _, n := range done {
		known := slices.ContainsFunc(s.segments, func(seg segment) bool { return seg.n == n })
		if !known {
			os.Remove(donePath(s.dir, n)) // what stays does no harm: its number is not used again
		}
	}
}
