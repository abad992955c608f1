package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/forwarder/buffer/segment"
)

// Found is a block that was there at Open.
type Found struct {
	Ref
	segment.Meta
}

// Report is what Open found.
type Report struct {
	Segments int
	Blocks   int
	Records  uint64 // source records in them
	Bytes    int64
	Torn     int64 // bytes of commits that were not finished: nothing acknowledged
	Lost     int64 // bytes that were whole once and cannot be read
	Problems []Problem
}

// Problem is a file that could not be used as it should.
type Problem struct {
	Path string
	Err  error
}

// DamageError is a file with unreadable parts; the rest of it was taken.
type DamageError struct {
	Bytes  int64
	Blocks int // that could still be read
}

func (e DamageError) Error() string {
	return fmt.Sprintf("damaged: %d bytes cannot be read, %d blocks can; it is kept as *%s when those are delivered", e.Bytes, e.Blocks, Aside)
}

// Open takes a directory as it is, or none. The blocks come in the order they
// were written. What cannot be used is in the report, and is left as it is.
func Open(o Options) (*Log, []Found, Report) {
	o.defaults()
	l := &Log{o: o, next: 1}
	var rep Report
	problem := func(path string, err error) { rep.Problems = append(rep.Problems, Problem{path, err}) }
	names, err := o.FS.List(o.Dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			problem(o.Dir, fmt.Errorf("cannot list buffer: %w", err))
		}
		return l, nil, rep
	}
	type entry struct {
		path string
		seq  uint64
	}
	var list []entry
	for _, name := range names {
		seq, ok := Sequence(name)
		if !ok {
			continue
		}
		l.next = max(l.next, seq+1)
		if strings.HasSuffix(name, Suffix) {
			list = append(list, entry{filepath.Join(o.Dir, name), seq})
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return int(min(max(int64(a.seq)-int64(b.seq), -1), 1)) })
	var found []Found
	told := time.Now()
	for i, e := range list {
		blocks, err := l.take(e.path, e.seq, &rep)
		if err != nil {
			problem(e.path, err)
		}
		found = append(found, blocks...)
		if time.Since(told) > time.Second {
			told = time.Now()
			o.Log.Info("reading the buffer", "dir", o.Dir, "files", i+1, "of", len(list), "records", rep.Records)
		}
	}
	l.Sweep() // what was finished, and not yet removed
	return l, found, rep
}

// Sequence reads the number off a segment's name, or that of one set aside.
func Sequence(name string) (uint64, bool) {
	number, ok := strings.CutSuffix(strings.TrimSuffix(name, Aside), Suffix)
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseUint(number, 10, 63)
	return seq, err == nil
}

// take scans one file and makes it part of the log. An error beside blocks
// tells of damage.
func (l *Log) take(path string, seq uint64, rep *Report) ([]Found, error) {
	f, err := l.o.FS.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open: %w", err)
	}
	size, err := f.Size()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot read: %w", err), f.Close())
	}
	scan, err := segment.ScanFile(f, size)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s := &file{seq: seq, path: path, f: f, size: size, live: len(scan.Blocks), closed: true, damaged: len(scan.Damage) > 0}
	if !scan.Sealed {
		l.reseal(s, scan)
	}
	l.mu.Lock()
	l.files = append(l.files, s)
	l.used += s.size
	l.mu.Unlock()
	rep.Segments++
	rep.Blocks += len(scan.Blocks)
	rep.Bytes += s.size
	rep.Torn += scan.Torn
	rep.Lost += scan.Lost()
	found := make([]Found, 0, len(scan.Blocks))
	for _, b := range scan.Blocks {
		rep.Records += uint64(b.Weight)
		found = append(found, Found{Ref{s, b.Off, b.Size}, b.Meta})
	}
	if s.damaged {
		err = DamageError{scan.Lost(), len(scan.Blocks)}
	}
	return found, err
}

// reseal cuts off what was not finished and seals the file, so that what is
// answered for can be noted behind it. Where that is not possible the file is
// only read; nor is it done where something unfinished stands before the end:
// behind a seal that would look like damage.
func (l *Log) reseal(s *file, scan segment.Scan) {
	s.failed = true
	if scan.Good < segment.HeaderLen || scan.Mixed {
		return
	}
	if s.size > scan.Good {
		if s.f.Truncate(scan.Good) != nil {
			return
		}
		s.size = scan.Good
	}
	// A process that was killed may have written a commit and not fsynced it.
	if s.f.Sync() != nil {
		return
	}
	p := segment.AppendSeal(nil, scan.End)
	if _, err := s.f.WriteAt(p, s.size); err != nil {
		return
	}
	s.size += int64(len(p))
	s.failed = false
}

// Absorb takes one more file, of another directory, into the log: it is moved
// there. Damage in it is an error beside the blocks that could be read. It
// belongs to Write's goroutine.
func (l *Log) Absorb(path string) ([]Found, error) {
	if err := l.prepare(); err != nil {
		return nil, fmt.Errorf("cannot make buffer directory: %w", err)
	}
	l.mu.Lock()
	seq := l.next
	l.next++
	l.mu.Unlock()
	to := filepath.Join(l.o.Dir, Name(seq))
	if err := l.o.FS.Rename(path, to); err != nil {
		return nil, fmt.Errorf("cannot move: %w", err)
	}
	err := errors.Join(l.o.FS.SyncDir(l.o.Dir), l.o.FS.SyncDir(filepath.Dir(path)))
	found, damage := l.take(to, seq, &Report{})
	return found, errors.Join(err, damage)
}
