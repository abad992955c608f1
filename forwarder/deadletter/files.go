package deadletter

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Files of the directory. A segment is called by its number. The first format
// had one file, which is read as number 0 and written no more.
const (
	segmentEnd = ".ndjson"
	doneEnd    = ".done"
	firstFile  = "dead-letters.ndjson"
)

// Dir is where the dead letters of a data directory are.
func Dir(data string) string { return filepath.Join(data, "dead-letters") }

func segmentPath(dir string, n int) string {
	if n == 0 {
		return filepath.Join(dir, firstFile)
	}
	return numbered(dir, n, segmentEnd)
}

func donePath(dir string, n int) string { return numbered(dir, n, doneEnd) }

func numbered(dir string, n int, end string) string {
	digits := strconv.Itoa(n)
	return filepath.Join(dir, strings.Repeat("0", max(8-len(digits), 0))+digits+end)
}

// list returns the numbers of the segments and of the done files, ascending.
func list(dir string) (segments, done []int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if e.Name() == firstFile {
			segments = append(segments, 0)
			continue
		}
		end := filepath.Ext(e.Name())
		n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), end))
		switch {
		case err != nil || n < 0:
		case end == segmentEnd && n > 0:
			segments = append(segments, n)
		case end == doneEnd:
			done = append(done, n)
		}
	}
	slices.Sort(segments)
	slices.Sort(done)
	return segments, done, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// recoverSegment judges a segment and cuts off a line that a crash left
// unfinished; size is then the file's. It reads the first line and the end,
// whatever the size. empty: there is not even a whole header.
func recoverSegment(f *os.File) (size int64, empty bool, err error) {
	st, err := f.Stat()
	if err != nil {
		return 0, false, err
	}
	head := make([]byte, min(st.Size(), 4<<10))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return 0, false, err
	}
	first, _, whole := bytes.Cut(head, []byte("\n"))
	if !whole {
		if !bytes.HasPrefix([]byte(header), head) {
			return 0, false, errors.New("it does not start with a header line: not a dead-letter file; move it away")
		}
		return 0, true, nil
	}
	if err := checkHeader(first, format); err != nil {
		return 0, false, err
	}
	if size, err = wholeLines(f, st.Size()); err != nil {
		return 0, false, err
	}
	if size == st.Size() {
		return size, false, nil
	}
	return size, false, f.Truncate(size)
}

// wholeLines is where the last complete line ends.
func wholeLines(f *os.File, size int64) (int64, error) {
	block := make([]byte, 64<<10)
	for end := size; end > 0; {
		from := max(end-int64(len(block)), 0)
		p := block[:end-from]
		if _, err := f.ReadAt(p, from); err != nil && err != io.EOF {
			return 0, err
		}
		if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}
