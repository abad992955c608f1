package forwarder

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"sluice/event"
	"sluice/forwarder/buffer"
	"sluice/forwarder/ledger"
)

// mark sets the state of records whose position is divisible by n.
type mark struct {
	n     uint64
	state event.State
}

func (m mark) Apply(b *event.Batch) {
	for i := range b.Recs {
		if r := &b.Recs[i]; r.State == event.Live && r.ID.Position()%m.n == 0 {
			r.State = m.state
		}
	}
}

func filter(pattern, name string, f Filter) Step {
	s := match(pattern)
	s.Filter, s.Name = f, name
	return s
}

func down(*event.Chunk) (event.Verdict, error) {
	return event.Verdict{}, errors.New("connection refused")
}

func isDown(n int) *scripted {
	s := &scripted{}
	for range n {
		s.script = append(s.script, down)
	}
	return s
}

// settle lets the fake clock run.
func settle(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestRouting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, errs, rest := &scripted{}, &scripted{}, &scripted{}, &scripted{}
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			la, lb := Output{Lane: lane("a", a)}, Output{Lane: lane("b", b)}
			return Pipeline{
				Root: []Step{
					filter("app.**", "thirds", mark{3, event.Dropped}),
					filter("app.**", "tens", mark{10, event.Failed}),
					match("app.copy", la, lb),
					filter("app.**", "late", mark{1, event.Dropped}), // after the match: never reached by app.copy
					match("app.label", Output{Label: "@X"}),
				},
				Labels: map[string][]Step{
					"@X":       {filter("**", "odd", mark{7, event.Dropped}), match("**", Output{Lane: lane("rest", rest)})},
					ErrorLabel: {match("**", Output{Lane: lane("errors", errs)})},
				},
			}
		})
		r.emit(t, "app.copy", 30) // 1..30: 10 thirds dropped; 10, 20 failed; 18 live
		r.emit(t, "other", 5)     // no match
		settle(time.Minute)
		if len(a.got()) != 18 || !slices.Equal(a.got(), b.got()) || !slices.Equal(errs.got(), []uint64{10, 20}) || rest.got() != nil {
			t.Errorf("a %v, b %v, errors %v, rest %v", a.got(), b.got(), errs.got(), rest.got())
		}
		if got := r.stream.Account(); got != (ledger.Account{Read: 35, Delivered: 20, Dropped: 15, DroppedBy: event.Drops{event.Filtered: 10, event.NoMatch: 5}}) {
			t.Errorf("account %+v", got)
		}
		for _, c := range []struct {
			filter, reason string
			want           float64
		}{{"thirds", "filtered", 10}, {"router", "no_match", 5}} {
			if got := testutil.ToFloat64(r.dropped.WithLabelValues(c.filter, c.reason)); got != c.want {
				t.Errorf("%s %s: %v, want %v", c.filter, c.reason, got, c.want)
			}
		}
		r.finish(t)
	})
}

// What was split off another record goes its way, whatever becomes of the
// other.
func TestWhatWeighsNothingGoesOnAlone(t *testing.T) {
	for name, c := range map[string]struct {
		filter            mark
		delivered, failed []uint64
	}{
		"the other is dropped": {mark{3, event.Dropped}, []uint64{4}, nil},
		"it is dropped":        {mark{4, event.Dropped}, []uint64{3}, nil},
		"it fails":             {mark{4, event.Failed}, []uint64{3}, []uint64{4}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, errs := &scripted{}, &scripted{}
				r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
					return Pipeline{
						Root:   []Step{filter("**", "some", c.filter), match("**", Output{Lane: lane("a", s)})},
						Labels: map[string][]Step{ErrorLabel: {match("**", Output{Lane: lane("errors", errs)})}},
					}
				})
				r.split(t, "x")
				settle(time.Minute)
				if !slices.Equal(s.got(), c.delivered) || !slices.Equal(errs.got(), c.failed) {
					t.Errorf("delivered %v, failed %v", s.got(), errs.got())
				}
				r.finish(t)
			})
		})
	}
}

// What fails and is dropped under @ERROR is dropped in the account, too.
func TestWhatFailsAndIsDroppedIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		null := match("**", Output{Null: true})
		null.Name = "null"
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			return Pipeline{
				Root:   []Step{filter("**", "tens", mark{10, event.Failed}), match("**", Output{Lane: lane("a", &scripted{})})},
				Labels: map[string][]Step{ErrorLabel: {null}},
			}
		})
		r.emit(t, "x", 20)
		settle(time.Minute)
		if got := r.stream.Account(); got.Delivered != 18 || got.DroppedBy != event.Null.Of(2) {
			t.Errorf("account %+v", got)
		}
		r.finish(t)
	})
}

func TestALabelIsFollowedAndALoopEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{}
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			return Pipeline{
				Root: []Step{match("**", Output{Label: "@A"}, Output{Label: "@B"})},
				Labels: map[string][]Step{
					"@A": {filter("**", "even", mark{2, event.Dropped}), match("**", Output{Lane: lane("a", s)})},
					"@B": {match("**", Output{Label: "@B"})},
				},
			}
		})
		r.emit(t, "x", 4)
		settle(time.Minute)
		if !slices.Equal(s.got(), []uint64{1, 3}) || r.stream.Safe() != 4 {
			t.Errorf("stored %v, safe up to %d", s.got(), r.stream.Safe())
		}
		r.finish(t)
	})
}

func TestWithOneSinkDownTheOtherGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up, dead := &scripted{}, isDown(1000)
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			return Pipeline{Root: []Step{match("up", Output{Lane: lane("up", up)}), match("down", Output{Lane: lane("down", dead)})}}
		})
		for r.Admit("down") == nil { // as a source does: until it must wait
			r.emit(t, "down", 100)
		}
		filled := int(r.end)
		for range 1000 {
			for wait := r.Admit("up"); wait != nil; wait = r.Admit("up") {
				<-wait
			}
			r.emit(t, "up", 100)
		}
		settle(time.Minute)
		if len(up.got()) != 100000 || r.Admit("down") == nil || r.Admit("up") != nil {
			t.Fatalf("%d stored while the other was down", len(up.got()))
		}
		if r.stream.Safe() != 0 {
			t.Fatal("the position moved past what is not safe")
		}
		dead.mu.Lock()
		dead.script = nil
		dead.mu.Unlock()
		settle(time.Minute)
		if len(dead.got()) != filled || r.stream.Safe() != r.end {
			t.Fatalf("after it came back: %d of %d stored", len(dead.got()), filled)
		}
		r.finish(t)
	})
}

func TestAParkedKeyHoldsOnlyItsOwnTag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		park := func(c *event.Chunk) (event.Verdict, error) {
			if c.Key == "missing" {
				return event.Verdict{Retry: all(c.Len()), Signal: event.Park, Reason: "404"}, nil
			}
			return event.Verdict{Accepted: uint32(c.Len())}, nil
		}
		s := &scripted{script: []func(*event.Chunk) (event.Verdict, error){park, park, park, park}}
		r := start(t, one(s))
		r.cfg.Lanes[0].cfg.ParkBytes = 150
		r.emit(t, "missing", 200)
		settle(2 * time.Second)
		r.emit(t, "good", 10)
		settle(2 * time.Second)
		if !slices.Equal(s.calls, []int{200, 10}) || r.Admit("good") != nil || r.Admit("missing") == nil {
			t.Fatalf("deliveries %v", s.calls)
		}
		settle(2 * time.Minute) // the key is tried again, twice refused, then taken
		if len(s.got()) != 210 || r.Admit("missing") != nil || r.stream.Safe() != r.end {
			t.Fatalf("%d stored", len(s.got()))
		}
		r.finish(t)
	})
}

func TestStopDeliversWhatIsInFlightAndLeavesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up, dead := &scripted{}, isDown(1000)
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			return Pipeline{Root: []Step{match("up", Output{Lane: lane("up", up)}), match("down", Output{Lane: lane("down", dead)})}}
		})
		r.emit(t, "up", 10)
		r.emit(t, "down", 10)
		begin := time.Now()
		r.stop()
		if err := <-r.ended; err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); len(up.got()) != 10 || r.stream.Safe() != 10 || d != 10*time.Second {
			t.Fatalf("%d stored, safe up to %d, stopped after %v", len(up.got()), r.stream.Safe(), d)
		}
	})
}

type source func(ctx context.Context, out Out) error

func (s source) Run(ctx context.Context, out Out) error { return s(ctx, out) }

func TestASourceThatFailsStopsEverythingInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{}
		broken := errors.New("broken")
		var stream *ledger.Stream
		fails := source(func(ctx context.Context, out Out) error {
			b := &event.Batch{Tag: "x"}
			b.Begin(event.Record{Weight: 1})
			b.Ack = event.NewAck(stream.Open(1, 1))
			defer b.Ack.Done()
			return errors.Join(out.Emit(ctx, b), broken)
		})
		stream = ledger.New().Stream("fails", 0, nil)
		waits := source(func(ctx context.Context, _ Out) error { <-ctx.Done(); return nil })
		log := slog.New(slog.DiscardHandler)
		lane := newLane(t, "es", s, buffer.NewBudget(1000).Share(), &deadLetters{}, log)
		f, err := New(Config{
			Sources: map[string]Source{"fails": fails, "waits": waits}, Lanes: []*Lane{lane},
			Pipeline: Pipeline{Root: []Step{match("**", Output{Lane: lane})}}, Grace: time.Second,
		}, log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Run(t.Context()); !errors.Is(err, broken) || !strings.Contains(err.Error(), "input fails") {
			t.Fatalf("Run: %v", err)
		}
		if stream.Safe() != 1 {
			t.Fatal("what it had read was not delivered")
		}
	})
}
