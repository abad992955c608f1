package wal

import (
	"testing"

	"sluice/event"
	"sluice/forwarder/buffer/vfs"
)

// BenchmarkOpen opens a directory with 256 MiB of blocks that are not answered
// for.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	o := Options{FS: vfs.OS{}, Dir: dir, Lane: "bench", Limit: 1 << 30}
	l, _, _ := Open(o)
	x := &event.Block{Key: "logs", Tag: "app"}
	for range 300 {
		x.Body = append(x.Body, make([]byte, 1000)...)
		x.Close(event.ID{}, 1)
	}
	total := int64(0)
	for total < 256<<20 {
		refs, err := l.Write([]*event.Block{x, x, x, x})
		if err != nil {
			b.Fatal(err)
		}
		total += 4 * int64(refs[0].Size)
	}
	l.Close()
	b.SetBytes(total)
	b.ReportAllocs()
	for b.Loop() {
		l, found, _ := Open(o)
		if len(found) == 0 {
			b.Fatal("nothing found")
		}
		for _, f := range l.files {
			f.f.Close()
		}
	}
}
