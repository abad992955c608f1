package tail

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sluice/event"
)

// finder knows which files there are and opens them; it reads only what tells
// them apart. What watches report is looked at once, and everything again
// every refresh interval, so that a lost event costs time, not lines.
type finder struct {
	t    *Tail
	wake chan struct{}

	mu    sync.Mutex
	dirty map[string]bool // directories where something happened; "" stands for all

	// The goroutine's own.
	links    map[string]*group // by matching path; nil: it is another group's sibling
	groups   map[string]*group // by real path
	dirs     map[string]*dir
	targets  map[string]string // what a matching path, a link, pointed to
	entries  map[string]*entry // of the checkpoint, not found yet
	retired  []*file           // gone, and not answered for yet
	fromEnd  bool              // files found now are passed over: the first listing of all
	nameless int               // open files that a listing did not find
	blind    bool              // a directory cannot be watched
	pos      *posFile          // Fluentd's, for the first listing of all
	failed   bool              // something could not be listed or opened
	moved    bool              // something was not there any more when it was opened
	loose    bool              // a link points nowhere
	todo     map[string]bool   // directories to list
	own      []fileID          // where our own messages go
	next     int               // reader of the next group
	scans    int
	head     [headMax]byte
}

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

func newFinder(t *Tail) *finder {
	return &finder{
		t: t, wake: make(chan struct{}, 1), dirty: map[string]bool{}, links: map[string]*group{}, groups: map[string]*group{},
		dirs: map[string]*dir{}, targets: map[string]string{}, entries: map[string]*entry{}, todo: map[string]bool{}, own: ownLogs(),
	}
}

func (d *finder) run(ctx context.Context) {
	d.restore()
	_, again := d.t.store.Get(startedKey)
	d.fromEnd = !again && d.t.cfg.ReadFrom == "end"
	if !again && d.t.cfg.PosFile != "" {
		var err error
		if d.pos, err = readPosFile(d.t.cfg.PosFile); err != nil {
			d.t.log.Error("files are read as at a first start", "error", err)
		}
	}
	d.scan()
	d.fromEnd, d.pos = false, nil
	if !again {
		d.t.store.Set(startedKey, []byte("1"))
	}
	beat := d.t.cfg.loop("tail finder")
	timer := time.NewTimer(d.interval())
	defer timer.Stop()
	for {
		beat()
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			d.scan()
			timer.Reset(d.interval())
		case <-d.wake:
			d.happened()
			if d.failed || d.loose {
				timer.Reset(d.interval())
			}
		}
	}
}

// interval is the time to the next full listing.
func (d *finder) interval() time.Duration {
	if d.blind || d.failed || d.loose {
		return min(d.t.cfg.Refresh, d.t.cfg.IdlePoll)
	}
	return min(d.t.cfg.Refresh, beatEvery)
}

// restore reads the checkpoint.
func (d *finder) restore() {
	d.t.store.Range(func(key string, val []byte) bool {
		if len(key) > len(keyPrefix) && key[:len(keyPrefix)] == keyPrefix {
			e := &entry{}
			if err := json.Unmarshal(val, e); err != nil {
				d.t.log.Error("a position cannot be read; its file is read from the beginning", "key", key, "error", err)
			} else {
				d.entries[key] = e
			}
		}
		return true
	})
}

