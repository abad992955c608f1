package forwarder

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/buffer"
	"sluice/forwarder/buffer/vfs/vfstest"
	"sluice/forwarder/buffer/wal"
	"sluice/forwarder/ledger"
)

// Decode reads back what Encode wrote; an item that begins with 99 is alien.
func (s *scripted) Decode(b *event.Batch, blk *event.Block, i int) bool {
	if blk.Item(i)[0] == 99 {
		return false
	}
	b.Begin(event.Record{})
	return true
}

func unreachable(*event.Chunk) (event.Verdict, error) { return event.Verdict{}, errors.New("no route") }

func parked(c *event.Chunk) (event.Verdict, error) {
	return event.Verdict{Retry: all(c.Len()), Signal: event.Park, Reason: "set-up"}, nil
}

func paused(c *event.Chunk) (event.Verdict, error) {
	return event.Verdict{Retry: all(c.Len()), Signal: event.Pause}, nil
}

// always is a script that does not end within a test.
func always(f func(*event.Chunk) (event.Verdict, error)) (script []func(*event.Chunk) (event.Verdict, error)) {
	for range 10_000 {
		script = append(script, f)
	}
	return script
}

// withSecond starts a forwarder whose lane es gives up, on a disk if there is
// one. A nil second: nothing takes what it gives up.
func withSecond(t *testing.T, limit RetryLimit, primary, second *scripted, disk *vfstest.Disk) *rig {
	t.Helper()
	r := &rig{dead: &deadLetters{}, ledger: ledger.New(), ended: make(chan error, 1)}
	r.stream = r.ledger.Stream("test", 0, nil)
	log := slog.New(slog.NewTextHandler(&r.log, nil))
	budget := buffer.NewBudget(100_000)
	lane := func(cfg LaneConfig, sink Sink) *Lane {
		pool := NewPool()
		var store *buffer.Store
		if disk != nil {
			wal, found, _ := wal.Begin(wal.Options{FS: disk, Dir: "/data/buffer/" + cfg.Name, Lane: "test"})
			store = &buffer.Store{When: buffer.Always, Log: wal, Found: found}
		}
		buf := buffer.New(buffer.Config{FlushBytes: 1000, FlushInterval: time.Second}, budget.Share(), pool, store)
		l, err := NewLane(cfg, sink, buf, r.dead, pool, log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	cfg := LaneConfig{Name: "es", Senders: 2, RetryLimit: limit}
	var lanes []*Lane
	if second != nil {
		lanes = append(lanes, lane(LaneConfig{Name: "second", Senders: 1}, second))
		cfg.Second = &Second{Lane: lanes[0], Decoder: primary}
	}
	es := lane(cfg, primary)
	r.begin(t, log, es, append(lanes, es)...)
	return r
}

func TestWhatIsGivenUpGoesToTheSecondary(t *testing.T) {
	for name, c := range map[string]struct {
		limit  RetryLimit
		answer func(*event.Chunk) (event.Verdict, error)
		before time.Duration // it is not given up yet
		after  time.Duration // it is
	}{
		"a time": {RetryLimit{Time: time.Hour}, unreachable, 59 * time.Minute, 61 * time.Minute},
		"tries":  {RetryLimit{Retries: 3}, unreachable, 500 * time.Millisecond, time.Minute},
		"paused": {RetryLimit{Time: time.Hour}, paused, 59 * time.Minute, 61 * time.Minute},
		"parked": {RetryLimit{Time: time.Hour}, parked, 59 * time.Minute, 62 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			primary, second := &scripted{script: always(c.answer)}, &scripted{}
			r := withSecond(t, c.limit, primary, second, nil)
			r.emit(t, "a", 10)
			<-time.After(c.before)
			synctest.Wait()
			if r.stream.Safe() != 0 || len(second.got()) != 0 {
				t.Fatalf("%s: given up too early", name)
			}
			<-time.After(c.after - c.before)
			synctest.Wait()
			if got := second.got(); r.stream.Safe() != 10 || len(got) != 10 || got[0] != 1 || got[9] != 10 || r.dead.n != 0 {
				t.Fatalf("%s: safe up to %d; the secondary has %v", name, r.stream.Safe(), got)
			}
			if a := r.Lanes()[1].Account(); a != (ledger.Account{Read: 10, Dropped: 10, DroppedBy: event.GivenUp.Of(10)}) {
				t.Fatalf("%s: %+v", name, a)
			}
			r.finish(t)
		})
	}
}

// After the limit each chunk has one try, until the sink takes something; then
// it is as patient as before.
func TestASinkThatWorksAgainIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		primary, second := &scripted{script: always(unreachable)}, &scripted{}
		r := withSecond(t, RetryLimit{Time: time.Hour}, primary, second, nil)
		r.emit(t, "a", 1)
		<-time.After(2 * time.Hour)
		r.emit(t, "a", 1)
		<-time.After(time.Minute)
		synctest.Wait()
		if got := second.got(); !slices.Equal(got, []uint64{1, 2}) {
			t.Fatalf("the secondary has %v", got)
		}
		primary.mu.Lock()
		primary.script = nil
		primary.mu.Unlock()
		r.emit(t, "a", 1)
		<-time.After(time.Minute)
		primary.mu.Lock()
		primary.script = always(unreachable)
		primary.mu.Unlock()
		r.emit(t, "a", 1)
		<-time.After(50 * time.Minute)
		synctest.Wait()
		if got := second.got(); !slices.Equal(primary.got(), []uint64{3}) || len(got) != 2 {
			t.Fatalf("the sink has %v, the secondary %v", primary.got(), got)
		}
		<-time.After(20 * time.Minute)
		r.finish(t)
		if got := second.got(); !slices.Equal(got, []uint64{1, 2, 4}) {
			t.Fatalf("the secondary has %v", got)
		}
	})
}

func TestWhatNoSecondaryTakesIsADeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		primary := &scripted{script: always(unreachable)}
		r := withSecond(t, RetryLimit{Retries: 2}, primary, nil, nil)
		r.dead.fail = errors.New("disk full") // the first time
		r.emit(t, "a", 10)
		<-time.After(10 * time.Minute)
		synctest.Wait()
		if r.stream.Safe() != 10 || r.dead.n != 10 {
			t.Fatalf("safe up to %d, %d dead letters", r.stream.Safe(), r.dead.n)
		}
		r.finish(t)
	})
}

func TestASecondaryMayBeNull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		primary := &scripted{script: always(unreachable)}
		r := withSecond(t, RetryLimit{Retries: 2}, primary, nil, nil)
		r.Lanes()[0].cfg.Second = &Second{} // before anything was emitted
		r.emit(t, "a", 10)
		<-time.After(10 * time.Minute)
		synctest.Wait()
		if a := r.Lanes()[0].Account(); r.stream.Safe() != 10 || r.dead.n != 0 || a != (ledger.Account{Read: 10, Dropped: 10, DroppedBy: event.GivenUp.Of(10)}) {
			t.Fatalf("safe up to %d, %d dead letters, %+v", r.stream.Safe(), r.dead.n, a)
		}
		r.finish(t)
	})
}

func TestWhatASecondaryCannotReadIsADeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		primary, second := &scripted{script: always(unreachable)}, &scripted{}
		r := withSecond(t, RetryLimit{Retries: 2}, primary, second, nil)
		r.end = 97
		r.emit(t, "a", 3) // 98, 99, 100
		<-time.After(10 * time.Minute)
		synctest.Wait()
		if r.stream.Safe() != 100 || r.dead.n != 1 || !slices.Equal(second.got(), []uint64{98, 100}) {
			t.Fatalf("safe up to %d, %d dead letters, the secondary has %v", r.stream.Safe(), r.dead.n, second.got())
		}
		r.finish(t)
	})
}

// A crash while records change hands: what was safe is in one of the two
// sinks in the end, and nothing else than was sent.
func TestNothingIsLostBetweenALaneAndItsSecondary(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			disk := vfstest.New()
			primary, second := &scripted{script: always(unreachable)}, &scripted{script: always(unreachable)[:rnd.IntN(8)]}
			failing := rnd.IntN(40)
			disk.Fail(func(c vfstest.Call) error { // the secondary's blocks are in memory alone for a while
				if strings.Contains(c.Path, "/second/") && failing > 0 {
					failing--
					return errors.New("disk full")
				}
				return nil
			})
			r := withSecond(t, RetryLimit{Retries: 2}, primary, second, disk)
			for range 10 {
				r.emit(t, "a", 1+rnd.IntN(5))
				<-time.After(time.Duration(rnd.IntN(800)) * time.Millisecond)
			}
			<-time.After(time.Duration(rnd.IntN(3000)) * time.Millisecond)
			after := disk.Crash(rnd)
			safe, sent, had := r.stream.Safe(), uint64(r.end), second.got()
			r.finish(t)

			primary, second = &scripted{}, &scripted{}
			if rnd.IntN(2) == 0 {
				primary.script = always(unreachable)
			}
			r = withSecond(t, RetryLimit{Retries: 2}, primary, second, after)
			<-time.After(10 * time.Minute)
			r.finish(t)
			got := slices.Concat(had, primary.got(), second.got())
			for pos := uint64(1); pos <= uint64(safe); pos++ {
				if !slices.Contains(got, pos) {
					t.Fatalf("seed %d: %d of %d was safe and is nowhere: %v", seed, pos, safe, got)
				}
			}
			if slices.Max(append(got, 0)) > sent {
				t.Fatalf("seed %d: %v, and %d were sent", seed, got, sent)
			}
		})
	}
}
