package tail

import (
	"path/filepath"
	"strings"
)

// watchAbove watches the directories in which those come to be that the glob
// may match in: of /var/log/pods/*/*/*.log, /var/log/pods and the pods' own.
func (d *finder) watchAbove() {
	for _, in := range d.dirs {
		in.above = false
	}
	for _, glob := range above(d.t.cfg.Path) {
		paths, _ := filepath.Glob(glob) // the pattern was checked
		for _, path := range paths {
			d.dir(path).above = true
		}
	}
}

// above lists the globs of those directories, the highest first.
func above(pattern string) (globs []string) {
	for dir := filepath.Dir(pattern); strings.ContainsAny(dir, "*?["); {
		dir = filepath.Dir(dir)
		globs = append([]string{dir}, globs...)
	}
	return globs
}

// ownLogs are the files that standard output and standard error are.
func ownLogs() (ids []fileID) {
	for _, path := range []string{"/proc/self/fd/1", "/proc/self/fd/2"} {
		if st, err := statPath(path); err == nil { // no file: a pipe or a terminal
			ids = append(ids, st.id)
		}
	}
	return ids
}
