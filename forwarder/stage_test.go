package forwarder

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// holder holds the records of even positions for a while, or hands on all under
// another tag.
type holder struct {
	mu    sync.Mutex
	held  []heldBatch
	retag string
	wait  time.Duration
}

type heldBatch struct {
	b     *event.Batch
	late  event.Emit
	since time.Time
}

func (h *holder) Process(ctx context.Context, b *event.Batch, emit, late event.Emit) error {
	if h.retag != "" {
		tag := b.Tag
		b.Tag = h.retag
		defer func() { b.Tag = tag }()
		return emit(ctx, b)
	}
	keep := b.Branch()
	for i := range b.Recs {
		if b.Recs[i].ID.Position()%2 == 0 {
			b.Recs[i].State = event.Dropped
		} else {
			keep.Recs[i].State = event.Dropped
		}
	}
	keep.Ack.Fork(1)
	h.mu.Lock()
	h.held = append(h.held, heldBatch{keep, late, time.Now()})
	h.mu.Unlock()
	return emit(ctx, b)
}

func (h *holder) Flush(ctx context.Context, now time.Time, all bool) error {
	h.mu.Lock()
	var due []heldBatch
	h.held = slices.DeleteFunc(h.held, func(x heldBatch) bool {
		over := all || now.Sub(x.since) >= h.wait
		if over {
			due = append(due, x)
		}
		return over
	})
	h.mu.Unlock()
	for _, x := range due {
		if err := x.late(ctx, x.b); err != nil {
			return err
		}
		x.b.Ack.Done()
	}
	return nil
}

func stage(pattern string, s Stage, late string) Step {
	step := match(pattern)
	step.Stage, step.Name, step.Late = s, "stage", late
	return step
}

func TestAStageHoldsRecordsAndTheirReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, late := &scripted{}, &scripted{}
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			return Pipeline{
				Root: []Step{
					stage("**", &holder{wait: 20 * time.Second}, "@LATE"),
					filter("**", "five", mark{5, event.Dropped}),
					match("**", Output{Lane: lane("now", s)}),
				},
				Labels: map[string][]Step{"@LATE": {filter("**", "six", mark{6, event.Dropped}), match("**", Output{Lane: lane("late", late)})}},
			}
		})
		r.emit(t, "x", 6)
		settle(10 * time.Second)
		if !slices.Equal(s.got(), []uint64{1, 3}) || late.got() != nil || r.stream.Safe() != 0 {
			t.Fatalf("stored %v, late %v, safe %d", s.got(), late.got(), r.stream.Safe())
		}
		settle(20 * time.Second)
		if !slices.Equal(late.got(), []uint64{2, 4}) || r.stream.Safe() != 6 {
			t.Fatalf("late %v, safe %d", late.got(), r.stream.Safe())
		}
		if got := r.stream.Account(); got != (ledger.Account{Read: 6, Delivered: 4, Dropped: 2, DroppedBy: event.Filtered.Of(2)}) {
			t.Errorf("account %+v", got)
		}
		r.emit(t, "x", 2) // 8 is held when the stop comes
		r.finish(t)
		if !slices.Equal(late.got(), []uint64{2, 4, 8}) || r.stream.Safe() != 8 {
			t.Errorf("after the stop late %v, safe %d", late.got(), r.stream.Safe())
		}
	})
}

func TestAStageGivesAnotherTag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{}
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			return Pipeline{Root: []Step{
				filter("new.tag", "threes", mark{3, event.Dropped}),
				stage("raw.**", &holder{retag: "new.tag"}, ""),
				match("new.tag", Output{Lane: lane("es", s)}),
			}}
		})
		r.emit(t, "raw.a", 4)
		if n := len(r.router.path(RootLabel, "raw.a").reach()); n != 1 {
			t.Errorf("Admit asks %d lanes", n)
		}
		settle(time.Minute)
		if !slices.Equal(s.got(), []uint64{1, 2, 4}) || r.stream.Safe() != 4 {
			t.Errorf("stored %v, safe %d", s.got(), r.stream.Safe())
		}
		r.finish(t)
	})
}

// At the end nothing stays held: not even what one stage lets go and another,
// which was asked before it, holds.
func TestTheEndAsksStagesUntilAllIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{}
		second, first := &holder{wait: time.Hour}, &holder{wait: time.Hour}
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			return Pipeline{Root: []Step{
				stage("b", second, ""),
				stage("a", first, ""),
				match("a", Output{Retag: retagBy(func(uint64) string { return "b" })}),
				match("b", Output{Lane: lane("es", s)}),
			}}
		})
		r.emit(t, "a", 4)
		r.finish(t)
		if got := s.got(); len(got) != 4 || r.stream.Safe() != 4 {
			t.Errorf("stored %v, safe %d", got, r.stream.Safe())
		}
	})
}
