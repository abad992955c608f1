package buffer

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"sluice/event"
	"sluice/forwarder/buffer/vfs/vfstest"
	"sluice/forwarder/buffer/wal"
)

// rig is a running buffer on a disk in memory.
type rig struct {
	*Buffer
	t     *testing.T
	disk  *vfstest.Disk
	share *Share
	log   *bytes.Buffer
	stop  context.CancelFunc
	ended chan struct{}
	acks  settled
}

type rigOptions struct {
	Config
	when   Policy
	limit  int64 // of the disk
	memory int
	// segment is from what size on a file is followed by another; 0: 4000.
	segment int64
}

const dir = "/data/buffer/lane"

func start(t *testing.T, disk *vfstest.Disk, o rigOptions) *rig {
	t.Helper()
	if o.memory == 0 {
		o.memory = 1 << 20
	}
	if o.FlushBytes == 0 {
		o.Config.FlushBytes, o.Config.FlushInterval = cfg.FlushBytes, cfg.FlushInterval
	}
	r := &rig{t: t, disk: disk, share: NewBudget(o.memory).Share(), log: &bytes.Buffer{}, ended: make(chan struct{})}
	o.Log = slog.New(slog.NewTextHandler(r.log, nil))
	l, found, problems := wal.Begin(wal.Options{FS: disk, Dir: dir, Lane: "test", Limit: o.limit, SegmentBytes: cmp.Or(o.segment, 4000)})
	r.Buffer = New(o.Config, r.share, nil, &Store{When: o.when, Log: l, Found: found})
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() {
		r.Run(ctx)
		close(r.ended)
	}()
	synctest.Wait() // all is read in
	if problems != nil || strings.Contains(r.log.String(), "cannot be used") {
		t.Fatalf("%+v\n%s", problems, r.log)
	}
	return r
}

// finish stops the buffer in order.
func (r *rig) finish() {
	r.Close()
	r.stop()
	<-r.ended
}

func (r *rig) add(key string, items int, urgent bool) {
	r.t.Helper()
	b := block(key, items, &r.acks)
	b.Urgent = urgent
	if err := r.Append(b); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) lease(max int) *event.Chunk { return lease(r.t, r.Buffer, max) }

// drain leases and settles everything, and returns the bodies by key.
func (r *rig) drain() map[string]string {
	r.Close()
	all := map[string]string{}
	for {
		c, err := r.Lease(r.t.Context(), 1000)
		if err == io.EOF {
			return all
		}
		if err != nil {
			r.t.Fatal(err)
		}
		for _, b := range c.Blocks {
			all[c.Key] += string(b.Body)
		}
		r.Settle(c, nil)
	}
}

// empty fails the test where anything is left; what the committer was writing
// when it was answered for gives its memory back afterwards.
func (r *rig) empty() {
	r.t.Helper()
	synctest.Wait()
	if s := r.Stats(); s.Records != 0 || s.DiskRecords != 0 || s.Bytes != 0 {
		r.t.Fatalf("left: %+v", s)
	}
}

func TestDiskIsSafeBeforeItIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := vfstest.New()
		r := start(t, disk, rigOptions{when: Always})
		r.add("a", 10, false)
		r.add("b", 5, false)
		synctest.Wait()
		if r.acks.count() != 2 {
			t.Fatalf("%d receipts", r.acks.count())
		}
		c := r.lease(1000)
		r.Settle(c, []uint32{1})
		r.finish() // and the sink took all but one item
		r = start(t, disk, rigOptions{when: Always})
		if s := r.Stats(); s.Recovered != 30 || s.Records != 30 || s.DiskRecords != 30 {
			t.Fatalf("%+v", s)
		}
		if got := r.drain(); got["a"] != "abcdefghij" || got["b"] != "abcde" {
			t.Fatalf("%v", got)
		}
		r.empty()
		r.finish()
		if files := disk.Files(); len(files) != 0 {
			t.Fatalf("left: %v", files)
		}
	})
}

