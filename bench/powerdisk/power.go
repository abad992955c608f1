package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// powerOff makes every call fail from now on.
func (d *disk) powerOff() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
	d.cuts++
}

// loss is what a cut met.
type loss struct{ changes, moves, moved int }

func (l loss) String() string {
	return fmt.Sprintf("%d writes were not synced, %d of %d names", l.changes, l.moves-l.moved, l.moves)
}

// powerOn makes of the disk what a cut may have left of it. Equal seeds and
// histories leave equal disks.
func (d *disk) powerOn(seed uint64) (l loss) {
	d.mu.Lock()
	defer d.mu.Unlock()
	rnd := rand.New(rand.NewPCG(seed, 0x0ff))
	l.moves = len(d.moves)
	for _, m := range d.moves {
		if rnd.IntN(2) == 0 {
			m.settle()
			l.moved++
		}
	}
	for _, i := range d.inodes {
		l.changes += len(i.changes)
		data := slices.Clone(i.durable)
		i.synced += len(i.changes)
		for _, c := range i.changes {
			data = c.survive(data, rnd)
		}
		i.data, i.durable, i.changes = data, slices.Clone(data), nil
	}
	d.moves, d.inodes = nil, nil
	d.root.reboot()
	d.off = false
	return l
}

// reboot makes of a directory, and of what is in it, what is durable.
func (i *inode) reboot() {
	i.names = maps.Clone(i.safe)
	for _, in := range i.names {
		if in.isDir {
			in.reboot()
		}
	}
}
