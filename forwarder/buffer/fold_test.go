package buffer

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"sluice/event"
	"sluice/forwarder/buffer/segment"
	"sluice/forwarder/buffer/vfs/vfstest"
	"sluice/forwarder/buffer/wal"
)

// tiny adds n blocks of one small record, over the given number of keys, as
// many clients with acknowledgements do, and returns the bodies by key.
func (r *rig) tiny(n, keys int) map[string]string {
	r.t.Helper()
	want := map[string]string{}
	for i := range n {
		if wait := r.Admit(""); wait != nil {
			synctest.Wait() // the committer makes room
			if r.Admit("") != nil {
				r.t.Fatalf("no room for block %d: %+v", i, r.Stats())
			}
		}
		key, body := fmt.Sprint("k", i%keys), fmt.Sprintf("<%d>", i)
		b := &event.Block{Key: key, Tag: "t", Urgent: true, Ack: event.NewAck(&r.acks), Body: []byte(body)}
		b.Close(event.MakeID(0, event.SourceKey{}, uint64(i)), 1)
		want[key] += body
		if err := r.Append(b); err != nil {
			r.t.Fatal(err)
		}
		if i%50 == 0 {
			synctest.Wait()
		}
	}
	synctest.Wait()
	return want
}

func (r *rig) drainsTo(want map[string]string) {
	r.t.Helper()
	got := r.drain()
	if len(got) != len(want) {
		r.t.Fatalf("%d keys, want %d", len(got), len(want))
	}
	for key := range want {
		if got[key] != want[key] {
			r.t.Fatalf("%s: %d bytes came, want %d; or their order is not what was appended", key, len(got[key]), len(want[key]))
		}
	}
	r.empty()
	r.finish()
	if files := r.disk.Files(); len(files) > 0 {
		r.t.Fatalf("left: %v", files)
	}
}

// TestWhatIsOnTheDiskAloneCostsNoMemory: an outage with tiny messages is
// bounded by the disk. Their entries alone would be 20 times the memory.
func TestWhatIsOnTheDiskAloneCostsNoMemory(t *testing.T) {
	for _, keys := range []int{1, 3, 40} {
		synctest.Test(t, func(t *testing.T) {
			o := rigOptions{when: Always, memory: 40_000, limit: 10 << 20, segment: 100_000}
			r := start(t, vfstest.New(), o)
			const blocks = 5000
			want := r.tiny(blocks, keys)
			if s := r.Stats(); s.Records != blocks || s.Bytes > 45_000 || r.acks.count() != blocks {
				t.Fatalf("%d receipts, %+v", r.acks.count(), s)
			}
			r.drainsTo(want)
		})
	}
}

// TestWhatWasFoundCostsNoMemory: the same after a restart, and it is read in
// beside what comes.
func TestWhatWasFoundCostsNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := rigOptions{when: Always, memory: 1 << 20, limit: 10 << 20, segment: 100_000}
		r := start(t, vfstest.New(), o)
		const blocks = 5000
		want := r.tiny(blocks, 3)
		r.finish()
		o.memory = 40_000
		r = start(t, r.disk, o)
		if s := r.Stats(); s.Recovered != blocks || s.Records != blocks || s.Bytes > 20_000 || s.Unread != 0 {
			t.Fatalf("%+v", s)
		}
		for key, more := range r.tiny(100, 3) {
			want[key] += more
		}
		r.drainsTo(want)
	})
}

func TestNewestFirstFromSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := rigOptions{when: Always, memory: 1 << 20, limit: 10 << 20, segment: 100_000}
		r := start(t, vfstest.New(), o)
		r.tiny(1000, 2)
		r.finish()
		o.memory, o.NewestFirst = 40_000, true
		r = start(t, r.disk, o)
		last := map[string]int{"k0": 1000, "k1": 1000}
		for r.Stats().Records > 0 {
			c := r.lease(1)
			var n int
			if _, err := fmt.Sscanf(string(c.Blocks[0].Body), "<%d>", &n); err != nil || n >= last[c.Key] {
				t.Fatalf("%s: %d after %d (%v)", c.Key, n, last[c.Key], err)
			}
			last[c.Key] = n
			r.Settle(c, nil)
		}
		if last["k0"] != 0 || last["k1"] != 1 {
			t.Fatalf("%v", last)
		}
		r.empty()
		r.finish()
	})
}

// TestASpanThatCannotBeRead: a read error that passes costs nothing; what is
// damaged is counted, and the rest is delivered.
func TestASpanThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := rigOptions{when: Always, memory: 1 << 20, limit: 10 << 20, segment: 100_000}
		r := start(t, vfstest.New(), o)
		want := r.tiny(200, 1)["k0"]
		r.finish()
		r = start(t, r.disk, o)
		file := r.disk.Files()[0]
		r.disk.Edit(file, func(p []byte) []byte {
			i := bytes.LastIndex(p[:len(p)/2], []byte("SLFR"))
			for p[i+12] != byte(segment.Block) {
				i = bytes.LastIndex(p[:i], []byte("SLFR"))
			}
			copy(p[i:], "????") // the block is found no more
			return p
		})
		failures := 0
		r.disk.Fail(func(c vfstest.Call) error {
			if c.Op == "read" && failures < 2 {
				failures++
				return syscall.EIO
			}
			return nil
		})
		got, s := r.drain()["k0"], r.Stats()
		r.empty()
		r.finish()
		if failures != 2 || s.Lost != 1 || strings.Count(got, "<") != 199 || strings.Count(want, "<") != 200 {
			t.Fatalf("%d failures, %d lost, %d of %d bytes\n%s", failures, s.Lost, len(got), len(want), r.log)
		}
		if files := r.disk.Files(); !slices.Equal(files, []string{file + wal.Aside}) {
			t.Fatal(files)
		}
	})
}

func TestDropOldestTakesSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := rigOptions{when: Always, memory: 1 << 20, limit: 100_000}
		o.Overflow = DropOldest
		o.Config.FlushBytes, o.Config.FlushInterval = 1<<20, time.Hour
		r := start(t, vfstest.New(), o)
		r.tiny(500, 2)
		r.finish()
		o.memory = 20_000
		r = start(t, r.disk, o)
		for range 500 {
			for wait := r.Admit(""); wait != nil; wait = r.Admit("") {
				<-wait
			}
			r.add("new", 100, true)
		}
		synctest.Wait()
		if s := r.Stats(); s.Dropped == 0 || s.Bytes > 30_000 {
			t.Fatalf("%+v", s)
		}
		r.Flush()
		if got := r.drain(); !strings.HasSuffix(got["k1"], "<499>") && got["k1"] != "" || got["new"] == "" {
			t.Fatalf("%d %d %d", len(got["k0"]), len(got["k1"]), len(got["new"]))
		}
		r.empty()
		r.finish()
	})
}

// TestManyKeysAreReadOnce: their blocks stand mixed in the files. No key has
// the files read for it alone, and chunks are not small for it.
func TestManyKeysAreReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const blocks, keys = 4000, 20
		o := rigOptions{when: Always, memory: 1 << 20, limit: 10 << 20, segment: 1 << 20}
		r := start(t, vfstest.New(), o)
		r.tiny(blocks, keys)
		r.finish()
		r = start(t, r.disk, o)
		reads, leases := 0, 0
		r.disk.Fail(func(c vfstest.Call) error {
			if c.Op == "read" {
				reads++
			}
			return nil
		})
		r.Close()
		for r.Stats().Records > 0 {
			r.Settle(r.lease(1<<20), nil)
			leases++
		}
		// A load is of some 400 blocks: 20 of each key.
		if leases > 2*blocks/20 || reads > blocks+blocks/5 {
			t.Fatalf("%d blocks took %d leases and %d reads", blocks, leases, reads)
		}
		r.finish()
	})
}

// TestNothingHoldsWhatWasDelivered: a list of what may leave memory is no reason
// for blocks to stay there.
func TestNothingHoldsWhatWasDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, vfstest.New(), rigOptions{when: Always, memory: 1 << 20})
		for range 50 {
			r.add("a", 100, true)
		}
		synctest.Wait()
		for r.Stats().Records > 0 {
			r.Settle(r.lease(100), nil)
		}
		look := func() (entries, blocks int) {
			synctest.Wait()
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, e := range r.resident {
				if e.whole != nil || e.first.b != nil {
					blocks++
				}
			}
			return len(r.resident), blocks
		}
		if _, blocks := look(); blocks > 0 {
			t.Fatalf("%d blocks that were delivered are held", blocks)
		}
		time.Sleep(2 * sweepEach)
		if entries, _ := look(); entries > 0 {
			t.Fatalf("%d entries are held", entries)
		}
		r.finish()
	})
}

// TestAStopBeforeAllIsReadInLosesNothing: what was not looked through stays for
// the next life, and what came meanwhile too.
func TestAStopBeforeAllIsReadInLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := rigOptions{when: Always, memory: 1 << 20, limit: 10 << 20}
		r := start(t, vfstest.New(), o)
		want := r.tiny(500, 2)
		r.finish()
		l, found, problems := wal.Begin(wal.Options{FS: r.disk, Dir: dir, Lane: "test"})
		m := New(r.cfg, NewBudget(1<<20).Share(), nil, &Store{When: Always, Log: l, Found: found})
		if s := m.Stats(); problems != nil || s.Unread == 0 || s.Unread != s.DiskBytes {
			t.Fatalf("%v %+v", problems, s)
		}
		b := block("k0", 3, &r.acks)
		if err := m.Append(b); err != nil {
			t.Fatal(err)
		}
		want["k0"] += "abc"
		ctx, stop := context.WithCancel(t.Context())
		stop()
		m.Close()
		m.Run(ctx)
		r = start(t, r.disk, o)
		r.drainsTo(want)
	})
}

// TestWhatComesWaitsUntilAllIsReadIn: the order of a stream holds over a
// restart.
func TestWhatComesWaitsUntilAllIsReadIn(t *testing.T) {
	for _, newestFirst := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, vfstest.New(), rigOptions{when: Always})
			r.add("a", 5, true)
			synctest.Wait()
			r.finish()
			l, found, _ := wal.Begin(wal.Options{FS: r.disk, Dir: dir, Lane: "test"})
			c := r.cfg
			c.NewestFirst = newestFirst
			m := New(c, NewBudget(1<<20).Share(), nil, &Store{When: Always, Log: l, Found: found})
			if err := m.Append(block("a", 100, &r.acks)); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), time.Hour)
			early, err := m.Lease(ctx, 1000)
			stop()
			if newestFirst != (err == nil) {
				t.Fatalf("newest first %v: %v, %v", newestFirst, early, err)
			}
			ctx, stop = context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				m.Run(ctx)
				close(ended)
			}()
			order := []int{}
			if early != nil {
				order = append(order, early.Len())
				m.Settle(early, nil)
			}
			for m.Flush(); len(order) < 2; {
				c := lease(t, m, 1)
				order = append(order, c.Len())
				m.Settle(c, nil)
			}
			if want := map[bool][]int{false: {5, 100}, true: {100, 5}}[newestFirst]; !slices.Equal(order, want) {
				t.Errorf("newest first %v: %v", newestFirst, order)
			}
			m.Close()
			stop()
			<-ended
		})
	}
}
