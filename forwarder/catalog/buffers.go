package catalog

import (
	"path/filepath"
	"strings"

	"sluice/forwarder"
	"sluice/forwarder/buffer"
	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/wal"
)

var (
	policies  = map[string]buffer.Policy{"memory": buffer.Never, "disk": buffer.Always, "auto": buffer.Needed}
	overflows = map[string]buffer.Overflow{"block": buffer.Block, "drop_oldest": buffer.DropOldest, "drop_newest": buffer.DropNewest}
)

// queue makes a lane's buffer.
func (b *builder) queue(c *Context, s Buffer, pool *forwarder.Pool) *buffer.Buffer {
	return buffer.New(buffer.Config{
		FlushBytes: int(s.FlushBytes), FlushInterval: s.FlushInterval,
		Overflow: overflows[s.OverflowAction], NewestFirst: s.Recovery == "newest_first", Log: c.Log,
	}, b.d.Budget.Share(), pool, b.store(c, s))
}

// store opens the lane's directory. With type memory as well, so that what an
// earlier configuration left there is delivered.
func (b *builder) store(c *Context, s Buffer) *buffer.Store {
	if b.d.BufferDir == "" {
		return nil
	}
	log, found, report := wal.Open(wal.Options{
		FS: vfs.OS{}, Dir: filepath.Join(b.d.BufferDir, LaneDir(c.Name)), Lane: c.Name, Limit: s.DiskLimit, Log: c.Log,
	})
	for _, p := range report.Problems {
		c.Log.Error("a file of the disk buffer cannot be used as it is", "file", p.Path, "error", p.Err)
	}
	if report.Torn > 0 {
		c.Log.Warn("the disk buffer ends in a commit that was not finished: nothing in it was acknowledged", "bytes", report.Torn)
	}
	if report.Records > 0 {
		c.Log.Info("records found in the disk buffer", "records", report.Records, "files", report.Segments, "bytes", report.Bytes)
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
