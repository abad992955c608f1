package wal

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"sluice/event"
	"sluice/forwarder/buffer/vfs/vfstest"
)

// TestAFailedCommitIsNotThereTwice: an fsync fails, and so does every attempt
// to cut the commit off for a while. Its blocks are written again; after a
// restart, in order or after a power cut, each is there once.
func TestAFailedCommitIsNotThereTwice(t *testing.T) {
	for _, full := range []bool{false, true} { // does the file hold something else
		for _, fail := range [][]string{
			{"sync"},
			{"sync", "truncate"},
			{"sync", "truncate", "write"},
			{"sync", "truncate", "write", "remove"},
			{"sync", "truncate", "write", "remove", "syncdir"},
		} {
			t.Run(fmt.Sprint(full, fail), func(t *testing.T) {
				d := vfstest.New()
				o := options(d, "/data/buffer/lane")
				l, _, _ := Open(o)
				want := []int{}
				if full {
					write(t, l, 0, 2)
					want = append(want, 0, 1)
				}
				synced := false // what is written before its fsync fails, is
				d.Fail(func(c vfstest.Call) error {
					synced = synced || c.Op == "sync"
					for _, op := range fail {
						if c.Op == op && synced {
							return syscall.EIO
						}
					}
					return nil
				})
				again := []*event.Block{block(2), block(3), block(4)}
				for range 3 {
					if _, err := l.Write(again); err == nil {
						t.Fatal("no error")
					}
				}
				d.Fail(nil)
				if _, err := l.Write(again); err != nil {
					t.Fatal(err)
				}
				want = append(want, 2, 3, 4)
				after := d.Crash(rand.New(rand.NewPCG(1, 1)))
				for _, disk := range []*vfstest.Disk{d, after} {
					o.FS = disk
					l, _, rep := reopen(t, o, want...)
					if rep.Lost != 0 || rep.Problems != nil {
						t.Fatalf("%+v", rep)
					}
					l.Close()
				}
			})
		}
	}
}
