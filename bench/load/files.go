package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"sluice/bench/mark"
)

// FilesConfig says what container files to write.
type FilesConfig struct {
	Dir    string // gets a directory for each container, as /var/log/pods
	Files  int    // each is a stream
	Lines  int64  // in all files together
	Size   int    // bytes of a message, about
	Rate   int    // lines a second in all files together; 0: as fast as possible
	Stream int    // number of the first stream
	Seed   uint64
}

// Container is what names a container, and by that its files.
type Container struct{ Namespace, Pod, UID, Name, ID string }

// Containers are the containers of the files: equal seeds make equal names.
func Containers(n int, seed uint64) []Container {
	list := make([]Container, n)
	names := rand.New(rand.NewPCG(seed, 0x11a3e5))
	for i := range list {
		list[i] = Container{
			Namespace: "default", Name: "app",
			Pod: fmt.Sprintf("web-%010x-%05x", names.Uint64()>>24, names.Uint32()>>12),
			UID: fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", names.Uint32(), names.Uint32()>>16, names.Uint32()>>20, names.Uint32()>>20, names.Uint64()>>16),
			ID:  fmt.Sprintf("%016x%016x%016x%016x", names.Uint64(), names.Uint64(), names.Uint64(), names.Uint64()),
		}
	}
	return list
}

// Link is the name of the link to the container's file.
func (c Container) Link() string {
	return c.Pod + "_" + c.Namespace + "_" + c.Name + "-" + c.ID + ".log"
}

// Files are the container files of one run.
type Files struct {
	cfg      FilesConfig
	logs     []logFile
	next     int   // which file has the next line
	bytes    int64 // written so far, also what is still buffered
	progress func(lines int64)
}

// logFile is one container's file.
type logFile struct {
	stream int
	file   *os.File
	link   string // its name
	text   *Text
	seq    int64
	buf    []byte
	at     time.Time // of the latest line
}

// NewFiles makes the empty files. An agent sees them after Link.
// progress, if not nil, is told the lines written so far, now and then.
func NewFiles(cfg FilesConfig, progress func(lines int64)) (*Files, error) {
	if cfg.Files < 1 || cfg.Stream+cfg.Files > mark.MaxStreams {
		return nil, fmt.Errorf("cannot write %d files: want 1 to %d", cfg.Files, mark.MaxStreams-cfg.Stream)
	}
	if progress == nil {
		progress = func(int64) {}
	}
	f := &Files{cfg: cfg, progress: progress}
	for i, c := range Containers(cfg.Files, cfg.Seed) {
		dir := filepath.Join(cfg.Dir, c.Namespace+"_"+c.Pod+"_"+c.UID, c.Name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		file, err := os.OpenFile(filepath.Join(dir, "0.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
		if err != nil {
			f.Close()
			return nil, err
		}
		f.logs = append(f.logs, logFile{
			stream: cfg.Stream + i, file: file, text: NewText(cfg.Seed+uint64(i), cfg.Size),
			link: c.Link(),
		})
	}
	return f, nil
}

// Link puts the symbolic links to the files into dir, where an agent looks,
// and makes dir if need be.
func (f *Files) Link(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range f.logs {
		target, err := filepath.Abs(f.logs[i].file.Name())
		if err != nil {
			return err
		}
		if err := os.Symlink(target, filepath.Join(dir, f.logs[i].link)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return nil
}

// Write writes the lines, to one file after the other a line, until all are
// there or ctx ends.
//
// At a rate each line is a write of its own, as a container runtime's is, and
// has the time at which it was written. Without one, lines are written in
// blocks and their times are 50 µs apart, the last one's being now.
func (f *Files) Write(ctx context.Context) error {
	const apart = 50 * time.Microsecond
	written, line := int64(0), time.Now().Add(-time.Duration(f.cfg.Lines)*apart)
	err := pace(ctx, nil, f.cfg.Rate, f.cfg.Lines, func(n int64) error {
		for range n {
			l := &f.logs[f.next]
			f.next = (f.next + 1) % len(f.logs)
			if line = line.Add(apart); f.cfg.Rate > 0 {
				line = time.Now()
			}
			f.bytes += l.append(line)
			if f.cfg.Rate > 0 || len(l.buf) >= 256<<10 {
				if err := l.flush(); err != nil {
					return err
				}
			}
		}
		written += n
		f.progress(written)
		return nil
	})
	for i := range f.logs {
		if e := f.logs[i].flush(); err == nil {
			err = e
		}
	}
	return err
}

// append appends a line and returns its length.
func (l *logFile) append(at time.Time) int64 {
	if !at.After(l.at) { // no two lines of a file have the same time
		at = l.at.Add(1)
	}
	l.at = at
	l.seq++
	start := len(l.buf)
	l.buf = at.UTC().AppendFormat(l.buf, "2006-01-02T15:04:05.000000000Z07:00")
	if l.seq%5 == 0 {
		l.buf = append(l.buf, " stderr F "...)
	} else {
		l.buf = append(l.buf, " stdout F "...)
	}
	l.buf = append(l.text.Append(l.buf, mark.Mark{Stream: l.stream, Seq: l.seq}), '\n')
	return int64(len(l.buf) - start)
}

func (l *logFile) flush() error {
	if _, err := l.file.Write(l.buf); err != nil {
		return fmt.Errorf("cannot write container log: %w", err)
	}
	l.buf = l.buf[:0]
	return nil
}

// Made is how many lines each stream got, by its number.
func (f *Files) Made() []int64 {
	made := make([]int64, f.cfg.Stream+len(f.logs))
	for i := range f.logs {
		made[f.cfg.Stream+i] = f.logs[i].seq
	}
	return made
}

// Bytes is how many bytes the lines have, with their line ends.
func (f *Files) Bytes() int64 { return f.bytes }

// Close closes the files.
func (f *Files) Close() error {
	var first error
	for i := range f.logs {
		if err := f.logs[i].file.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
