package tail

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dir is a directory with live files in it, or with paths that match.
type dir struct {
	groups  []*group
	glob    bool // the glob may match in it
	above   bool // directories in which it may match come to be in it
	watched bool
	written int64 // a log in it, as the log was found; Unix nanoseconds

	names   []string // in it when it was as in was; nil: not known
	was     stat
	matched bool // what matches of the names was taken in
}

// newestFirst are the directories in the order in which to list them: at a start a
// log that somebody writes to does not wait for those that nobody does.
func (d *finder) newestFirst() []string {
	return slices.SortedFunc(maps.Keys(d.dirs), func(a, b string) int { return cmp.Compare(d.dirs[b].written, d.dirs[a].written) })
}

// dir returns the directory, watched if possible.
func (d *finder) dir(path string) *dir {
	in := d.dirs[path]
	if in == nil {
		in = &dir{}
		d.dirs[path] = in
	}
	d.watch(path, in)
	return in
}

// watch is repeated at each listing: a directory may have been made anew.
func (d *finder) watch(path string, in *dir) {
	err := d.t.watch.dir(path)
	if in.watched = err == nil; in.watched || errors.Is(err, fs.ErrNotExist) {
		return
	}
	d.blind = true
	if errors.Is(err, unix.ENOSPC) && d.t.notes.due("inotify") {
		d.t.log.Warn("no inotify watches are left; listing instead (see sysctl fs.inotify.max_user_watches)", "path", path)
	}
}

// distrust is how many listings there are to one that believes no directory's time.
const distrust = 12

// namesOf is names of a watched directory. Mostly nothing was made, renamed or
// removed in it since the last listing, as its time says; then one call is all.
func (d *finder) namesOf(path string, in *dir) (names []string, same, ok bool) {
	now := time.Now()
	was, err := statDir(path)
	if err == nil && in.names != nil && in.watched && was == in.was {
		return in.names, true, true
	}
	d.watch(path, in)
	in.names, in.matched = nil, false
	if names, ok = d.names(path); ok && err == nil && was.age(now) > d.t.cfg.Racy {
		in.names, in.was = names, was
	}
	return names, false, ok
}

// namesIn lists a directory, sorted.
func namesIn(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// names lists a directory; one that is gone, or is a file, has none.
func (d *finder) names(path string) (names []string, ok bool) {
	names, err := namesIn(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		d.failed = true
		d.t.complain("list the directory of", path, err)
		return nil, false
	}
	return names, true
}
