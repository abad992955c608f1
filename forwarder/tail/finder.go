package tail

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
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
