package wal

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"sluice/event"
	"sluice/forwarder/buffer/segment"
	"sluice/forwarder/buffer/vfs"
)

const (
	// Suffix ends the name of a segment; Aside that of one with damage in it,
	// when all that could be read of it was answered for.
	Suffix = ".seg"
	Aside  = ".bad"

	flushAt   = 1 << 20 // bytes encoded before they are handed to the file
	keepEmpty = 1 << 20 // a file with nothing left in it is written on up to this size
)

// Options say where a log is. FS and Dir must be set.
type Options struct {
	FS   vfs.FS
	Dir  string
	Lane string // written into each frame: the kind of sink that the bodies are for
	// Limit is the most that its files may hold, in bytes; 0: 1 GiB. The caller
	// asks Room before it writes.
	Limit int64
	// SegmentBytes is the size from which a new file is begun; 0: a sixty-fourth
	// of Limit, between 1 MiB (or a quarter of Limit) and 64 MiB.
	SegmentBytes int64
	Log          *slog.Logger // of progress and clean-up; nil: none
}

func (o *Options) defaults() {
	if o.Limit == 0 {
		o.Limit = 1 << 30
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = min(max(o.Limit/64, min(1<<20, o.Limit/4)), 64<<20)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Log is a directory of segments.
type Log struct {
	o        Options
	prepared bool   // the directory is there and durable
	active   *file  // being written; nil: none
	spoilt   *file  // holds a commit that failed and is not cut off yet; nil: none does
	buf      []byte // of the commit being encoded
	scratch  sync.Pool

	mu      sync.Mutex
	files   []*file // ascending; the active one is the last
	next    uint64  // sequence of the next file
	used    int64
	written uint64
	commits uint64
}

// file is one segment.
type file struct {
	seq  uint64
	path string
	f    vfs.File
	prev int64             // end of the last commit; the writer's
	nth  map[string]uint32 // blocks written, by key; the writer's, while it is active

	// Guarded by Log.mu:
	size     int64
	live     int     // blocks not answered for
	answered []int64 // offsets of blocks that are, and whose Ack is not written
	closed   bool    // takes no further block
	failed   bool    // takes nothing at all
	damaged  bool    // set aside in the end, not removed
	unread   bool    // found at Begin, and not read in yet
}

// Ref is where a block is.
type Ref struct {
	file *file
	Off  int64
	Size uint32
	nth  uint32 // among the blocks of its key in the file
}

// Valid reports whether it is a place at all.
func (r Ref) Valid() bool { return r.file != nil }

// Segment names the file of the block, for logs.
func (r Ref) Segment() string { return r.file.path }

// Room is the number of bytes that may be written.
func (l *Log) Room() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.o.Limit - l.used
}

// Used is the size of its files, in bytes.
func (l *Log) Used() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used
}

// Limit is the most that its files may hold, in bytes.
func (l *Log) Limit() int64 { return l.o.Limit }

// Written counts the bytes written and the commits, since Open.
func (l *Log) Written() (bytes, commits uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written, l.commits
}

// Size is what a block costs in the log, in bytes.
func (l *Log) Size(b *event.Block) int64 { return int64(segment.Size(l.o.Lane, b)) }

// Fits reports whether a block can be written at all: there is a frame for it,
// and the limit is not less than it.
func (l *Log) Fits(b *event.Block) bool {
	return segment.Fits(l.o.Lane, b) && l.Size(b) <= l.o.Limit
}

// Write writes the blocks as one commit and returns where each of them is.
// After an error none of them is safe, and all may be written again: what was
// written of them is cut off first, so that they are on the disk once.
// segment.ErrTooLong: one of them fits in no frame.
func (l *Log) Write(blocks []*event.Block) ([]Ref, error) {
	if err := l.cut(); err != nil {
		return nil, err
	}
	refs, err := l.write(blocks)
	if err != nil {
		if l.active != nil {
			l.fail()
		}
		return nil, fmt.Errorf("cannot write buffer: %w", err)
	}
	return refs, nil
}

