// Package vfs is the seam between the disk buffer and the file system: what
// the buffer asks of it, and the real one. Package vfstest has one that fails
// and loses power.
//
// Promise: nothing is hidden or retried here. After Sync returned nil a file's
// bytes survive a power cut, and after SyncDir returned nil so does its name.
package vfs

import (
	"errors"
	"io"
	"os"
)

// FS is a file system. Errors are those of package os.
type FS interface {
	// MkdirAll makes a directory that only its owner may enter (0700).
	MkdirAll(dir string) error
	// List returns the names in a directory, sorted.
	List(dir string) ([]string, error)
	// Create makes a new file that only its owner may read (0600); it is an
	// error if it is there.
	Create(path string) (File, error)
	// Open opens a file for reading, and for writing if that is possible.
	Open(path string) (File, error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
	Size() (int64, error)
}

// OS is the real file system.
type OS struct{}

// MkdirAll implements FS.
func (OS) MkdirAll(dir string) error { return os.MkdirAll(dir, 0o700) }

// List implements FS.
func (OS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// Create implements FS.
func (OS) Create(path string) (File, error) {
	return open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

// Open implements FS.
func (OS) Open(path string) (File, error) {
	f, err := open(path, os.O_RDWR)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // a read-only mount, or another's file
		return open(path, os.O_RDONLY)
	}
	return f, err
}

func open(path string, flag int) (File, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err // not f: a nil *os.File would be a File that is not nil
	}
	return osFile{f}, nil
}

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (OS) Remove(path string) error { return os.Remove(path) }

// SyncDir implements FS.
func (OS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}
