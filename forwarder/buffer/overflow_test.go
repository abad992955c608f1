package buffer

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sluice/forwarder/buffer/vfs/vfstest"
)

func TestABlockThatFitsInNoFileHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, vfstest.New(), rigOptions{when: Always, limit: 5000})
		r.add("a", 1000, true) // 24 bytes and a body each: too much
		r.add("a", 10, true)
		synctest.Wait()
		if r.acks.count() != 1 || r.Stats().Degraded {
			t.Fatalf("%d receipts, %+v", r.acks.count(), r.Stats())
		}
		r.drain()
		if r.acks.count() != 2 {
			t.Fatalf("%d receipts", r.acks.count())
		}
		r.empty()
		r.finish()
	})
}

func TestOverflow(t *testing.T) {
	body := func(r *rig) (got []int) {
		for key := range r.drain() {
			var n int
			fmt.Sscan(key, &n)
			got = append(got, n)
		}
		slices.Sort(got)
		return got
	}
	for _, c := range []struct {
		action Overflow
		when   Policy
	}{{Block, Always}, {DropNewest, Always}, {DropOldest, Always}, {DropNewest, Never}, {DropOldest, Never}, {DropOldest, Needed}} {
		t.Run(fmt.Sprint(c.action, c.when), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, vfstest.New(), rigOptions{
					Config: Config{FlushBytes: 1 << 20, FlushInterval: time.Hour, Overflow: c.action},
					when:   c.when, limit: 100_000, memory: 100_000,
				})
				n := 0
				for ; n < 200; n++ {
					wait := r.Admit("")
					for wait != nil && c.action != Block {
						<-wait
						wait = r.Admit("")
					}
					if wait != nil {
						synctest.Wait() // the committer makes room, if it can
						if wait = r.Admit(""); wait != nil {
							break
						}
					}
					r.add(fmt.Sprint(n), 500, false)
					if c.when == Needed {
						time.Sleep(cfg.FlushInterval + patience)
					}
				}
				synctest.Wait()
				s := r.Stats()
				r.Flush()
				got := body(r)
				switch {
				case c.action == Block && (s.Dropped != 0 || n == 200 || len(got) != n || n < 12):
					t.Errorf("%d taken, %d left, %+v", n, len(got), s)
				case c.action == Block:
				case n != 200 || len(got) == 0 || s.Dropped != uint64(2*500*(200-len(got))):
					t.Errorf("%d taken, %d left, %+v", n, len(got), s)
				case c.action == DropNewest && got[0] != 0, c.action == DropOldest && got[len(got)-1] != 199:
					t.Errorf("the wrong ones are left: %v", got)
				}
				if r.acks.count() != n {
					t.Errorf("%d receipts of %d", r.acks.count(), n)
				}
				r.empty()
				r.finish()
			})
		})
	}
}