func (l *Log) write(blocks []*event.Block) ([]Ref, error) {
	fresh, err := l.begin()
	if err != nil {
		return nil, err
	}
	a := l.active
	l.buf = l.buf[:0]
	if fresh {
		l.buf = segment.AppendHeader(l.buf)
	}
	end := a.size // of what was handed to the file
	start := end + int64(len(l.buf))
	refs := make([]Ref, 0, len(blocks))
	for _, b := range blocks {
		off, at := end+int64(len(l.buf)), len(l.buf)
		if l.buf, err = segment.AppendBlock(l.buf, l.o.Lane, b); err != nil {
			return nil, err
		}
		refs = append(refs, Ref{a, off, uint32(len(l.buf) - at), a.nth[b.Key]})
		a.nth[b.Key]++
		if len(l.buf) >= flushAt {
			if end, err = l.flush(a, end); err != nil {
				return nil, err
			}
		}
	}
	l.buf = segment.AppendCommit(l.buf, a.prev, start, len(blocks))
	if end, err = l.flush(a, end); err != nil {
		return nil, err
	}
	if err = a.f.Sync(); err != nil {
		return nil, err
	}
	if fresh {
		if err = l.o.FS.SyncDir(l.o.Dir); err != nil {
			return nil, err
		}
	}
	a.prev = end
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grow(a, end)
	a.live += len(blocks)
	l.commits++
	return refs, nil
}

// flush hands what is encoded to the file and returns its new end.
func (l *Log) flush(a *file, end int64) (int64, error) {
	if _, err := a.f.WriteAt(l.buf, end); err != nil {
		return end, err
	}
	end += int64(len(l.buf))
	if cap(l.buf) > 2*flushAt {
		l.buf = nil // one huge block must not stay
	}
	l.buf = l.buf[:0]
	return end, nil
}

// grow notes a file's new size. Called with mu held.
func (l *Log) grow(a *file, size int64) {
	l.used += size - a.size
	l.written += uint64(size - a.size)
	a.size = size
}

// begin makes sure that there is a file to write to; fresh: it is empty.
func (l *Log) begin() (fresh bool, err error) {
	if a := l.active; a != nil && a.size >= l.o.SegmentBytes {
		l.seal(a)
		l.active = nil
	}
	if l.active != nil {
		return l.active.size == 0, nil
	}
	if err := l.prepare(); err != nil {
		return false, err
	}
	l.mu.Lock()
	seq := l.next
	l.next++
	l.mu.Unlock()
	path := filepath.Join(l.o.Dir, Name(seq))
	f, err := l.o.FS.Create(path)
	if err != nil {
		l.prepared = false // the directory may be gone
		return false, err
	}
	l.active = &file{seq: seq, path: path, f: f, prev: segment.HeaderLen, nth: map[string]uint32{}}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files = append(l.files, l.active)
	return true, nil
}

// Name is the name of the segment with this sequence number.
func Name(seq uint64) string { return fmt.Sprintf("%016d%s", seq, Suffix) }

// prepare makes the directory, and its name durable.
func (l *Log) prepare() error {
	if l.prepared {
		return nil
	}
	if err := l.o.FS.MkdirAll(l.o.Dir); err != nil {
		return err
	}
	parent := filepath.Dir(l.o.Dir)
	for _, dir := range []string{parent, filepath.Dir(parent)} {
		if err := l.o.FS.SyncDir(dir); err != nil {
			return err
		}
	}
	l.prepared = true
	return nil
}

// seal closes a file for blocks. Its commits are fsynced; the seal need not
// be: without it a scan only has to look at the last commit.
func (l *Log) seal(a *file) {
	p := segment.AppendSeal(nil, a.prev)
	_, err := a.f.WriteAt(p, a.size)
	l.mu.Lock()
	defer l.mu.Unlock()
	a.closed, a.nth = true, nil
	if err != nil {
		a.failed = true
		return
	}
	l.grow(a, a.size+int64(len(p)))
}

// Read reads a block that is not released into b, whose slices it reuses.
// segment.ErrDamaged: what is there is not what was written.
func (l *Log) Read(r Ref, b *event.Block) error {
	p, _ := l.scratch.Get().(*[]byte)
	if p == nil {
		p = new([]byte)
	}
	defer l.scratch.Put(p)
	if cap(*p) < int(r.Size) {
		*p = make([]byte, r.Size)
	}
	frame := (*p)[:r.Size]
	if _, err := r.file.f.ReadAt(frame, r.Off); err != nil {
		return fmt.Errorf("cannot read buffer: %w", err)
	}
	if err := segment.DecodeBlock(frame, b); err != nil {
		return fmt.Errorf("cannot use block at %d of %s: %w", r.Off, r.file.path, err)
	}
	return nil
}
