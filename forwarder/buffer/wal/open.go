package wal

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

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

// Open takes a directory as it is, or none, and reads all of it in. The blocks
// come in the order they were written. What cannot be used is in the report,
// and is left as it is.
func Open(o Options) (*Log, []Found, Report) {
	l, files, problems := Begin(o)
	rep := Report{Problems: problems}
	var found []Found
	for _, u := range files {
		err := l.ReadIn(u, &rep, func(f Found) { found = append(found, f) })
		if err != nil {
			rep.Problems = append(rep.Problems, Problem{u.Path(), err})
		}
	}
	l.Sweep() // what was finished, and not yet removed
	return l, found, rep
}

// Unread is a file that was found, and in which nobody has looked yet.
type Unread struct {
	file *file
	size int64
}

// Path names the file.
func (u Unread) Path() string { return u.file.path }

// Bytes is how large it is.
func (u Unread) Bytes() int64 { return u.size }

// Begin takes a directory as it is, or none. It may be written to at once. What
// was found there is to be read in with ReadIn, a file at a time, in the order
// in which it was written.
func Begin(o Options) (*Log, []Unread, []Problem) {
	o.defaults()
	l := &Log{o: o, next: 1}
	var problems []Problem
	names, err := o.FS.List(o.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, Problem{o.Dir, fmt.Errorf("cannot list buffer: %w", err)})
	}
	for _, name := range names {
		seq, ok := Sequence(name)
		if !ok {
			continue
		}
		l.next = max(l.next, seq+1)
		if !strings.HasSuffix(name, Suffix) {
			continue
		}
		path := filepath.Join(o.Dir, name)
		if err := l.found(path, seq); err != nil {
			problems = append(problems, Problem{path, err})
		}
	}
	slices.SortFunc(l.files, func(a, b *file) int { return cmp.Compare(a.seq, b.seq) })
	var list []Unread
	for _, f := range l.files {
		list = append(list, Unread{f, f.size})
	}
	return l, list, problems
}

// found opens a file that is there and makes it part of the log.
func (l *Log) found(path string, seq uint64) error {
	f, err := l.o.FS.Open(path)
	if err != nil {
		return fmt.Errorf("cannot open: %w", err)
	}
	size, err := f.Size()
	if err != nil {
		return errors.Join(fmt.Errorf("cannot read: %w", err), f.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files = append(l.files, &file{seq: seq, path: path, f: f, size: size, closed: true, unread: true})
	l.used += size
	return nil
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

// ReadIn looks what a file holds: it adds that to the report and calls each for
// every block in it, in order. DamageError: some of it is damaged, and the rest
// was taken; any other error: the file is of no use and left where it is. Any
// goroutine may call it, beside Write's.
func (l *Log) ReadIn(u Unread, rep *Report, each func(Found)) error {
	s := u.file
	scan, err := segment.ScanFile(s.f, s.size)
	if err != nil {
		l.forsake(s)
		return errors.Join(err, s.f.Close())
	}
	size, failed := s.size, false
	if !scan.Sealed {
		size, failed = reseal(s, scan)
	}
	l.mu.Lock()
	l.used += size - s.size
	s.size, s.failed, s.damaged = size, failed, len(scan.Damage) > 0
	s.live, s.unread = len(scan.Blocks), false
	l.mu.Unlock()
	rep.Segments++
	rep.Blocks += len(scan.Blocks)
	rep.Bytes += size
	rep.Torn += scan.Torn
	rep.Lost += scan.Lost()
	for _, b := range scan.Blocks {
		rep.Records += uint64(b.Weight)
		each(Found{Ref{s, b.Off, b.Size, b.Nth}, b.Meta})
	}
	if len(scan.Damage) > 0 {
		return DamageError{scan.Lost(), len(scan.Blocks)}
	}
	return nil
}

// forsake takes a file that is of no use out of the log.
func (l *Log) forsake(s *file) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used -= s.size
	l.files = slices.DeleteFunc(l.files, func(f *file) bool { return f == s })
}

// reseal cuts off what was not finished and seals the file, so that what is
// answered for can be noted behind it. Where that is not possible the file is
// only read; nor is it done where something unfinished stands before the end:
// behind a seal that would look like damage.
func reseal(s *file, scan segment.Scan) (size int64, failed bool) {
	size = s.size
	if scan.Good < segment.HeaderLen || scan.Mixed {
		return size, true
	}
	if size > scan.Good {
		if s.f.Truncate(scan.Good) != nil {
			return size, true
		}
		size = scan.Good
	}
	// A process that was killed may have written a commit and not fsynced it.
	if s.f.Sync() != nil {
		return size, true
	}
	p := segment.AppendSeal(nil, scan.End)
	if _, err := s.f.WriteAt(p, size); err != nil {
		return size, true
	}
	return size + int64(len(p)), false
}

// Absorb takes one more file, of another directory, into the log: it is moved
// there, and is to be read in. It belongs to Write's goroutine.
func (l *Log) Absorb(path string) (Unread, error) {
	if err := l.prepare(); err != nil {
		return Unread{}, fmt.Errorf("cannot make buffer directory: %w", err)
	}
	l.mu.Lock()
	seq := l.next
	l.next++
	l.mu.Unlock()
	to := filepath.Join(l.o.Dir, Name(seq))
	if err := l.o.FS.Rename(path, to); err != nil {
		return Unread{}, fmt.Errorf("cannot move: %w", err)
	}
	if err := errors.Join(l.o.FS.SyncDir(l.o.Dir), l.o.FS.SyncDir(filepath.Dir(path)), l.found(to, seq)); err != nil {
		return Unread{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.files[len(l.files)-1]
	return Unread{f, f.size}, nil
}
