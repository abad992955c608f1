package vfstest

import (
	"io"
	"io/fs"
	"slices"
)

// file is an open file of a Disk.
type file struct {
	d      *Disk
	i      *inode
	path   string
	closed bool
}

// begin locks the disk for a call; end unlocks it.
func (f *file) begin(op string) error {
	f.d.mu.Lock()
	if f.closed {
		return &fs.PathError{Op: op, Path: f.path, Err: fs.ErrClosed}
	}
	return f.d.call(op, f.path)
}

func (f *file) end() { f.d.mu.Unlock() }

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	defer f.end()
	if err := f.begin("read"); err != nil {
		return 0, err
	}
	if off >= int64(len(f.i.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.i.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	defer f.end()
	if err := f.begin("write"); err != nil {
		return 0, err
	}
	err := f.d.call("short", f.path)
	if err == nil && f.d.limit > 0 && f.d.used()+int64(len(p)) > f.d.limit {
		err = &fs.PathError{Op: "write", Path: f.path, Err: ErrSpace}
	}
	if err != nil {
		p = p[:len(p)/2]
	}
	w := write{off: off, data: slices.Clone(p)}
	f.i.data = w.apply(f.i.data)
	f.i.pending = append(f.i.pending, w)
	return len(p), err
}

// Sync that fails leaves it open what of the pending writes is on the disk;
// a later Sync does not make up for it, as on a real system: they count as
// written and are not.
func (f *file) Sync() error {
	defer f.end()
	if err := f.begin("sync"); err != nil {
		f.i.pending = slices.DeleteFunc(f.i.pending, func(w write) bool { return w.off%2 == 0 })
		return err
	}
	for _, w := range f.i.pending {
		f.i.durable = w.apply(f.i.durable)
	}
	f.i.pending = nil
	return nil
}

func (f *file) Truncate(size int64) error {
	defer f.end()
	if err := f.begin("truncate"); err != nil {
		return err
	}
	w := write{off: size, truncate: true}
	f.i.data = w.apply(f.i.data)
	f.i.pending = append(f.i.pending, w)
	return nil
}

func (f *file) Size() (int64, error) {
	defer f.end()
	if err := f.begin("size"); err != nil {
		return 0, err
	}
	return int64(len(f.i.data)), nil
}

func (f *file) Close() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.closed {
		return &fs.PathError{Op: "close", Path: f.path, Err: fs.ErrClosed}
	}
	f.closed = true
	return nil
}
