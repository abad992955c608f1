package deadletter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
)

// Entry is a letter in its place.
type Entry struct {
	Letter
	Segment int `json:"-"`
	Line    int `json:"-"` // in the segment, from 1
}

// Name is what people call the letter by: SEGMENT-LINE. No other letter is
// ever called so.
func (e *Entry) Name() string { return strconv.Itoa(e.Segment) + "-" + strconv.Itoa(e.Line) }

// damaged is the Type of a letter whose line cannot be read.
const damaged = "damaged_line"

// Scan calls f with the letters of a directory that nobody has dealt with, the
// oldest first, until f returns an error, which it returns. It may run beside
// the agent: what comes or goes meanwhile may be missed. A line that cannot be
// read comes as a letter of Type damaged_line with its bytes.
func Scan(dir string, f func(*Entry) error) error {
	segments, _, err := list(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot list dead letters: %w", err)
	}
	for _, n := range segments {
		if _, err := scanSegment(dir, n, f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// scanSegment calls f, if it is not nil, with the letters of one segment that
// nobody has dealt with, and counts them.
func scanSegment(dir string, n int, f func(*Entry) error) (letters int, err error) {
	done, err := readDone(dir, n)
	if err != nil {
		return 0, err
	}
	file, err := os.Open(segmentPath(dir, n))
	if err != nil {
		return 0, fmt.Errorf("cannot read dead letters: %w", err)
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 64<<10)
	for line := 0; ; line++ {
		raw, err := r.ReadBytes('\n')
		if err == io.EOF { // what has no end was not confirmed
			return letters, nil
		}
		if err != nil {
			return letters, fmt.Errorf("cannot read dead letters %s: %w", file.Name(), err)
		}
		if line == 0 {
			if err := checkHeader(raw, format); err != nil {
				return 0, fmt.Errorf("cannot use dead letters %s: %w", file.Name(), err)
			}
			continue
		}
		if done[line] {
			continue
		}
		letters++
		if f == nil {
			continue
		}
		e := &Entry{Segment: n, Line: line}
		if err := json.Unmarshal(raw, &e.Letter); err != nil {
			e.Letter = Letter{Type: damaged, Reason: err.Error(), ItemBytes: bytes.TrimSuffix(raw, []byte("\n"))}
		}
		if err := f(e); err != nil {
			return letters, err
		}
	}
}
