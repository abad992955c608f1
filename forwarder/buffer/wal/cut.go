package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"sluice/forwarder/buffer/segment"
)

// fail gives the active file up after an error. What it holds of the commit
// that failed is cut off, now or before the next commit.
func (l *Log) fail() {
	a := l.active
	l.active, l.spoilt = nil, a
	l.mu.Lock()
	a.closed, a.failed, a.nth = true, true, nil
	l.mu.Unlock()
	if err := l.cut(); err != nil {
		l.o.Log.Warn("nothing more is written until a failed commit can be cut off: else its records would be there twice", "error", err)
	}
	l.Sweep() // removes it if it holds nothing
}

// cut sees to it that the commit that failed is not there any more, power cut
// or not: its blocks will be written elsewhere. A seal over its beginning does
// as well as cutting it off: behind a seal a scan takes no blocks.
func (l *Log) cut() error {
	s := l.spoilt
	if s == nil {
		return nil
	}
	err := s.f.Truncate(s.size)
	if err != nil && s.size > 0 {
		_, err = s.f.WriteAt(segment.AppendSeal(nil, s.prev), s.size)
	}
	if err == nil {
		err = s.f.Sync()
	}
	if err != nil && l.empty(s) {
		err = l.remove(s)
	}
	if err != nil {
		return fmt.Errorf("cannot cut a failed commit off %s: %w", s.path, err)
	}
	l.spoilt = nil
	return nil
}

func (l *Log) empty(f *file) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return f.live == 0
}

// remove removes a file in which nothing waits, for good.
func (l *Log) remove(f *file) error {
	if err := l.o.FS.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := l.o.FS.SyncDir(l.o.Dir); err != nil {
		return err
	}
	f.f.Close() // nothing was written that matters any more
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used -= f.size
	l.files = slices.DeleteFunc(l.files, func(g *file) bool { return g == f })
	return nil
}
