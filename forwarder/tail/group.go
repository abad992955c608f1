package tail

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"sluice/parser/multiline"
)

// group is all files of one container log. The finder fills it, one reader
// reads it.
type group struct {
	real    string // path of the live file, links resolved
	dir     string
	base    string
	tag     string
	place   place
	pod     Pod
	reader  *reader
	gone    atomic.Bool // no path matches it any more
	letting atomic.Bool // a file of it is to be let go
	idle    atomic.Bool // the reader does not look at it until woken

	// The finder's alone.
	links  int              // paths that match it
	files  []*file          // followed, or done and still there or not answered for
	sights map[fileID]sight // what the last listing saw

	last    []observed // the last listing
	missed  []*file    // known to be truncated before the directory was read
	current *file      // the live one, as the present listing has it

	changing atomic.Bool // the finder waits for the file at rest to be open again: it must stay so

	mu    sync.Mutex
	queue []*file // in the order of reading; the live one is last

	// The reader's alone.
	rules    *multiline.Rules // nil: every line is a record
	wished   string           // what the pod's annotation says of them
	*joins                    // nil while it is not active: then none is open
	states   [2]multiline.State
	due      time.Time
	counted  bool            // among the idle files that are open
	quota    *Quota          // nil: none
	lines    int64           // read in the period of the quota
	since    time.Time       // when that began
	paced    time.Time       // not to be read before
	wait     <-chan struct{} // refused: not before it is closed
	active   bool            // one of those that the reader looks at
	begun    bool            // it had its first turn
	behind   bool            // it has more to read than a turn's worth
	kind     kind            // of its backlog
	watched  int32           // the watch of its newest file, while that is quiet; 0: none
	reported report
	read     int // files so far
}

// snapshot copies the queue into room.
func (g *group) snapshot(room []*file) []*file {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append(room[:0], g.queue...)
}

// lost lists the files that their reader found truncated.
func (g *group) lost() (files []*file) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.queue {
		if f.lost.Load() {
			files = append(files, f)
		}
	}
	return files
}

// close ends a file that is read to its end. The finder looks into open files
// with the same lock held.
func (g *group) close(f *file) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = slices.DeleteFunc(slices.Clone(g.queue), func(other *file) bool { return other == f })
	if i := f.ident.Load(); i != nil && i.format == raw && f.packed == nil {
		f.end, _ = endOf(f.read, f.off)
	}
	if !f.closed.Load() {
		_ = unix.Close(f.fd)
	}
	if f.packed != nil {
		f.packed.release()
	}
	f.done.Store(true)
}

// hold is the position that f may be given once all that was read of it before
// is answered for: the start of the oldest line in it that is still open.
func (g *group) hold(f *file) int64 {
	end := f.off
	if f.long != nil {
		end = f.long.start
	}
	for k := range g.partials {
		end = min(g.partials[k].held(f, end), g.traces[k].held(f, end))
	}
	return end
}

// open reports whether something waits for more.
func (g *group) open() bool {
	return g.partials[0].open || g.partials[1].open || g.traces[0].open || g.traces[1].open
}

// file is one generation of a file: truncation makes another one.
type file struct {
	g     *group
	ident atomic.Pointer[identity] // nil until its first line is complete

	// Set by the finder before the reader sees the file, and while lost is set.
	fd     int
	id     fileID
	packed *packed // of a compressed file

	nameless bool        // the last listing did not find it: the finder's
	letGo    atomic.Bool // to be closed, read or not

	path    atomic.Pointer[string] // where the finder last saw it
	rotated atomic.Bool            // no longer the live one: its end will come
	lost    atomic.Bool            // found truncated: the reader keeps off until the finder has found its copy
	ended   atomic.Bool            // truncated without a copy: nothing more of it can be read
	done    atomic.Bool            // read to its end and closed
	closed  atomic.Bool            // at rest without a descriptor: see rest.go
	at      atomic.Int64           // off, for others to see
	seen    atomic.Int64           // size of the file at the last look that left no complete line

	rest stat // when it was closed at rest: g.mu guards it
	end  head // of a raw file's text, once it is done: g.mu guards it

	// The reader's alone.
	looked  stat      // when it was last seen to begin as it did, and nobody wrote to it just then
	seq     int       // in the order of reading
	off     int64     // of the next byte to read
	changed time.Time // when it last grew, or was first seen to be rotated
	ending  bool      // it was seen to be rotated
	lag     int64
	long    *long
}

func newFile(g *group, fd int, ob observed, off int64) *file {
	f := &file{g: g, fd: fd, id: ob.id, off: off}
	f.path.Store(&ob.path)
	f.at.Store(off)
	f.seen.Store(-1)
	return f
}

// stat is the file's status, with the size of its text.
func (f *file) stat() (stat, error) {
	st, err := statFD(f.fd)
	if f.packed != nil {
		st.size = f.packed.end()
	}
	return st, err
}

// read is pread of its text.
func (f *file) read(p []byte, off int64) (int, error) {
	if f.packed != nil {
		return f.packed.read(p, off), nil
	}
	return pread(f.fd, p, off)
}

// grow is the identity's, for a file that may still be written to.
func (f *file) grow(i *identity, scratch []byte, end int64) error {
	if f.packed != nil {
		return nil
	}
	return i.grow(f.fd, scratch, end)
}

// settled reports whether the file is closed and every record of it answered
// for.
func (f *file) settled() bool {
	if !f.done.Load() {
		return false
	}
	i := f.ident.Load()
	return i == nil || i.stream.Pending() == 0 && i.stream.Safe() >= f.at.Load()
}

// long is a line longer than the read buffer.
type long struct {
	start int64
	buf   []byte
	cut   int64 // bytes that found no room in buf
}

func (l *long) add(p []byte, room int) {
	n := min(len(p), max(0, room-len(l.buf)))
	l.buf = append(l.buf, p[:n]...)
	l.cut += int64(len(p) - n)
}
