package wal

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sluice/event"
	"sluice/forwarder/buffer/segment"
	"sluice/forwarder/buffer/vfs"
)

// Look is what one file holds, seen from outside: the process that writes it
// may be running.
type Look struct {
	Path    string
	Bytes   int64
	Blocks  int    // not answered for
	Records uint64 // source records in them
	Acked   int    // blocks that are answered for
	Oldest  int64  // when their oldest record happened, Unix nanoseconds; 0: unknown
	Sealed  bool   // no further block comes
	Torn    int64  // bytes of a commit that is not finished
	Lost    int64  // bytes that were whole once and cannot be read
	Err     error  // why it cannot be used at all

	scan segment.Scan
}

// Lanes lists the lanes that have a directory in dir, which may be missing.
func Lanes(fs vfs.FS, dir string) ([]string, error) {
	names, err := fs.List(dir)
	if err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return nil, fmt.Errorf("cannot list buffers: %w", err)
	}
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, ".") }), nil
}

// Survey looks at every file of a lane's directory, in the order they were
// written; those set aside too.
func Survey(fs vfs.FS, dir string) ([]Look, error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list buffer: %w", err)
	}
	var list []Look
	for _, name := range names {
		if _, ok := Sequence(name); ok {
			list = append(list, Inspect(fs, filepath.Join(dir, name)))
		}
	}
	return list, nil
}

// Inspect looks at one file.
func Inspect(fs vfs.FS, path string) Look {
	l := Look{Path: path}
	f, err := fs.Open(path)
	if err != nil {
		l.Err = err
		return l
	}
	defer f.Close()
	if l.Bytes, l.Err = f.Size(); l.Err != nil {
		return l
	}
	if l.scan, l.Err = segment.ScanFile(f, l.Bytes); l.Err != nil {
		return l
	}
	l.Blocks, l.Acked, l.Sealed, l.Torn, l.Lost = len(l.scan.Blocks), l.scan.Acked, l.scan.Sealed, l.scan.Torn, l.scan.Lost()
	for _, b := range l.scan.Blocks {
		l.Records += uint64(b.Weight)
		if b.Since != 0 && (l.Oldest == 0 || b.Since < l.Oldest) {
			l.Oldest = b.Since
		}
	}
	return l
}

// State says in a word what is with the file.
func (l *Look) State() string {
	var newer segment.NewerError
	switch {
	case errors.As(l.Err, &newer):
		return "newer"
	case l.Err != nil:
		return "unusable"
	case strings.HasSuffix(l.Path, Aside):
		return "set aside"
	case l.Lost > 0:
		return "damaged"
	case l.Sealed:
		return "sealed"
	}
	return "open"
}

// Each reads the blocks that are not answered for, whole, and passes them on
// with the lane they are for; a block is only valid during the call. err: this
// one cannot be read, and b is nil. The error that f returns ends it.
func (l *Look) Each(fs vfs.FS, f func(lane string, b *event.Block, err error) error) error {
	file, err := fs.Open(l.Path)
	if err != nil {
		return fmt.Errorf("cannot open buffer file: %w", err)
	}
	defer file.Close()
	b, frame := &event.Block{}, []byte(nil)
	for _, x := range l.scan.Blocks {
		frame = slices.Grow(frame[:0], int(x.Size))[:x.Size]
		_, err := file.ReadAt(frame, x.Off)
		if err == nil {
			err = segment.DecodeBlock(frame, b)
		}
		switch {
		case err != nil:
			err = f(x.Lane, nil, fmt.Errorf("cannot read block at %d of %s: %w", x.Off, l.Path, err))
		default:
			err = f(x.Lane, b, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Lane is the lane that the file's first block is for; empty: nothing waits in
// it.
func (l *Look) Lane() string {
	if len(l.scan.Blocks) == 0 {
		return ""
	}
	return l.scan.Blocks[0].Lane
}

// Since is when the oldest record happened.
func (l *Look) Since() time.Time { return time.Unix(0, l.Oldest) }

// Export writes what is not answered for in the given files into one new file
// that Open takes anywhere, and fsyncs it. unread counts the blocks that could
// not be read.
func Export(fs vfs.FS, to string, from []Look) (blocks, unread int, err error) {
	f, err := fs.Create(to)
	if err != nil {
		return 0, 0, fmt.Errorf("cannot make file: %w", err)
	}
	off, prev := int64(0), int64(segment.HeaderLen)
	buf := segment.AppendHeader(nil)
	put := func() error {
		_, err := f.WriteAt(buf, off)
		off += int64(len(buf))
		buf = buf[:0]
		return err
	}
	for i := range from {
		err = from[i].Each(fs, func(lane string, b *event.Block, err error) error {
			if err != nil {
				unread++
				return nil
			}
			start := off + int64(len(buf))
			if buf, err = segment.AppendBlock(buf, lane, b); err != nil {
				return err
			}
			buf = segment.AppendCommit(buf, prev, start, 1)
			prev = off + int64(len(buf))
			blocks++
			return put()
		})
		if err != nil {
			break
		}
	}
	if err == nil {
		buf = segment.AppendSeal(buf, prev)
		err = put()
	}
	if err = errors.Join(err, f.Sync(), f.Close(), fs.SyncDir(filepath.Dir(to))); err != nil {
		return blocks, unread, fmt.Errorf("cannot write %s: %w", to, err)
	}
	return blocks, unread, nil
}

// NextPath is where a further file of a lane's directory goes, which is made
// if it is not there. Nobody else may write there.
func NextPath(fs vfs.FS, dir string) (string, error) {
	if err := fs.MkdirAll(dir); err != nil {
		return "", fmt.Errorf("cannot make buffer directory: %w", err)
	}
	names, err := fs.List(dir)
	if err != nil {
		return "", fmt.Errorf("cannot list buffer: %w", err)
	}
	next := uint64(1)
	for _, name := range names {
		if seq, ok := Sequence(name); ok {
			next = max(next, seq+1)
		}
	}
	return filepath.Join(dir, Name(next)), nil
}
