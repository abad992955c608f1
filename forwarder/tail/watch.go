package tail

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	dirMask  = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR
	fileMask = unix.IN_MODIFY | unix.IN_ONESHOT
)

// errNoWatch: there is no inotify on this machine, or no instance of it left.
var errNoWatch = errors.New("no inotify instance")

// watcher turns inotify's events into calls. A nil watcher refuses every watch.
type watcher struct {
	f       *os.File
	fd      int
	onDir   func(dir string) // something was made, moved or removed in it
	onFile  func(g *group)   // a quiet file was written to
	onBurst func()           // events were lost

	mu    sync.Mutex
	dirs  map[int32]string
	files map[int32]*group
}

func newWatcher() (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("cannot make an inotify instance (see sysctl fs.inotify.max_user_instances): %w", err)
	}
	return &watcher{f: os.NewFile(uintptr(fd), "inotify"), fd: fd, dirs: map[int32]string{}, files: map[int32]*group{}}, nil
}

// dir watches a directory. Watching it again is no error.
func (w *watcher) dir(path string) error {
	if w == nil {
		return errNoWatch
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	wd, err := unix.InotifyAddWatch(w.fd, path, dirMask)
	if err != nil {
		return err
	}
	w.dirs[int32(wd)] = path
	return nil
}

// undir ends a directory's watch.
func (w *watcher) undir(path string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for wd, p := range w.dirs {
		if p == path {
			delete(w.dirs, wd)
			_, _ = unix.InotifyRmWatch(w.fd, uint32(wd)) // it may be gone with its directory
		}
	}
}

// quiet watches a file for the next write, once.
func (w *watcher) quiet(fd int, g *group) (int32, error) {
	if w == nil {
		return 0, errNoWatch
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	wd, err := unix.InotifyAddWatch(w.fd, fdPath(fd), fileMask)
	if err != nil {
		return 0, err
	}
	w.files[int32(wd)] = g
	return int32(wd), nil
}

// unquiet ends such a watch, which may have ended by itself.
func (w *watcher) unquiet(wd int32) {
	if w == nil || wd == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.files[wd]; ok {
		delete(w.files, wd)
		_, _ = unix.InotifyRmWatch(w.fd, uint32(wd))
	}
}

// run reads events until close.
func (w *watcher) run() {
	buf := make([]byte, 64<<10)
	for {
		n, err := w.f.Read(buf)
		if err != nil {
			return
		}
		for p := buf[:n]; len(p) >= unix.SizeofInotifyEvent; {
			e := (*unix.InotifyEvent)(unsafe.Pointer(&p[0]))
			w.event(e.Wd, e.Mask)
			p = p[unix.SizeofInotifyEvent+int(e.Len):]
		}
	}
}

func (w *watcher) event(wd int32, mask uint32) {
	if mask&unix.IN_Q_OVERFLOW != 0 {
		w.onBurst()
		return
	}
	w.mu.Lock()
	dir, isDir := w.dirs[wd]
	g, isFile := w.files[wd]
	if mask&unix.IN_IGNORED != 0 {
		delete(w.dirs, wd)
	}
	delete(w.files, wd)
	w.mu.Unlock()
	if isDir {
		w.onDir(dir)
	}
	if isFile {
		w.onFile(g)
	}
}

func (w *watcher) close() {
	if w != nil {
		_ = w.f.Close()
	}
}
