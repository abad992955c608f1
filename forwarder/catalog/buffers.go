package catalog

import (
	"fmt"
	"hash/fnv"
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/forwarder"
	"sluice/forwarder/buffer"
	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/wal"
)

var (
	policies  = map[string]buffer.Policy{"memory": buffer.Never, "disk": buffer.Always, "auto": buffer.Needed}
	overflows = map[string]buffer.Overflow{"block": buffer.Block, "drop_oldest": buffer.DropOldest, "drop_newest": buffer.DropNewest}
)

// disk is what a lane keeps on the disk.
type disk struct {
	dir    string // in BufferDir
	target string // what blocks are encoded for, and for whom: it stands in every frame
	log    *wal.Log
	buf    *buffer.Buffer
}

// leastDisk is the smallest disk_limit of use, in bytes: a block must fit.
const leastDisk = 1 << 20

func (s *Buffer) check() error {
	if s.Type != "memory" && s.DiskLimit < leastDisk {
		return fmt.Errorf("buffer.disk_limit is %d bytes: write at least 1MiB, or type: memory", s.DiskLimit)
	}
	return nil
}

// newDisk names a lane's directory and what its blocks are for. kind is the
// output's: a lane that keeps its name and becomes of another kind gets another
// directory, for what is in the old one is encoded for the old kind.
func newDisk(name, kind string, out output) disk {
	h := fnv.New32a()
	h.Write([]byte(out.Target))
	d := disk{dir: LaneDir(name), target: fmt.Sprintf("%s-%08x", kind, h.Sum32())}
	if !strings.HasPrefix(name, kind) {
		d.dir += "." + LaneDir(kind)
	}
	return d
}

// queue makes a lane's buffer.
func (b *builder) queue(c *Context, d disk, s Buffer, pool *forwarder.Pool) *buffer.Buffer {
	cfg := buffer.Config{
		FlushBytes: int(s.FlushBytes), FlushInterval: s.FlushInterval,
		Overflow: overflows[s.OverflowAction], NewestFirst: s.Recovery == "newest_first", Log: c.Log,
	}
	if b.d.BufferDir == "" {
		return buffer.New(cfg, b.d.Budget.Share(), pool, nil)
	}
	store := b.store(c, &d, s)
	d.buf = buffer.New(cfg, b.d.Budget.Share(), pool, store)
	b.disks = append(b.disks, d)
	return d.buf
}

// store opens the lane's directory. With type memory as well, so that what an
// earlier configuration left there is delivered.
func (b *builder) store(c *Context, d *disk, s Buffer) *buffer.Store {
	log, found, problems := wal.Begin(wal.Options{
		FS: vfs.OS{}, Dir: filepath.Join(b.d.BufferDir, d.dir), Lane: d.target, Limit: s.DiskLimit, Log: c.Log,
	})
	d.log = log
	for _, p := range problems {
		c.Log.Error("a file of the disk buffer cannot be used as it is", "file", p.Path, "error", p.Err)
	}
	b.parts.logs = append(b.parts.logs, log)
	return &buffer.Store{When: policies[s.Type], Log: log, Found: found}
}

// LaneDir is the name of a lane's directory: its name, where that may be one,
// else with every other byte as %XX.
func LaneDir(lane string) string {
	const hex = "0123456789ABCDEF"
	var dir strings.Builder
	for i, c := range []byte(lane) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '@', c == '.' && i > 0:
			dir.WriteByte(c)
		default:
			dir.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return dir.String()
}

// limit has the metrics tell what a lane's files may take, for alerts.
func (b *builder) limit(lane string, s Buffer) error {
	if b.d.BufferDir == "" {
		return nil
	}
	err := b.d.Registerer.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sluice_buffer_limit_bytes", ConstLabels: prometheus.Labels{"lane": lane}, Help: "buffer.disk_limit: what the lane's files may take.",
	}, func() float64 { return float64(s.DiskLimit) }))
	if err != nil {
		return fmt.Errorf("cannot register metrics: %w", err)
	}
	return nil
}
