package wal

import (
	"errors"
	"io/fs"
	"slices"

	"sluice/forwarder/buffer/segment"
)

// Release says that a block is answered for. Sweep does the rest.
func (l *Log) Release(r Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.file.live--
	if r.file.live < 0 {
		panic("BUG: block of " + r.file.path + " released twice")
	}
	r.file.answered = append(r.file.answered, r.Off)
}

// Abandon is Release for a block that cannot be read: its file is set aside
// and not removed.
func (l *Log) Abandon(r Ref) {
	l.mu.Lock()
	r.file.damaged = true
	l.mu.Unlock()
	l.Release(r)
}

// Spent reports whether Sweep could give space back.
func (l *Log) Spent() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.files {
		if f.live == 0 && !f.unread && (f.closed || f.size >= l.o.SegmentBytes) {
			return true
		}
	}
	return false
}

// Sweep removes files in which everything is answered for, and writes down in
// the others what is: that is not fsynced, for if it is lost the records are
// sent once more and their ids make that harmless.
func (l *Log) Sweep() {
	l.mu.Lock()
	if a := l.active; a != nil && a.live == 0 && a.size >= min(l.o.SegmentBytes, keepEmpty) {
		a.closed, a.nth, l.active = true, nil, nil // there may be no room to begin another before it is gone
	}
	var dead []*file
	acks := map[*file][]int64{}
	for _, f := range l.files {
		if f.live == 0 && f.closed && !f.unread {
			dead = append(dead, f)
			continue
		}
		if len(f.answered) > 0 && !f.failed {
			acks[f] = f.answered
			f.answered = nil
		}
	}
	l.mu.Unlock()
	gone := map[*file]bool{}
	for _, f := range dead {
		if f != l.spoilt {
			gone[f] = l.drop(f)
		}
	}
	for f, offsets := range acks {
		l.ack(f, offsets)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files = slices.DeleteFunc(l.files, func(f *file) bool {
		if gone[f] {
			l.used -= f.size
		}
		return gone[f]
	})
}

// drop removes a file; it reports whether it is gone.
func (l *Log) drop(f *file) bool {
	var err error
	if f.damaged {
		err = l.o.FS.Rename(f.path, f.path+Aside)
	} else {
		err = l.o.FS.Remove(f.path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.o.Log.Warn("cannot remove a finished buffer file, trying again", "file", f.path, "error", err)
		return false
	}
	f.f.Close() // nothing was written that matters any more
	return true
}

func (l *Log) ack(f *file, offsets []int64) {
	p := segment.AppendAck(nil, offsets)
	_, err := f.f.WriteAt(p, f.size)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		f.failed = true // for acks; its blocks stay readable
		if l.active == f {
			f.closed, f.nth = true, nil
			l.active = nil
		}
		return
	}
	l.grow(f, f.size+int64(len(p)))
}

// Close writes down what is answered for and closes the files. Blocks that are
// not released are there again at the next Open.
func (l *Log) Close() {
	if err := l.cut(); err != nil {
		l.o.Log.Warn("what was not acknowledged may be sent twice after a restart", "error", err)
	}
	if l.active != nil {
		l.seal(l.active)
		l.active = nil
	}
	l.Sweep()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.files {
		if err := f.f.Close(); err != nil {
			l.o.Log.Warn("cannot close a buffer file", "file", f.path, "error", err)
		}
	}
	l.files = nil
}
