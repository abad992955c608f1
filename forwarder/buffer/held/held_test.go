package held

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"sluice/event"
	"sluice/forwarder/buffer/vfs/vfstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type receipt struct{ n atomic.Int64 }

func (r *receipt) Settled(event.Drops) { r.n.Add(1) }

func (r *receipt) ack() *event.Ack { return event.NewAck(r) }

type rig struct {
	*Store
	log  bytes.Buffer
	end  context.CancelFunc
	done chan struct{}
}

func start(t *testing.T, d *vfstest.Disk) *rig {
	t.Helper()
	r := &rig{done: make(chan struct{})}
	s, report := Open(Options{FS: d, Dir: "/data/held", Log: slog.New(slog.NewTextHandler(&r.log, nil))})
	if report.Problems != nil {
		t.Fatalf("%+v", report)
	}
	r.Store = s
	ctx, end := context.WithCancel(context.Background())
	r.end = end
	go func() { r.Run(ctx); close(r.done) }()
	return r
}

func (r *rig) finish() {
	r.end()
	<-r.done
}

func frame(n int) Frame {
	return Frame{Stage: "join", Key: fmt.Sprint("key ", n%3), Tag: "app", ID: event.MakeID(0, event.SourceKey{}, uint64(n)), Weight: 2, Data: fmt.Appendf(nil, "record %d", n)}
}

func TestWhatIsHeldComesBackUntilItIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, r := vfstest.New(), &receipt{}
		s := start(t, d)
		var parts []*Part
		for n := range 4 {
			parts = append(parts, s.Put(frame(n), r.ack()))
		}
		synctest.Wait()
		if r.n.Load() != 4 {
			t.Fatalf("%d receipts", r.n.Load())
		}
		if _, commits := s.wal.Written(); commits > 2 {
			t.Fatalf("%d commits for 4 frames at once", commits)
		}
		joined := Ack(parts[1:3])
		joined.Done() // the sink has the record that was made of them
		after := d.Crash(rand.New(rand.NewPCG(1, 1)))
		s.finish()
		for disk, want := range map[*vfstest.Disk][]int{d: {0, 3}, after: {0, 1, 2, 3}} {
			s = start(t, disk)
			list := s.Recovered()
			if len(list) != len(want) || len(s.Recovered()) != 0 {
				t.Fatalf("%d parts, want %v", len(list), want)
			}
			for i, p := range list {
				f, err := p.Frame()
				if err != nil || !reflect.DeepEqual(f, frame(want[i])) {
					t.Fatalf("%+v %v", f, err)
				}
				p.Release()
			}
			s.finish()
			if files := disk.Files(); len(files) != 0 {
				t.Fatal(files)
			}
		}
	})
}

func TestAReleaseBeforeTheWriteGivesTheReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, r := vfstest.New(), &receipt{}
		d.Fail(func(c vfstest.Call) error {
			if c.Op == "write" {
				return syscall.ENOSPC
			}
			return nil
		})
		s := start(t, d)
		first, second := s.Put(frame(0), r.ack()), s.Put(frame(1), r.ack())
		synctest.Wait()
		if r.n.Load() != 0 || strings.Count(s.log.String(), "cannot be written down") != 1 {
			t.Fatalf("%d receipts: %s", r.n.Load(), &s.log)
		}
		if f, err := second.Frame(); err != nil || !reflect.DeepEqual(f, frame(1)) {
			t.Fatalf("%+v %v", f, err)
		}
		first.Release()
		if r.n.Load() != 1 {
			t.Fatalf("%d receipts", r.n.Load())
		}
		d.Fail(nil)
		time.Sleep(retryMax)
		synctest.Wait()
		if r.n.Load() != 2 || !strings.Contains(s.log.String(), "can be written down again") {
			t.Fatalf("%d receipts: %s", r.n.Load(), &s.log)
		}
		second.Release()
		s.finish()
		if files := d.Files(); len(files) != 0 {
			t.Fatal(files)
		}
	})
}

func TestAFullStoreMakesSendersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, r := vfstest.New(), &receipt{}
		s := start(t, d)
		big := frame(0)
		big.Data = make([]byte, 40<<20)
		first := s.Put(big, r.ack())
		synctest.Wait()
		s.Put(big, r.ack())
		synctest.Wait()
		if r.n.Load() != 1 {
			t.Fatalf("%d receipts", r.n.Load())
		}
		first.Release()
		time.Sleep(2 * sweepEach)
		synctest.Wait()
		if r.n.Load() != 2 {
			t.Fatalf("%d receipts", r.n.Load())
		}
		s.finish()
	})
}

// TestPowerCuts: after each one every frame whose receipt came, and that was
// not released, is there.
func TestPowerCuts(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 5))
			d, s := vfstest.New(), (*rig)(nil)
			held, next := map[int]*Part{}, 0
			for range 4 {
				s = start(t, d)
				found := map[int]*Part{}
				for _, p := range s.Recovered() {
					f, err := p.Frame()
					if err != nil {
						t.Fatal(err)
					}
					found[int(f.ID.Position())] = p
				}
				for n := range held {
					if found[n] == nil {
						t.Fatalf("seed %d: frame %d is lost", seed, n)
					}
				}
				held = found
				for range rnd.IntN(20) {
					r := &receipt{}
					p := s.Put(frame(next), r.ack())
					if rnd.IntN(2) == 0 {
						synctest.Wait()
					}
					if r.n.Load() == 1 {
						held[next] = p
					}
					next++
					for n, p := range held {
						if rnd.IntN(3) == 0 {
							p.Release()
							delete(held, n)
						}
						break
					}
					if rnd.IntN(5) == 0 {
						time.Sleep(sweepEach)
					}
				}
				after := d.Crash(rnd)
				s.finish()
				d = after
			}
		})
	}
}
