package buffer

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"sluice/event"
	"sluice/forwarder/buffer/vfs/vfstest"
)

// model is what a buffer must do, kept in the simplest way: which items there
// are, which were answered for, and which receipts came.
type model struct {
	t    *testing.T
	seed uint64
	rnd  *rand.Rand

	mu       sync.Mutex
	next     int          // number of the next item
	blocks   map[int]int  // by first item: how many
	safe     map[int]bool // by first item: its receipt came
	answered map[int]bool // by item, in any life
}

// receipt notes that a block is safe.
type receipt struct {
	m     *model
	first int
}

func (r receipt) Settled(event.Drops) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	r.m.safe[r.first] = true
}

func (m *model) block() *event.Block {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 1 + m.rnd.IntN(20)
	b := &event.Block{
		Key: []string{"a", "b", "c"}[m.rnd.IntN(3)], Urgent: m.rnd.IntN(3) == 0,
		Ack: event.NewAck(receipt{m, m.next}),
	}
	m.blocks[m.next] = n
	for range n {
		b.Body = fmt.Appendf(b.Body, "%d,", m.next)
		b.Close(event.MakeID(0, event.SourceKey{}, uint64(m.next)), 1)
		m.next++
	}
	return b
}

// settle answers for a random part of a chunk; alive are items answered for in
// this life, which must not come again.
func (m *model) settle(r *rig, c *event.Chunk, alive map[int]bool) {
	if m.rnd.IntN(8) == 0 {
		if rest := c.Halve(func() *event.Block { return &event.Block{} }); rest != nil {
			m.settle(r, rest, alive)
		}
	}
	if m.rnd.IntN(5) == 0 {
		r.Failed(c)
	}
	var keep []uint32
	all := m.rnd.IntN(2) == 0
	for i := range uint32(c.Len()) {
		b, j := c.At(i)
		n := int(b.IDs[j].Position())
		if string(b.Item(j)) != fmt.Sprintf("%d,", n) {
			m.t.Fatalf("seed %d: item %d is %q", m.seed, n, b.Item(j))
		}
		if alive[n] {
			m.t.Fatalf("seed %d: item %d was leased again after its answer", m.seed, n)
		}
		if !all && m.rnd.IntN(3) == 0 {
			keep = append(keep, i)
			continue
		}
		alive[n] = true
		m.mu.Lock()
		m.answered[n] = true
		m.mu.Unlock()
	}
	r.Settle(c, keep)
	if c.Len() > 0 {
		r.Return(c, time.Duration(m.rnd.IntN(3))*time.Second)
	}
}

// life runs one buffer for a while and returns what is left of its disk: after
// a power cut, or an orderly stop.
func (m *model) life(disk *vfstest.Disk, o rigOptions, faulty bool) *vfstest.Disk {
	r := start(m.t, disk, o)
	if faulty {
		fail := rand.New(rand.NewPCG(m.seed, 77))
		disk.Fail(func(c vfstest.Call) error {
			if c.Op != "read" && fail.IntN(20) == 0 {
				return syscall.EIO
			}
			return nil
		})
	}
	alive := map[int]bool{}
	for range 20 + m.rnd.IntN(60) {
		switch m.rnd.IntN(4) {
		case 0, 1:
			if wait := r.Admit(""); wait == nil {
				if err := r.Append(m.block()); err != nil {
					m.t.Fatal(err)
				}
			}
		case 2:
			if r.Stats().Records > 0 {
				m.settle(r, r.lease(1+m.rnd.IntN(400)), alive)
			}
		case 3:
			time.Sleep(time.Duration(m.rnd.IntN(3000)) * time.Millisecond)
		}
	}
	if m.rnd.IntN(2) == 0 {
		disk.Fail(nil)
		r.finish()
		return disk
	}
	// What was safe before the cut must be there after it; receipts and answers
	// that come later are of no life that counts.
	m.mu.Lock()
	safe := maps.Clone(m.safe)
	m.mu.Unlock()
	after := disk.Crash(m.rnd)
	disk.Fail(nil)
	r.finish()
	m.safe = safe
	return after
}

// TestModelWithPowerCutsAndFaults runs random work through several lives, each
// ended in order or by a power cut, with faults in every call but read. At the
// end all that was safe was answered for.
func TestModelWithPowerCutsAndFaults(t *testing.T) {
	runs := 300
	if testing.Short() {
		runs = 50
	}
	for seed := range uint64(runs) {
		for _, when := range []Policy{Always, Needed} {
			synctest.Test(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(seed, uint64(when)))
				m := &model{t: t, seed: seed, rnd: rnd, blocks: map[int]int{}, safe: map[int]bool{}, answered: map[int]bool{}}
				o := rigOptions{when: when, memory: 4000 + rnd.IntN(20_000), limit: 10_000 + int64(rnd.IntN(50_000))}
				disk := vfstest.New()
				for range 1 + rnd.IntN(4) {
					disk = m.life(disk, o, rnd.IntN(2) == 0)
				}
				r := start(t, disk, o)
				for r.Stats().Records > 0 {
					c := r.lease(1000)
					for i := range uint32(c.Len()) {
						b, j := c.At(i)
						m.answered[int(b.IDs[j].Position())] = true
					}
					r.Settle(c, nil)
				}
				r.empty()
				r.finish()
				for first := range m.safe {
					for n := first; n < first+m.blocks[first]; n++ {
						if !m.answered[n] {
							t.Fatalf("seed %d, %v: item %d was safe and is lost", seed, when, n)
						}
					}
				}
				if files := disk.Files(); len(files) > 0 {
					t.Fatalf("seed %d: left: %v", seed, files)
				}
			})
		}
	}
}