func TestAutoWritesNothingForAHealthySink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, vfstest.New(), rigOptions{when: Needed})
		for range 1000 {
			r.add("a", 60, false)
			r.add("a", 60, false)
			r.Settle(r.lease(1000), nil)
		}
		r.finish()
		if s := r.Stats(); s.Written != 0 || r.acks.count() != 2000 || len(r.disk.Files()) != 0 {
			t.Fatalf("%+v, %d receipts, files %v", s, r.acks.count(), r.disk.Files())
		}
		r.empty()
	})
}

func TestAutoWritesWhatMatters(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(r *rig)
		want int // receipts that come though nothing is delivered
	}{
		"nothing yet":               {func(r *rig) {}, 0},
		"a client waits":            {func(r *rig) { r.add("b", 1, true) }, 1},
		"it waited long":            {func(r *rig) { time.Sleep(cfg.FlushInterval + patience) }, 2},
		"not quite so long":         {func(r *rig) { time.Sleep(cfg.FlushInterval + patience - time.Millisecond) }, 0},
		"an attempt failed":         {func(r *rig) { r.Failed(r.lease(130)) }, 1},
		"a part was not taken":      {func(r *rig) { r.Settle(r.lease(130), []uint32{0, 3}) }, 1},
		"it was delivered":          {func(r *rig) { r.Settle(r.lease(130), nil) }, 1},
		"the end":                   {func(r *rig) { r.finish() }, 2},
		"the end while it was sent": {func(r *rig) { r.lease(130); r.finish() }, 2},
		"memory is short and the sink takes nothing": {func(r *rig) {
			time.Sleep(cfg.FlushInterval)
			r.share.Take("", 1<<20)
			r.Admit("")
		}, 2},
		"memory is short and the sink goes on": {func(r *rig) {
			time.Sleep(cfg.FlushInterval)
			r.add("c", 100, false)
			r.Settle(r.lease(130), nil)
			r.share.Take("", 1<<20)
			r.Admit("")
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, vfstest.New(), rigOptions{when: Needed})
				r.add("a", 100, false)
				r.add("a", 100, false)
				synctest.Wait()
				c.do(r)
				synctest.Wait()
				if r.acks.count() != c.want {
					t.Errorf("%d receipts, want %d", r.acks.count(), c.want)
				}
				r.finish()
			})
		})
	}
}

func TestMemoryStaysBoundedAndOrderIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, when := range []Policy{Always, Needed} {
			disk := vfstest.New()
			r := start(t, disk, rigOptions{when: when, memory: 100_000, limit: 10 << 20})
			want := map[string]string{}
			for i := range 500 {
				for {
					wait := r.Admit("")
					if wait == nil {
						break
					}
					<-wait
				}
				key := string(rune('a' + i%3))
				body := fmt.Sprintf("<%s%d>", strings.Repeat("x", 900), i)
				b := &event.Block{Key: key, Ack: event.NewAck(&r.acks), Body: []byte(body)}
				b.Close(event.ID{}, 1)
				want[key] += body
				if err := r.Append(b); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			if s := r.Stats(); s.Records != 500 || s.Bytes > 110_000 || s.DiskRecords < 300 {
				t.Fatalf("%+v", s)
			}
			for key, got := range r.drain() {
				if got != want[key] {
					t.Fatalf("%s: order or content is not what was appended", key)
				}
			}
			r.empty()
			r.finish()
			if len(disk.Files()) != 0 {
				t.Fatalf("left: %v", disk.Files())
			}
		}
	})
}

func TestADiskThatFailsCostsNoBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := vfstest.New()
		r := start(t, disk, rigOptions{when: Always})
		r.add("a", 10, true)
		synctest.Wait()
		disk.Fail(func(c vfstest.Call) error {
			if c.Op == "sync" {
				return syscall.EIO
			}
			return nil
		})
		r.add("a", 20, true)
		r.add("b", 30, true)
		synctest.Wait()
		if s := r.Stats(); r.acks.count() != 1 || !s.Degraded || !strings.Contains(r.log.String(), "cannot be written") {
			t.Fatalf("%d receipts, %+v, %s", r.acks.count(), s, r.log)
		}
		c := r.lease(1000)
		r.Settle(c, nil) // delivered from memory
		if r.acks.count() != 2 {
			t.Fatalf("%d receipts", r.acks.count())
		}
		disk.Fail(nil)
		time.Sleep(2 * retryMax)
		if s := r.Stats(); r.acks.count() != 3 || s.Degraded || !strings.Contains(r.log.String(), "can be written again") {
			t.Fatalf("%d receipts, %+v, %s", r.acks.count(), s, r.log)
		}
		r.finish()
		r = start(t, disk, rigOptions{when: Always})
		if got := r.drain(); len(got) != 1 {
			t.Fatalf("%v", got)
		}
		r.finish()
	})
}

func TestWhatCannotBeReadBackIsCountedAndSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := vfstest.New()
		r := start(t, disk, rigOptions{when: Always})
		r.add("a", 10, true)
		synctest.Wait()
		r.add("a", 20, true)
		synctest.Wait()
		r.finish()
		r = start(t, disk, rigOptions{when: Always})
		file := disk.Files()[0]
		disk.Edit(file, func(p []byte) []byte {
			copy(p[bytes.Index(p, []byte("abcdefghij")):], "ABC")
			return p
		})
		begin := time.Now()
		if got := r.drain(); got["a"] != "abcdefghijklmnopqrst" || time.Since(begin) > time.Minute {
			t.Fatalf("%v after %v", got, time.Since(begin))
		}
		if s := r.Stats(); s.Lost != 20 || !strings.Contains(r.log.String(), "records are lost") {
			t.Fatalf("%+v %s", s, r.log)
		}
		r.empty()
		r.finish()
		if files := disk.Files(); !slices.Equal(files, []string{file + wal.Aside}) {
			t.Fatal(files)
		}
	})
}

func TestAReadErrorThatPassesLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := vfstest.New()
		r := start(t, disk, rigOptions{when: Always})
		r.add("a", 10, true)
		synctest.Wait()
		r.finish()
		r = start(t, disk, rigOptions{when: Always})
		failures := 0
		disk.Fail(func(c vfstest.Call) error {
			if c.Op == "read" && failures < 2 {
				failures++
				return syscall.EIO
			}
			return nil
		})
		if got := r.drain(); got["a"] != "abcdefghij" || failures != 2 {
			t.Fatalf("%v after %d failures", got, failures)
		}
		r.empty()
		r.finish()
	})
}

func TestNewestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := vfstest.New()
		r := start(t, disk, rigOptions{when: Always})
		for n := 1; n <= 3; n++ {
			r.add("a", n, true)
		}
		synctest.Wait()
		r.finish()
		o := rigOptions{when: Always}
		o.NewestFirst = true
		r = start(t, disk, o)
		r.add("a", 4, true)
		var got []int
		for range 4 {
			c := r.lease(1)
			got = append(got, c.Len())
			r.Settle(c, nil)
		}
		if !slices.Equal(got, []int{4, 3, 2, 1}) {
			t.Fatal(got)
		}
		r.finish()
	})
}

func TestMemoryDeliversWhatADiskBufferLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := vfstest.New()
		r := start(t, disk, rigOptions{when: Always})
		r.add("a", 3, true)
		synctest.Wait()
		r.finish()
		r = start(t, disk, rigOptions{when: Never})
		r.add("a", 2, true)
		if got := r.drain(); got["a"] != "abcab" || r.Stats().Written != 0 {
			t.Fatalf("%v %+v", got, r.Stats())
		}
		r.finish()
		if len(disk.Files()) != 0 {
			t.Fatal(disk.Files())
		}
	})
}
