package tail

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// fileID is what a file is called below its names. An inode's number is given
// away again; together with the time at which the file was made it is not.
type fileID struct {
	dev, ino uint64
	birth    int64 // Unix nanoseconds; 0: the file system does not tell
}

// stat is what matters of a file's status.
type stat struct {
	id    fileID
	size  int64
	mtime int64 // Unix nanoseconds
	links uint32
}

// age is how long ago, by the wall clock, it was written to. What was written
// after now was written before somebody set the clock back: it is old as well.
func (s stat) age(now time.Time) time.Duration { return now.Sub(time.Unix(0, s.mtime)).Abs() }

var errNotRegular = fmt.Errorf("it is not a regular file")

// statPath follows links.
func statPath(path string) (stat, error) {
	st, mode, err := statAt(unix.AT_FDCWD, path, 0)
	if err == nil && mode&unix.S_IFMT != unix.S_IFREG {
		return stat{}, errNotRegular
	}
	return st, err
}

// statDir is the status of a directory.
func statDir(path string) (stat, error) {
	st, _, err := statAt(unix.AT_FDCWD, path, 0)
	return st, err
}

func statFD(fd int) (stat, error) {
	st, _, err := statAt(fd, "", unix.AT_EMPTY_PATH)
	return st, err
}

func statAt(dir int, path string, flags int) (st stat, mode uint16, err error) {
	var x unix.Statx_t
	for {
		if err = unix.Statx(dir, path, flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &x); err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return stat{}, 0, err
	}
	nanos := func(t unix.StatxTimestamp) int64 { return t.Sec*1e9 + int64(t.Nsec) }
	id := fileID{dev: unix.Mkdev(x.Dev_major, x.Dev_minor), ino: x.Ino}
	if x.Mask&unix.STATX_BTIME != 0 {
		id.birth = nanos(x.Btime)
	}
	return stat{id, int64(x.Size), nanos(x.Mtime), x.Nlink}, x.Mode, nil
}

// openFile opens for reading, and never waits: what a path names may have
// become a pipe since it was looked at.
func openFile(path string) (fd int, err error) {
	for {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// pread fills p from off as far as the file goes.
func pread(fd int, p []byte, off int64) (n int, err error) {
	for n < len(p) {
		m, err := unix.Pread(fd, p[n:], off+int64(n))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return n, err
		case m == 0:
			return n, nil
		default:
			n += m
		}
	}
	return n, nil
}

// fdPath names an open file, whatever became of its own names.
func fdPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }
