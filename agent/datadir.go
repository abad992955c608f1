package agent

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"sluice/forwarder/buffer/vfs"
)

// dataDir is a data directory that this process holds until it is closed.
type dataDir struct {
	path string
	lock *os.File
}

// openDataDir makes the directory (0700) and takes its lock, a file with this
// process's id in it. The kernel frees the lock when the process ends, however
// it ends.
func openDataDir(path string) (*dataDir, error) {
	if err := makeDir(path); err != nil {
		return nil, fmt.Errorf("cannot make data directory (setting data_dir): %w", err)
	}
	f, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot use data directory (setting data_dir): %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s is in use by process %s: one process for each data_dir", path, strings.TrimSpace(string(holder)))
		}
		return nil, fmt.Errorf("cannot lock data directory %s: %w", path, err)
	}
	// On a disk that is full the agent must start all the same, to empty it.
	if err := writePid(f); err != nil && !errors.Is(err, unix.ENOSPC) {
		f.Close()
		return nil, fmt.Errorf("cannot write lock file of %s: %w", path, err)
	}
	return &dataDir{path: path, lock: f}, nil
}

// makeDir makes a directory and those above it that are missing. Their names
// survive a power cut: without them what is fsynced below would not.
func makeDir(path string) error {
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeDir(filepath.Dir(path)); err == nil {
			err = os.Mkdir(path, 0o700)
		}
	}
	there := errors.Is(err, fs.ErrExist)
	if err != nil && !there {
		return err
	}
	// One that was there need not lie in a directory that we may read.
	if err := (vfs.OS{}).SyncDir(filepath.Dir(path)); err != nil && !there {
		return err
	}
	return nil
}

// Hold takes a data directory as a running agent does, for a command that
// changes something in it.
func Hold(path string) (release func() error, err error) {
	d, err := openDataDir(path)
	if err != nil {
		return nil, err
	}
	return d.Close, nil
}

func writePid(f *os.File) error {
	n, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	if err != nil {
		return err
	}
	return f.Truncate(int64(n)) // the holder before may have had a longer one
}

func (d *dataDir) Close() error { return d.lock.Close() }