// scan lists everything.
func (d *finder) scan() {
	if d.scans++; d.scans%distrust == 0 {
		for _, in := range d.dirs {
			in.names = nil
		}
	}
	d.watchAbove()
	globs, _ := filepath.Glob(filepath.Dir(d.t.cfg.Path)) // the pattern was checked
	// A directory that is not there yet cannot be watched either.
	d.failed, d.loose, d.blind = false, false, d.t.watch == nil || len(globs) == 0
	for _, path := range globs {
		d.dir(path).glob = true
		d.match(path)
	}
	for path, in := range d.dirs {
		if in.glob && !slices.Contains(globs, path) {
			d.match(path) // the directory is gone: so are the links in it
			in.glob = false
		}
	}
	clear(d.todo)
	for _, path := range d.newestFirst() {
		in := d.dirs[path]
		d.list(path)
		if len(in.groups) == 0 && !in.glob && !in.above {
			d.t.watch.undir(path)
			delete(d.dirs, path)
		}
		d.meanwhile()
	}
	d.hold()
	d.note()
	d.retire()
	if !d.failed {
		d.clean()
	}
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

// match compares the names in a directory with the glob.
func (d *finder) match(path string) {
	in := d.dirs[path]
	names, same, ok := d.namesOf(path, in)
	if !ok || same && in.matched {
		return // what cannot be listed is not gone
	}
	failed, loose := d.failed, d.loose
	d.failed, d.loose = false, false
	defer func() {
		in.matched = !d.failed && !d.loose && d.t.cfg.Recent == 0
		d.failed, d.loose = d.failed || failed, d.loose || loose
	}()
	there := map[string]bool{}
	pattern := filepath.Base(d.t.cfg.Path)
	for _, name := range names {
		if ok, _ := filepath.Match(pattern, name); !ok {
			continue
		}
		if link := filepath.Join(path, name); !d.excluded(link) {
			there[link] = true
			d.found(link)
		}
	}
	for link := range d.links {
		if filepath.Dir(link) == path && !there[link] {
			d.vanished(link)
		}
	}
}

func (d *finder) excluded(path string) bool {
	for _, glob := range d.t.cfg.Exclude {
		name := path
		if filepath.Base(glob) == glob {
			name = filepath.Base(path)
		}
		if ok, _ := filepath.Match(glob, name); ok {
			return true
		}
	}
	return false
}

// found takes in a matching path, or notices that it points elsewhere now.
func (d *finder) found(link string) {
	target, _ := os.Readlink(link)
	if _, known := d.links[link]; known {
		if d.targets[link] == target {
			return
		}
		d.vanished(link)
	}
	real, err := filepath.EvalSymlinks(link)
	if err != nil {
		if d.loose = true; !errors.Is(err, fs.ErrNotExist) {
			d.failed = true
			d.t.complain("resolve", link, err)
		}
		return
	}
	g := d.groups[real]
	if g == nil {
		if d.old(real) {
			return
		}
		if g = d.newGroup(link, real); g == nil {
			d.links[link], d.targets[link] = nil, target
			return
		}
	}
	g.links++
	g.gone.Store(false)
	d.links[link], d.targets[link] = g, target
	d.todo[g.dir] = true
}

// vanished forgets a matching path.
func (d *finder) vanished(link string) {
	g := d.links[link]
	delete(d.links, link)
	delete(d.targets, link)
	if g == nil {
		return
	}
	if g.links--; g.links == 0 {
		g.gone.Store(true)
		d.todo[g.dir] = true
	}
}

// newGroup begins to follow a path; nil if it is what another one was rotated
// to, or our own log.
func (d *finder) newGroup(link, real string) *group {
	path, base := filepath.Dir(real), filepath.Base(real)
	if in := d.dirs[path]; in != nil {
		for _, g := range in.groups {
			if isSibling(g.base, base) {
				return nil
			}
		}
	}
	p := placeOf(real, hops(link))
	st, err := statPath(real)
	if p.pod != "" && p.pod == d.t.cfg.Self || err == nil && slices.Contains(d.own, st.id) {
		return nil // our own words: each would make others
	}
	shared := &event.Fragment{
		File: link, Namespace: p.namespace, Pod: p.pod, PodUID: p.uid, Container: p.container, ContainerID: p.containerID,
		Cluster: d.t.base.Cluster, Node: d.t.base.Node, Fields: d.t.base.Fields,
	}
	if p.docker {
		shared.Runtime = "docker"
	}
	g := &group{
		real: real, dir: path, base: base, tag: tagOf(d.t.cfg.Tag, link), place: p, pod: d.t.cfg.pod(shared), rules: d.t.rules,
		reader: d.t.readers[d.next%len(d.t.readers)], files: map[fileID]*file{}, copies: map[fileID]stat{},
	}
	g.quota = d.t.cfg.quota(link)
	g.quota.join()
	g.idle.Store(true)
	d.next++
	in := d.dir(path)
	in.groups = append(in.groups, g)
	in.written = max(in.written, st.mtime)
	d.groups[real] = g
	return g
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

// close lets go of every file, when nobody reads any more.
func (d *finder) close() {
	for _, g := range d.groups {
		g.pod.Close()
		for _, f := range g.queue {
			if !f.closed.Load() {
				_ = unix.Close(f.fd)
			}
		}
	}
}
