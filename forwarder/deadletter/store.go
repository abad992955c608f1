package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"sluice/event"
)

// Config is the section dead_letters of the settings.
type Config struct {
	DiskLimit      int64  `conf:"disk_limit,size"`                         // bytes of all segments
	OverflowAction string `conf:"overflow_action,oneof=block|drop_oldest"` // when they are reached
}

// DefaultConfig blocks at 1 GiB.
func DefaultConfig() Config { return Config{DiskLimit: 1 << 30, OverflowAction: "block"} }

// A segment is closed at a sixteenth of the limit, within these bounds: bytes.
const (
	minSegment = 64 << 10
	maxSegment = 8 << 20
)

// Store appends letters to the newest segment. Several lanes share it.
type Store struct {
	dir string
	cfg Config
	log *slog.Logger

	mu       sync.Mutex
	segments []segment // ascending by number; the last may be open
	file     *os.File  // of the last segment; nil: the next Put begins one
	next     int       // number of the next segment
	used     int64
	written  int64 // letters
	dropped  int64 // letters, by drop_oldest
	buf      bytes.Buffer
}

// segment is one file as the store knows it.
type segment struct {
	n        int
	size     int64
	doneSize int64 // of its done file when it was last found not to be finished
}

// Open opens or creates the store in dir (made if missing, 0700). A file that
// is not ours, or of a newer format, is an error.
func Open(dir string, cfg Config, log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make dead-letter directory: %w", err)
	}
	segments, done, err := list(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list dead letters: %w", err)
	}
	s := &Store{dir: dir, cfg: cfg, log: log, next: 1}
	for i, n := range segments {
		if err := s.adopt(n, i == len(segments)-1); err != nil {
			s.Close()
			return nil, fmt.Errorf("cannot use dead letters %s: %w", segmentPath(dir, n), err)
		}
		s.next = n + 1
	}
	if len(done) > 0 {
		s.next = max(s.next, done[len(done)-1]+1)
	}
	s.orphans(done)
	s.sweep()
	return s, nil
}

// adopt takes a segment in; the last one stays open if it has room.
func (s *Store) adopt(n int, last bool) error {
	f, err := os.OpenFile(segmentPath(s.dir, n), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	size, empty, err := recoverSegment(f)
	switch {
	case err != nil:
	case empty:
		return errors.Join(f.Close(), os.Remove(segmentPath(s.dir, n)))
	default:
		s.segments = append(s.segments, segment{n: n, size: size})
		s.used += size
		if last && n > 0 && size < s.most() {
			s.file = f
			return nil
		}
	}
	return errors.Join(err, f.Close())
}

// most is the size at which a segment is closed.
func (s *Store) most() int64 { return min(max(s.cfg.DiskLimit/16, minSegment), maxSegment) }

// Put implements forwarder.DeadLetters.
func (s *Store) Put(lane string, c *event.Chunk, rejected []event.Rejection) error {
	letters := make([]Letter, 0, len(rejected))
	for i := range rejected {
		letters = append(letters, refused(lane, c, &rejected[i]))
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
	if err := s.room(int64(s.buf.Len())); err != nil {
		return err
	}
	if err := s.write(s.buf.Bytes()); err != nil {
		return fmt.Errorf("cannot write dead letters: %w", err)
	}
	s.written += int64(len(letters))
	return nil
}

// write puts p at the end of the open segment, or of a new one, and fsyncs.
// After an error nothing more is written to that segment: what the disk has of
// it is not known, and the number of a line, by which others may have called
// it, must not come to mean another letter.
func (s *Store) write(p []byte) error {
	if s.file == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	last := &s.segments[len(s.segments)-1]
	_, err := s.file.WriteAt(p, last.size)
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		nothing := last.size == int64(len(header))
		s.end()
		if nothing {
			err = errors.Join(err, s.remove(len(s.segments)-1))
		}
		return err
	}
	last.size += int64(len(p))
	s.used += int64(len(p))
	if last.size >= s.most() {
		s.end()
	}
	return nil
}

// begin makes the next segment, with its header fsynced.
func (s *Store) begin() error {
	path := segmentPath(s.dir, s.next)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(header)
	if err = errors.Join(err, f.Sync(), syncDir(s.dir)); err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	s.file = f
	s.segments = append(s.segments, segment{n: s.next, size: int64(len(header))})
	s.used += int64(len(header))
	s.next++
	return nil
}

// end closes the open segment, if there is one.
func (s *Store) end() {
	if s.file != nil {
		s.file.Close() // what was confirmed has been fsynced
		s.file = nil
	}
}

// Stats are the bytes on disk, the letters written by this process and those
// that drop_oldest removed.
func (s *Store) Stats() (bytes, written, dropped int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used, s.written, s.dropped
}

// Close closes the open segment. Put must not be called any more.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
	return nil
}
