package catalog

import (
	"path/filepath"
	"slices"
	"strings"

	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/wal"
)

// orphans looks for what outputs left on the disk that are not configured any
// more. What is for the target of a lane that there is goes to that lane; the
// rest is named, and stays.
func (b *builder) orphans() {
	if b.d.BufferDir == "" {
		return
	}
	dirs, err := wal.Lanes(vfs.OS{}, b.d.BufferDir)
	if err != nil {
		b.d.Log.Error("cannot look for what earlier outputs left", "error", err)
		return
	}
	for _, dir := range dirs {
		if slices.ContainsFunc(b.disks, func(d disk) bool { return d.dir == dir }) {
			continue
		}
		b.orphan(filepath.Join(b.d.BufferDir, dir))
	}
}

// orphan finds a lane for each of an orphaned directory's files.
func (b *builder) orphan(dir string) {
	looks, err := wal.Survey(vfs.OS{}, dir)
	if err != nil {
		b.d.Log.Error("cannot look into a directory of the disk buffer", "dir", dir, "error", err)
		return
	}
	moved, left, files := uint64(0), uint64(0), 0
	for i := range looks {
		l := &looks[i]
		to := slices.IndexFunc(b.disks, func(d disk) bool { return d.target == l.Lane() })
		if strings.HasSuffix(l.Path, wal.Aside) || l.Err != nil || to < 0 {
			files++
			left += l.Records
			continue
		}
		found, err := b.disks[to].log.Absorb(l.Path)
		if err != nil {
			b.d.Log.Error("a file of the disk buffer cannot be used", "file", l.Path, "error", err)
			files++
			left += l.Records
			continue
		}
		b.disks[to].buf.Adopt([]wal.Unread{found})
		moved += l.Records
	}
	if moved > 0 {
		b.d.Log.Info("records left by an output that is not configured any more go to one with the same target", "dir", dir, "records", moved)
	}
	if files > 0 {
		b.d.Log.Warn("records wait for an output that is not configured any more: see sluice buffer ls, adopt and export", "dir", dir, "files", files, "records", left)
		return
	}
	if err := (vfs.OS{}).Remove(dir); err != nil {
		b.d.Log.Warn("cannot remove an empty directory of the disk buffer", "dir", dir, "error", err)
	}
}
