// Package deadletter keeps what a sink refused for good, with its reason, id
// and position.
//
// Promise: when Put returns nil the records are fsynced. A file that was cut
// in the middle of a write loses only what Put had not confirmed. Log content
// is in this file and nowhere else: it is readable by its owner alone.
package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unicode/utf8"

	"sluice/event"
)

// File is the store's file inside its directory.
const File = "dead-letters.ndjson"

// header is the first line: magic and version.
const header = `{"format":"sluice-dead-letters","version":1}` + "\n"

// Letter is one line of the file: an item that a sink refused, or bytes that an
// input could not take apart.
type Letter struct {
	Time      time.Time `json:"time"`           // when it was refused
	Lane      string    `json:"lane,omitempty"` // of a refused item
	Input     string    `json:"input,omitempty"`
	Peer      string    `json:"peer,omitempty"`
	Key       string    `json:"key,omitempty"` // target index or data stream
	Tag       string    `json:"tag,omitempty"`
	ID        string    `json:"id,omitempty"`
	Position  uint64    `json:"position"` // the id's: end offset in the file, or index in the chunk
	Status    int       `json:"status,omitempty"`
	Type      string    `json:"type"`
	Reason    string    `json:"reason"`         // the sink's words
	Item      string    `json:"item,omitempty"` // as it was sent, when it is UTF-8
	ItemBytes []byte    `json:"item_base64,omitempty"`
}

// Store appends letters to one file. Several lanes share it.
type Store struct {
	mu   sync.Mutex
	file *os.File
	size int64 // of what is known to be whole
	buf  bytes.Buffer
}

// Open opens or creates the store in dir (made if missing, 0700).
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make dead-letter directory: %w", err)
	}
	path := filepath.Join(dir, File)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open dead letters: %w", err)
	}
	s := &Store{file: f}
	if err := s.recover(); err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot use dead letters %s: %w", path, err)
	}
	return s, nil
}

// recover writes the header of a new file, and cuts a line off that a crash
// left unfinished. It reads the first line and the end, whatever the size.
func (s *Store) recover() error {
	st, err := s.file.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, min(st.Size(), 4<<10))
	if _, err := s.file.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	first, _, whole := bytes.Cut(head, []byte("\n"))
	if !whole {
		if !bytes.HasPrefix([]byte(header), head) {
			return errors.New("it does not start with a header line: not a dead-letter file; move it away")
		}
		return s.write([]byte(header))
	}
	var h struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(first, &h) != nil || h.Format != "sluice-dead-letters" {
		return errors.New("its first line is not a dead-letter header; move it away")
	}
	if h.Version > 1 {
		return fmt.Errorf("its format is version %d and this program knows up to 1: run the newer program, or move the file away", h.Version)
	}
	if s.size, err = s.wholeLines(st.Size()); err != nil {
		return err
	}
	return s.file.Truncate(s.size)
}

// wholeLines is where the last complete line ends.
func (s *Store) wholeLines(size int64) (int64, error) {
	block := make([]byte, 64<<10)
	for end := size; end > 0; {
		from := max(end-int64(len(block)), 0)
		p := block[:end-from]
		if _, err := s.file.ReadAt(p, from); err != nil && err != io.EOF {
			return 0, err
		}
		if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// write puts p at the end and fsyncs; after an error the next write starts at
// the same place.
func (s *Store) write(p []byte) error {
	if _, err := s.file.WriteAt(p, s.size); err != nil {
		return errors.Join(err, s.file.Truncate(s.size))
	}
	if err := s.file.Sync(); err != nil {
		return errors.Join(err, s.file.Truncate(s.size))
	}
	s.size += int64(len(p))
	return nil
}

// Put implements forwarder.DeadLetters.
func (s *Store) Put(lane string, c *event.Chunk, rejected []event.Rejection) error {
	letters := make([]Letter, 0, len(rejected))
	for _, r := range rejected {
		b, i := c.At(r.Item)
		l := Letter{
			Lane: lane, Key: c.Key, Tag: b.Tag,
			ID: b.IDs[i].String(), Position: b.IDs[i].Position(),
			Status: r.Status, Type: r.Type, Reason: r.Reason,
		}
		if item := b.Item(i); utf8.Valid(item) {
			l.Item = string(item)
		} else {
			l.ItemBytes = item
		}
		letters = append(letters, l)
	}
	return s.put(letters)
}

// PutRaw keeps bytes that an input could not take apart, as they came. kind is
// from a small set; reason may quote them.
func (s *Store) PutRaw(input, peer, tag, kind, reason string, raw []byte) error {
	return s.put([]Letter{{Input: input, Peer: peer, Tag: tag, Type: kind, Reason: reason, ItemBytes: raw}})
}

func (s *Store) put(letters []Letter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Reset()
	enc := json.NewEncoder(&s.buf)
	enc.SetEscapeHTML(false)
	now := time.Now().UTC()
	for i := range letters {
		letters[i].Time = now
		if err := enc.Encode(&letters[i]); err != nil {
			return fmt.Errorf("cannot encode dead letter: %w", err)
		}
	}
	if err := s.write(s.buf.Bytes()); err != nil {
		return fmt.Errorf("cannot write dead letters: %w", err)
	}
	return nil
}

// Close closes the file. Put must not be called any more.
func (s *Store) Close() error { return s.file.Close() }
