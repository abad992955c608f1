package main

import (
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"
)

// disk is the file system, without FUSE. Its methods may be called from any
// goroutine.
type disk struct {
	slow time.Duration // how long a sync takes

	mu     sync.Mutex
	root   *inode
	last   uint64   // inode number
	moves  []move   // changes of names that are not durable, oldest first
	off    bool     // without power
	cuts   uint64   // so that a sync that began before a cut is none after it
	inodes []*inode // with changes that are not durable
}

// inode is a file or a directory.
type inode struct {
	num   uint64
	isDir bool
	mtime time.Time

	data    []byte   // of a file, as processes see it
	durable []byte   // as a cut leaves it at worst
	changes []change // from durable to data
	synced  int      // changes before them

	names map[string]*inode // of a directory, as processes see them
	safe  map[string]*inode // as a cut leaves them at worst
}

// move is one change of names, which happens as a whole or not at all.
type move []link

// link is a name that comes to mean an inode, or, nil, nothing.
type link struct {
	dir  *inode
	name string
	to   *inode
}

func newDisk(slow time.Duration) *disk {
	d := &disk{slow: slow}
	d.root = d.inode(true)
	return d
}

// inode makes one. Called with mu held, or before there is another goroutine.
func (d *disk) inode(isDir bool) *inode {
	d.last++
	i := &inode{num: d.last, isDir: isDir, mtime: time.Now()}
	if isDir {
		i.names, i.safe = map[string]*inode{}, map[string]*inode{}
	}
	return i
}

// with runs f with the power on; else it fails.
func (d *disk) with(f func() syscall.Errno) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return syscall.EIO
	}
	return f()
}

func (d *disk) lookup(dir *inode, name string) (found *inode, errno syscall.Errno) {
	errno = d.with(func() syscall.Errno {
		if found = dir.names[name]; found == nil {
			return syscall.ENOENT
		}
		return 0
	})
	return found, errno
}

// list returns a directory's names, sorted, and what they mean.
func (d *disk) list(dir *inode) (names []string, of map[string]*inode, errno syscall.Errno) {
	errno = d.with(func() syscall.Errno {
		of = maps.Clone(dir.names)
		names = slices.Sorted(maps.Keys(of))
		return 0
	})
	return names, of, errno
}

// create makes a file or a directory.
func (d *disk) create(dir *inode, name string, isDir bool) (made *inode, errno syscall.Errno) {
	errno = d.with(func() syscall.Errno {
		if dir.names[name] != nil {
			return syscall.EEXIST
		}
		made = d.inode(isDir)
		d.move(move{{dir, name, made}})
		return 0
	})
	return made, errno
}

// remove takes a name away; isDir: it must be that of an empty directory.
func (d *disk) remove(dir *inode, name string, isDir bool) syscall.Errno {
	return d.with(func() syscall.Errno {
		switch i := dir.names[name]; {
		case i == nil:
			return syscall.ENOENT
		case i.isDir && !isDir:
			return syscall.EISDIR
		case isDir && !i.isDir:
			return syscall.ENOTDIR
		case len(i.names) > 0:
			return syscall.ENOTEMPTY
		}
		d.move(move{{dir, name, nil}})
		return 0
	})
}

func (d *disk) rename(from *inode, name string, to *inode, newName string) syscall.Errno {
	return d.with(func() syscall.Errno {
		i, there := from.names[name], to.names[newName]
		switch {
		case i == nil:
			return syscall.ENOENT
		case i == there:
			return 0
		case there != nil && (there.isDir || i.isDir):
			return syscall.EEXIST // the agent never does that
		}
		d.move(move{{from, name, nil}, {to, newName, i}})
		return 0
	})
}

// move does a change of names that is not durable yet. Called with mu held.
func (d *disk) move(m move) {
	for _, l := range m {
		l.apply(l.dir.names)
		l.dir.mtime = time.Now()
	}
	d.moves = append(d.moves, m)
}

func (l link) apply(names map[string]*inode) {
	if l.to == nil {
		delete(names, l.name)
		return
	}
	names[l.name] = l.to
}

// syncDir makes a directory's names durable, and with a rename from or to
// another directory what came before it there.
func (d *disk) syncDir(dir *inode) syscall.Errno {
	cut := d.began()
	time.Sleep(d.slow)
	return d.with(func() syscall.Errno {
		if cut != d.cuts {
			return syscall.EIO
		}
		dirs := map[*inode]bool{dir: true}
		for grown := true; grown; {
			grown = false
			for _, m := range d.moves {
				if m.touches(dirs) {
					for _, l := range m {
						grown = grown || !dirs[l.dir]
						dirs[l.dir] = true
					}
				}
			}
		}
		rest := d.moves[:0:0]
		for _, m := range d.moves {
			if !m.touches(dirs) {
				rest = append(rest, m)
				continue
			}
			m.settle()
		}
		d.moves = rest
		return 0
	})
}

func (m move) touches(dirs map[*inode]bool) bool {
	return slices.ContainsFunc(m, func(l link) bool { return dirs[l.dir] })
}

// settle makes the move durable.
func (m move) settle() {
	for _, l := range m {
		l.apply(l.dir.safe)
	}
}

func (d *disk) began() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cuts
}
