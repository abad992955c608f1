// Package checkpoint keeps positions over restarts: one compact file.
//
// Promise: after Save returned nil the positions survive a power cut. After an
// error, or a crash at any moment, the file still holds the positions of the
// last Save that succeeded: it is only ever replaced, by rename, with a
// complete one that was fsynced. A file that is damaged all the same is set
// aside, never trusted and never deleted.
package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
)

// Name is the file's name in the data directory.
const Name = "checkpoints"

// Store holds the entries in memory; Save writes them. A key is written by one
// owner; Get, Set, Delete and Range may be called from any goroutine.
type Store struct {
	dir  string
	fs   files
	mu   sync.Mutex
	data map[string][]byte
	keys []string // of data, in order; nil: not known
	// dirty: something changed since the last image that was saved, or is being saved.
	dirty bool

	taken uint64 // images

	saving  sync.Mutex // one write at a time
	written uint64     // the newest image on disk, under saving
}

// Open reads the store of a data directory. aside names the file that a
// damaged one was moved to, for the caller to report; then the store is empty,
// sources read again from where they would without a checkpoint, and ids that
// depend on the source alone make that harmless. A file of a newer format is
// an error.
func Open(dir string) (s *Store, aside string, err error) { return open(dir, osFiles{}) }

func open(dir string, f files) (*Store, string, error) {
	s := &Store{dir: dir, fs: f, data: map[string][]byte{}}
	path := filepath.Join(dir, Name)
	raw, err := f.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, "", nil
	case err != nil:
		return nil, "", fmt.Errorf("cannot read checkpoint: %w", err)
	}
	data, err := decode(raw)
	switch {
	case errors.Is(err, errDamaged):
		aside := fmt.Sprintf("%s.damaged-%08x", path, sum(raw))
		if err := f.Rename(path, aside); err != nil {
			return nil, "", fmt.Errorf("cannot set damaged checkpoint aside: %w", err)
		}
		return s, aside, nil
	case err != nil:
		return nil, "", fmt.Errorf("cannot use checkpoint %s: %w", path, err)
	}
	s.data = data
	return s, "", nil
}

// Get returns a key's value; the caller must not change it.
func (s *Store) Get(key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.data[key]
	return v, ok
}

// Set keeps a value, which the caller must not change afterwards.
func (s *Store) Set(key string, val []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.data[key]; !ok || !bytes.Equal(old, val) {
		s.data[key] = val
		s.dirty = true
		if !ok {
			s.keys = nil
		}
	}
}

// Delete forgets a key.
func (s *Store) Delete(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.data[key]; ok {
		delete(s.data, key)
		s.dirty, s.keys = true, nil
	}
}

// Range calls f for each entry, on a copy of the list, until it returns false.
func (s *Store) Range(f func(key string, val []byte) bool) {
	s.mu.Lock()
	type entry struct {
		k string
		v []byte
	}
	all := make([]entry, 0, len(s.data))
	for k, v := range s.data {
		all = append(all, entry{k, v})
	}
	s.mu.Unlock()
	for _, e := range all {
		if !f(e.k, e.v) {
			return
		}
	}
}

// Save makes what was Set so far durable. It writes nothing when nothing
// changed. After an error it may be called again.
func (s *Store) Save() error { return s.Take()() }

// Take takes an image of what was Set so far, at one moment, and returns what
// makes that durable, as Save does.
func (s *Store) Take() (save func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dirty {
		return func() error { return nil }
	}
	s.dirty = false
	s.taken++
	if s.keys == nil {
		s.keys = sorted(s.data)
	}
	n, image := s.taken, encode(s.keys, s.data)
	return func() error { return s.write(n, image) }
}

// write replaces the file by the n-th image, unless a later one is there.
func (s *Store) write(n uint64, image []byte) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	if n <= s.written {
		return nil
	}
	if err := s.replace(image); err != nil {
		s.mu.Lock()
		s.dirty = true
		s.mu.Unlock()
		return fmt.Errorf("cannot save checkpoint: %w", err)
	}
	s.written = n
	return nil
}

func (s *Store) replace(image []byte) error {
	path := filepath.Join(s.dir, Name)
	tmp := path + ".tmp"
	if err := s.fs.WriteSynced(tmp, image); err != nil {
		return err
	}
	if err := s.fs.Rename(tmp, path); err != nil {
		return err
	}
	return s.fs.SyncDir(s.dir)
}
