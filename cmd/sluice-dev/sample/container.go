package sample

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// maxPiece is how many bytes of a line containerd writes as one CRI line; a
// longer line becomes pieces marked P and a last one marked F.
const maxPiece = 16 << 10

// pod names a container as the kubelet does.
type pod struct{ namespace, name, uid, container, id string }

// container is the log of one container:
//
//	<dir>/pods/<namespace>_<pod>_<uid>/<container>/0.log
//	<dir>/containers/<pod>_<namespace>_<container>-<id>.log -> that file
//
// with the rotation of the kubelet's container log manager: the file is renamed
// to 0.log.YYYYMMDD-HHMMSS and a new one is opened.
type container struct {
	path        string
	file        *os.File
	size, limit int64
	keep        int // rotated files
	buf         []byte
}

func openContainer(dir string, p pod, limit int64, keep int) (*container, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot find the sample's folder: %w", err)
	}
	logs := filepath.Join(dir, "pods", p.namespace+"_"+p.name+"_"+p.uid, p.container)
	links := filepath.Join(dir, "containers")
	for _, d := range []string{logs, links} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("cannot make the sample's folder: %w", err)
		}
	}
	c := &container{path: filepath.Join(logs, "0.log"), limit: limit, keep: keep}
	if err := c.open(); err != nil {
		return nil, err
	}
	link := filepath.Join(links, fmt.Sprintf("%s_%s_%s-%s.log", p.name, p.namespace, p.container, p.id))
	if err := os.Symlink(c.path, link); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(fmt.Errorf("cannot link the sample's log: %w", err), c.close())
	}
	return c, nil
}

func (c *container) open() error {
	f, err := os.OpenFile(c.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open the sample's log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("cannot read the size of the sample's log: %w", err), f.Close())
	}
	c.file, c.size = f, info.Size()
	return nil
}

func (c *container) close() error { return c.file.Close() }

// write writes one line of the application as CRI lines, and rotates first when
// the file is full.
func (c *container) write(t time.Time, stream string, line []byte) error {
	if c.size >= c.limit {
		if err := c.rotate(t); err != nil {
			return err
		}
	}
	c.buf = appendCRI(c.buf[:0], t, stream, line)
	n, err := c.file.Write(c.buf)
	c.size += int64(n)
	if err != nil {
		return fmt.Errorf("cannot write the sample's log: %w", err)
	}
	return nil
}

// appendCRI writes a line in the CRI's format: time, stream, P or F, text.
func appendCRI(dst []byte, t time.Time, stream string, line []byte) []byte {
	for {
		piece, mark := line, " F "
		if len(line) > maxPiece {
			piece, mark = line[:maxPiece], " P "
		}
		dst = t.UTC().AppendFormat(dst, time.RFC3339Nano)
		dst = append(dst, ' ')
		dst = append(dst, stream...)
		dst = append(dst, mark...)
		dst = append(append(dst, piece...), '\n')
		if line = line[len(piece):]; len(line) == 0 {
			return dst
		}
	}
}

// rotate renames the file and opens a new one. Twice in one second would
// overwrite the first; the file then grows until the next second.
func (c *container) rotate(t time.Time) error {
	name := c.path + "." + t.Format("20060102-150405")
	if _, err := os.Lstat(name); err == nil {
		return nil
	}
	if err := os.Rename(c.path, name); err != nil {
		return fmt.Errorf("cannot rotate the sample's log: %w", err)
	}
	err := c.close()
	if err := errors.Join(err, c.open()); err != nil {
		return err
	}
	old, err := filepath.Glob(c.path + ".*")
	if err != nil {
		return fmt.Errorf("cannot list the rotated logs: %w", err)
	}
	slices.Sort(old)
	for ; len(old) > c.keep; old = old[1:] {
		if err := os.Remove(old[0]); err != nil {
			return fmt.Errorf("cannot remove a rotated log: %w", err)
		}
	}
	return nil
}
