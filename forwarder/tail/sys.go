package tail

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// fileID is what a file is called below its names.
type fileID struct{ dev, ino uint64 }

// stat is what matters of a file's status.
type stat struct {
	id    fileID
	size  int64
	mtime int64 // Unix nanoseconds
	links uint64
}

func statOf(st *unix.Stat_t) stat {
	return stat{fileID{uint64(st.Dev), st.Ino}, st.Size, st.Mtim.Nano(), uint64(st.Nlink)}
}

// age is how long ago, by the wall clock, it was written to. What was written
// after now was written before somebody set the clock back: it is old as well.
func (s stat) age(now time.Time) time.Duration { return now.Sub(time.Unix(0, s.mtime)).Abs() }

// statPath follows links.
func statPath(path string) (stat, error) {
	var st unix.Stat_t
	for {
		switch err := unix.Stat(path, &st); err {
		case unix.EINTR:
		case nil:
			if st.Mode&unix.S_IFMT != unix.S_IFREG {
				return stat{}, errNotRegular
			}
			return statOf(&st), nil
		default:
			return stat{}, err
		}
	}
}

// statDir is the status of a directory.
func statDir(path string) (stat, error) {
	var st unix.Stat_t
	for {
		if err := unix.Stat(path, &st); err != unix.EINTR {
			return statOf(&st), err
		}
	}
}

var errNotRegular = fmt.Errorf("it is not a regular file")

func statFD(fd int) (stat, error) {
	var st unix.Stat_t
	for {
		if err := unix.Fstat(fd, &st); err != unix.EINTR {
			return statOf(&st), err
		}
	}
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
