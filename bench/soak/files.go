package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"sluice/bench/mark"
)

// files writes numbered lines into container files as the kubelet lays them
// out, rotates them by rename, and removes what was rotated once the agent has
// saved that it is through with it: so each line is in its account.
type files struct {
	rnd   *rand.Rand
	saved func() (map[string]int64, error) // positions, by path, behind which the agent never goes again
	logs  []*logFile
	made  atomic.Int64
	buf   []byte
	now   time.Time // of the latest line: no two have the same

	rotations int // of a storm
}

// logFile is one container's log.
type logFile struct {
	stream  int
	path    string
	file    *os.File
	seq     int64     // of the latest line
	bytes   int       // of the present file
	rotated []string  // paths, oldest first
	stamp   time.Time // of the latest of them

	turned []generation // in a storm, oldest first
	open   bool         // a line's end is still to come
}

const (
	lineText  = " of the soak test, with some text to fill it up to the length of a line\n"
	maxInFile = 512 << 10 // bytes at which a file is rotated, at most
)

// newFiles makes n empty files, streams from first on, and the links to them
// in dir/containers.
func newFiles(dir string, n, first int, rnd *rand.Rand) (*files, error) {
	f := &files{rnd: rnd}
	if err := os.MkdirAll(filepath.Join(dir, "containers"), 0o755); err != nil {
		return nil, err
	}
	for i := range n {
		pod := filepath.Join(dir, "pods", fmt.Sprintf("shop_web-%d_00000000-0000-4000-8000-%012d", i, i), "app")
		if err := os.MkdirAll(pod, 0o755); err != nil {
			return nil, err
		}
		l := &logFile{stream: first + i, path: filepath.Join(pod, "0.log")}
		f.logs = append(f.logs, l)
		var err error
		if l.file, err = os.Create(l.path); err != nil {
			f.close()
			return nil, err
		}
		link := filepath.Join(dir, "containers", fmt.Sprintf("web-%d_shop_app-%064x.log", i, i))
		if err := os.Symlink(l.path, link); err != nil {
			f.close()
			return nil, err
		}
	}
	return f, nil
}

func (f *files) close() {
	for _, l := range f.logs {
		if l.file != nil {
			l.file.Close()
		}
	}
}

// write writes rate() lines a second until stop is closed or ctx ends. While
// more than behind lines are not stored yet it waits, so that a slow machine
// has no more work than it can do.
func (f *files) write(ctx context.Context, stop <-chan struct{}, rate func() int, behind int64, stored func() int64) error {
	const every = 5 * time.Millisecond
	t := time.NewTicker(every)
	defer t.Stop()
	due := 0.0
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stop:
			return nil
		case <-t.C:
		}
		now := float64(rate())
		due = min(due+now*every.Seconds(), now/10)
		for due >= 1 && f.made.Load()-stored() < behind {
			n := min(int(due), 1+f.rnd.IntN(50))
			if err := f.piece(f.logs[f.rnd.IntN(len(f.logs))], n); err != nil {
				return err
			}
			due -= float64(n)
		}
	}
}

// piece writes n lines to a file, in two writes that may part in the middle of
// a line, and rotates it now and then.
func (f *files) piece(l *logFile, n int) error {
	f.buf = f.buf[:0]
	for range n {
		if f.now = f.now.Add(1); f.now.Before(time.Now()) {
			f.now = time.Now()
		}
		l.seq++
		f.buf = f.now.UTC().AppendFormat(f.buf, "2006-01-02T15:04:05.000000000Z07:00")
		f.buf = append(f.buf, " stdout F line "...)
		f.buf = append(mark.Append(f.buf, mark.Mark{Stream: l.stream, Seq: l.seq}), lineText...)
	}
	at := f.rnd.IntN(len(f.buf))
	for _, part := range [][]byte{f.buf[:at], f.buf[at:]} {
		if _, err := l.file.Write(part); err != nil {
			return fmt.Errorf("cannot write container log: %w", err)
		}
	}
	f.made.Add(int64(n))
	if l.bytes += len(f.buf); l.bytes > maxInFile/4 && f.rnd.IntN(maxInFile) < len(f.buf)*4 || l.bytes > maxInFile {
		return f.rotate(l)
	}
	return nil
}

// rotate renames the file as the kubelet does and begins a new one.
func (f *files) rotate(l *logFile) error {
	if err := l.file.Close(); err != nil {
		return err
	}
	// The kubelet's names are by the second. Ours come faster, and none comes twice.
	if l.stamp = l.stamp.Add(time.Second); l.stamp.Before(f.now) {
		l.stamp = f.now
	}
	aside := l.path + l.stamp.UTC().Format(".20060102-150405")
	if err := os.Rename(l.path, aside); err != nil {
		return err
	}
	l.rotated, l.bytes = append(l.rotated, aside), 0
	if len(l.rotated) > 2 {
		if err := f.tidy(l); err != nil {
			return err
		}
	}
	var err error
	l.file, err = os.Create(l.path)
	return err
}

// tidy removes rotated files of which the agent has saved that all is answered
// for.
func (f *files) tidy(l *logFile) error {
	positions, err := f.saved()
	if err != nil {
		return err
	}
	for len(l.rotated) > 0 {
		st, err := os.Stat(l.rotated[0])
		if err != nil {
			return err
		}
		if positions[l.rotated[0]] < st.Size() {
			return nil
		}
		if err := os.Remove(l.rotated[0]); err != nil {
			return err
		}
		l.rotated = l.rotated[1:]
	}
	return nil
}

// lines are how many lines each stream got, by its number.
func (f *files) lines(into []int64) {
	for _, l := range f.logs {
		into[l.stream] = l.seq
	}
}
