package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// doneFormat is in the first line of a done file; every further line is a JSON
// array of the lines of its segment that are done with.
const (
	doneFormat = "sluice-dead-letters-done"
	doneHeader = `{"format":"` + doneFormat + `","version":1}` + "\n"
)

// readDone returns the lines of a segment that are done with.
func readDone(dir string, n int) (map[int]bool, error) {
	raw, err := os.ReadFile(donePath(dir, n))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read which dead letters are done: %w", err)
	}
	done := map[int]bool{}
	first := true
	for line := range bytes.Lines(raw) {
		if line[len(line)-1] != '\n' { // not finished: whoever wrote it was not told that it is safe
			break
		}
		if first {
			if err := checkHeader(line, doneFormat); err != nil {
				return nil, fmt.Errorf("cannot use %s: %w", donePath(dir, n), err)
			}
			first = false
			continue
		}
		var lines []int
		if json.Unmarshal(line, &lines) != nil {
			continue // a line that a crash cut: the letters are still there
		}
		for _, l := range lines {
			done[l] = true
		}
	}
	return done, nil
}

// Remove says that the letters are done with: they are not listed any more,
// and their segment goes when all in it are. It may run beside the agent, and
// beside itself. When it returns nil that is fsynced.
func Remove(dir string, entries []*Entry) error {
	lines := map[int][]int{}
	for _, e := range entries {
		lines[e.Segment] = append(lines[e.Segment], e.Line)
	}
	for _, n := range slices.Sorted(maps.Keys(lines)) {
		if err := markDone(dir, n, lines[n]); err != nil {
			return fmt.Errorf("cannot remove dead letters: %w", err)
		}
	}
	return nil
}

func markDone(dir string, n int, lines []int) (err error) {
	f, err := os.OpenFile(donePath(dir, n), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil { // until it is closed
		return err
	}
	st, err := f.Stat()
	if err != nil {
		return err
	}
	var out []byte
	if st.Size() < int64(len(doneHeader)) { // new, or cut in its header
		if err := f.Truncate(0); err != nil {
			return err
		}
		out = append(out, doneHeader...)
	} else {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, st.Size()-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			out = append(out, '\n')
		}
	}
	text, err := json.Marshal(lines)
	if err != nil {
		return err
	}
	out = append(append(out, text...), '\n')
	if _, err := f.Write(out); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(dir)
}
