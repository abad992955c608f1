package main

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"time"
)

// sector is what a disk writes as a whole, in bytes.
const sector = 512

// change is one that is not durable: data at off, or, nil, a truncation to off.
type change struct {
	off  int64
	data []byte
}

func (c change) apply(p []byte) []byte {
	if c.data == nil {
		return resize(p, c.off)
	}
	if end := c.off + int64(len(c.data)); end > int64(len(p)) {
		p = resize(p, end)
	}
	copy(p[c.off:], c.data)
	return p
}

// resize cuts, or appends zeros.
func resize(p []byte, size int64) []byte {
	if size <= int64(len(p)) {
		return p[:size]
	}
	n := len(p)
	p = slices.Grow(p, int(size)-n)[:size]
	clear(p[n:])
	return p
}

// survive applies what a cut leaves of the change.
func (c change) survive(p []byte, rnd *rand.Rand) []byte {
	switch rnd.IntN(4) {
	case 0:
		return p
	case 1:
		return c.apply(p)
	}
	if c.data == nil {
		return p
	}
	if rnd.IntN(2) == 0 { // the beginning of it
		return change{c.off, c.data[:rnd.IntN(len(c.data)+1)]}.apply(p)
	}
	for at := c.off; at < c.off+int64(len(c.data)); { // any sectors of it
		end := min((at/sector+1)*sector, c.off+int64(len(c.data)))
		if rnd.IntN(2) == 0 {
			p = change{at, c.data[at-c.off : end-c.off]}.apply(p)
		}
		at = end
	}
	return p
}

// change does a change that is not durable yet. Called with mu held.
func (d *disk) change(i *inode, c change) {
	if len(i.changes) == 0 {
		d.inodes = append(d.inodes, i)
	}
	i.changes = append(i.changes, c)
	i.data, i.mtime = c.apply(i.data), time.Now()
}

func (d *disk) write(i *inode, p []byte, off int64) syscall.Errno {
	return d.with(func() syscall.Errno {
		if len(p) > 0 {
			d.change(i, change{off, slices.Clone(p)})
		}
		return 0
	})
}

func (d *disk) truncate(i *inode, size int64) syscall.Errno {
	return d.with(func() syscall.Errno {
		d.change(i, change{off: size})
		return 0
	})
}

// read copies what is there.
func (d *disk) read(i *inode, p []byte, off int64) (n int, errno syscall.Errno) {
	errno = d.with(func() syscall.Errno {
		if off < int64(len(i.data)) {
			n = copy(p, i.data[off:])
		}
		return 0
	})
	return n, errno
}

// sync makes durable what the file was when it began; a cut meanwhile leaves of
// that what it likes.
func (d *disk) sync(i *inode) syscall.Errno {
	d.mu.Lock()
	until, cut := i.synced+len(i.changes), d.cuts
	d.mu.Unlock()
	time.Sleep(d.slow)
	return d.with(func() syscall.Errno {
		if cut != d.cuts {
			return syscall.EIO
		}
		n := max(until-i.synced, 0) // another sync may have been faster
		i.synced += n
		for _, c := range i.changes[:n] {
			i.durable = c.apply(i.durable)
		}
		i.changes = slices.Delete(i.changes, 0, n)
		return 0
	})
}

// size and mtime of an inode.
func (d *disk) stat(i *inode) (size int64, mtime time.Time, errno syscall.Errno) {
	errno = d.with(func() syscall.Errno {
		size, mtime = int64(len(i.data)), i.mtime
		return 0
	})
	return size, mtime, errno
}
