package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sluice/event"
)

// output is one file.
type output struct {
	key string // its path, with the place for the number

	mu   sync.Mutex
	path string // empty: it was not opened yet
	f    *os.File
}

// name is the file's path, once it was written to.
func (o *output) name() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.path
}

func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f != nil {
		o.f.Close() // fsynced
		o.f = nil
	}
}

// write appends the chunk and fsyncs. Where that fails nothing of it stays.
func (o *output) write(c *event.Chunk, toExisting bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.open(toExisting); err != nil {
		return err
	}
	info, err := o.f.Stat()
	if err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	if err = o.append(c); err == nil {
		err = o.f.Sync()
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("cannot write %s: %w", o.path, err)
	if back := o.f.Truncate(info.Size()); back != nil {
		err = errors.Join(err, fmt.Errorf("and cannot take it back: %w", back))
	}
	o.f.Close() // after a failed fsync it is not to be trusted
	o.f = nil
	return err
}

func (o *output) append(c *event.Chunk) error {
	if c.Wire != nil {
		_, err := o.f.Write(c.Wire)
		return err
	}
	for _, b := range c.Blocks {
		if _, err := o.f.Write(b.Body); err != nil {
			return err
		}
	}
	return nil
}

// open opens the file, if it is not open, or if another stands in its place:
// somebody rotates files.
func (o *output) open(toExisting bool) (err error) {
	if o.f != nil {
		now, err := os.Stat(o.path)
		mine, mineErr := o.f.Stat()
		if err == nil && mineErr == nil && os.SameFile(now, mine) {
			return nil
		}
		o.f.Close()
		o.f = nil
	}
	path := o.path
	numbered := path == "" && !toExisting && strings.Contains(o.key, index)
	if path == "" {
		path = o.key
	}
	for n := 0; ; n++ {
		name := path
		if numbered {
			name = strings.Replace(path, index, "_"+strconv.Itoa(n), 1)
		}
		if o.f, err = create(name, numbered); !numbered || !errors.Is(err, os.ErrExist) {
			path = name
			break
		}
	}
	if err != nil {
		return fmt.Errorf("cannot open: %w", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		o.f.Close()
		o.f = nil
		return err
	}
	o.path = path
	return nil
}

// create opens a file to append to; fresh: it must not be there yet.
func create(name string, fresh bool) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	flags := os.O_WRONLY | os.O_APPEND | os.O_CREATE
	if fresh {
		flags |= os.O_EXCL
	}
	f, err := os.OpenFile(name, flags, 0o644)
	if err != nil {
		return nil, err // not a nil *os.File in f
	}
	return f, nil
}

// syncDir makes a file's name as safe as its content.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("cannot open the directory: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("cannot fsync the directory %s: %w", dir, err)
	}
	return nil
}

// pack compresses the chunk as one member or frame: any number of them is one
// file.
func pack(kind string, c *event.Chunk) ([]byte, error) {
	var out bytes.Buffer
	var w io.WriteCloser
	if kind == "zstd" {
		z, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		w = z
	} else {
		w = gzip.NewWriter(&out)
	}
	for _, b := range c.Blocks {
		if _, err := w.Write(b.Body); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
