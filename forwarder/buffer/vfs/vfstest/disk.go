// Package vfstest is a file system in memory that fails on demand and loses
// power. Only tests import it.
//
// Promise: strict. What the real one refuses it refuses; what was not synced
// may be lost, in whole or in part and in any order, at Crash.
package vfstest

import (
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"sluice/forwarder/buffer/vfs"
)

// Disk is the file system.
type Disk struct {
	mu    sync.Mutex
	names map[string]*inode // as the running process sees them
	safe  map[string]*inode // as a power cut leaves them at worst
	dirs  map[string]bool
	calls int
	limit int64 // bytes of all files; 0: none
	fault func(c Call) error
}

// Call is one call that may be made to fail.
type Call struct {
	N  int    // numbered from 1
	Op string // create, open, read, write, short, sync, truncate, size, rename, remove, syncdir, list, mkdir
	// Path is the file's name at the time it was opened.
	Path string
}

type inode struct {
	data    []byte
	durable []byte
	pending []write // not synced yet
}

// write is a change of a file: data at off, or a truncation.
type write struct {
	off      int64
	data     []byte
	truncate bool
}

// New makes an empty disk.
func New() *Disk {
	return &Disk{names: map[string]*inode{}, safe: map[string]*inode{}, dirs: map[string]bool{}}
}

// Fail makes calls fail as f says; nil: none. The operation "short" is asked
// before each write: an error there writes half and fails.
func (d *Disk) Fail(f func(c Call) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.calls = f, 0
}

// Limit makes writes beyond so many bytes in all files fail with ENOSPC.
func (d *Disk) Limit(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit = bytes
}

// Calls is how many calls there were since Fail.
func (d *Disk) Calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// Bytes is the size of all files.
func (d *Disk) Bytes() (n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used()
}

func (d *Disk) used() (n int64) {
	for _, i := range d.names {
		n += int64(len(i.data))
	}
	return n
}

// Files lists the files, sorted.
func (d *Disk) Files() (list []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range d.names {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// Edit changes a file's bytes behind everybody's back.
func (d *Disk) Edit(path string, f func(p []byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.names[path]
	i.data = f(i.data)
	i.durable, i.pending = slices.Clone(i.data), nil
}

// Crash returns what is on the disk after a power cut: each change that was
// not synced is there, is not, or, a write, is there in part.
func (d *Disk) Crash(rnd *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := New()
	for dir := range d.dirs {
		after.dirs[dir] = true
	}
	for name := range union(d.names, d.safe) {
		i := d.safe[name]
		if rnd.IntN(2) == 0 {
			i = d.names[name]
		}
		if i == nil {
			continue
		}
		data := slices.Clone(i.durable)
		for _, w := range i.pending {
			data = w.survive(data, rnd)
		}
		n := &inode{data: data, durable: slices.Clone(data)}
		after.names[name], after.safe[name] = n, n
	}
	return after
}

func (w write) survive(data []byte, rnd *rand.Rand) []byte {
	switch rnd.IntN(3) {
	case 0:
		return data
	case 1:
		return w.apply(data)
	}
	if w.truncate {
		return data
	}
	half := w // a stretch of it; the rest reads as zeros where the file grew
	from := rnd.IntN(len(w.data) + 1)
	to := from + rnd.IntN(len(w.data)-from+1)
	half.off, half.data = w.off+int64(from), w.data[from:to]
	return half.apply(data)
}

func (w write) apply(data []byte) []byte {
	if w.truncate {
		if int64(len(data)) > w.off {
			return data[:w.off]
		}
		return append(data, make([]byte, w.off-int64(len(data)))...)
	}
	if grow := w.off + int64(len(w.data)) - int64(len(data)); grow > 0 {
		data = append(data, make([]byte, grow)...)
	}
	copy(data[w.off:], w.data)
	return data
}

func union(a, b map[string]*inode) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}

// call counts a call and says whether it fails. Called with mu held.
func (d *Disk) call(op, path string) error {
	if op != "short" {
		d.calls++
	}
	if d.fault == nil {
		return nil
	}
	if err := d.fault(Call{d.calls, op, path}); err != nil {
		return &fs.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

// MkdirAll implements vfs.FS.
func (d *Disk) MkdirAll(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("mkdir", dir); err != nil {
		return err
	}
	for ; dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		d.dirs[dir] = true
	}
	return nil
}

// List implements vfs.FS.
func (d *Disk) List(dir string) (names []string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("list", dir); err != nil {
		return nil, err
	}
	if !d.dirs[dir] {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	for path := range d.names {
		if filepath.Dir(path) == dir {
			names = append(names, filepath.Base(path))
		}
	}
	for path := range d.dirs {
		if filepath.Dir(path) == dir && path != dir {
			names = append(names, filepath.Base(path))
		}
	}
	slices.Sort(names)
	return names, nil
}

// Create implements vfs.FS.
func (d *Disk) Create(path string) (vfs.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("create", path); err != nil {
		return nil, err
	}
	if !d.dirs[filepath.Dir(path)] {
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrNotExist}
	}
	if d.names[path] != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	i := &inode{}
	d.names[path] = i
	return &file{d, i, path, false}, nil
}

// Open implements vfs.FS.
func (d *Disk) Open(path string) (vfs.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("open", path); err != nil {
		return nil, err
	}
	i := d.names[path]
	if i == nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &file{d, i, path, false}, nil
}

// Rename implements vfs.FS.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("rename", from); err != nil {
		return err
	}
	if d.names[from] == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	d.names[to] = d.names[from]
	delete(d.names, from)
	return nil
}

// Remove implements vfs.FS.
func (d *Disk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("remove", path); err != nil {
		return err
	}
	if d.names[path] == nil {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	delete(d.names, path)
	return nil
}

// SyncDir implements vfs.FS.
func (d *Disk) SyncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("syncdir", dir); err != nil {
		return err
	}
	for path := range union(d.names, d.safe) {
		if filepath.Dir(path) != dir {
			continue
		}
		if i := d.names[path]; i != nil {
			d.safe[path] = i
		} else {
			delete(d.safe, path)
		}
	}
	return nil
}

// ErrSpace is the error of a full disk.
var ErrSpace error = syscall.ENOSPC
