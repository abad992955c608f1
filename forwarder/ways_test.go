package forwarder

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"sluice/event"
)

// retagBy names a tag by the record's position.
type retagBy func(pos uint64) string

func (r retagBy) Retag(b *event.Batch, tags []string) {
	for i := range b.Recs {
		tags[i] = r(b.Recs[i].ID.Position())
	}
}

func TestRetagTurnNullAndRoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		odd, even, turns := &scripted{}, &scripted{}, [2]*scripted{{}, {}}
		parity := retagBy(func(pos uint64) string {
			return []string{"@EVEN\x00even", "odd", ""}[pos%3]
		})
		same := retagBy(func(uint64) string { return "again" })
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			a, b := lane("a", turns[0]), lane("b", turns[1])
			named := func(s Step, name string) Step {
				s.Name = name
				return s
			}
			return Pipeline{
				Root: []Step{
					named(match("in", Output{Retag: parity}), "parity"),
					named(match("again", Output{Retag: same}), "loop"),
					match("odd", Output{Lane: lane("odd", odd)}),
					match("turn", Output{Turn: []Output{{Lane: a}, {Lane: b}}}),
					named(match("gone", Output{Null: true}), "nothing"),
				},
				Labels: map[string][]Step{"@EVEN": {
					match("even", Output{Lane: lane("even", even)}),
					match("**", Output{Label: RootLabel}),
				}},
			}
		})
		r.emit(t, "in", 9) // 3 each way, 3 dropped
		r.emit(t, "again", 2)
		r.emit(t, "gone", 4)
		for range 4 {
			r.emit(t, "turn", 1)
		}
		out := entry{r.Forwarder, "@EVEN"}
		if wait := out.Admit("odd"); wait != nil {
			t.Error("a lane with room does not admit")
		}
		settle(time.Minute)
		r.finish(t)
		for i, got := range []int{len(odd.got()), len(even.got()), len(turns[0].got()), len(turns[1].got())} {
			if want := []int{3, 3, 2, 2}[i]; got != want {
				t.Errorf("output %d got %d records, want %d", i, got, want)
			}
		}
		for _, c := range []struct {
			name, reason string
			n            float64
		}{{"parity", "no_rule", 3}, {"loop", "endless_tags", 2}, {"nothing", "null", 4}} {
			if got := testutil.ToFloat64(r.dropped.WithLabelValues(c.name, c.reason)); got != c.n {
				t.Errorf("%s dropped %v for %s, want %v", c.name, got, c.reason, c.n)
			}
		}
	})
}

// Several ways out that each take some: a record goes every way that takes it,
// and counts as dropped only where none does.
func TestSeveralWaysThatTakeSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes := func(which ...uint64) retagBy {
			return func(pos uint64) string {
				if slices.Contains(which, pos%4) {
					return "in"
				}
				return ""
			}
		}
		sinks := [2]*scripted{{}, {}}
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			return Pipeline{
				Root: []Step{match("in",
					Output{Retag: takes(0, 1), Label: "@A", Some: true}, Output{Retag: takes(1, 2), Label: "@B", Some: true},
					Output{Retag: takes(3), Label: "nowhere", Some: true})},
				Labels: map[string][]Step{
					"@A": {match("**", Output{Lane: lane("a", sinks[0])})},
					"@B": {match("**", Output{Lane: lane("b", sinks[1])})},
				},
			}
		})
		r.emit(t, "in", 8)
		settle(time.Minute)
		r.finish(t)
		if a, b := len(sinks[0].got()), len(sinks[1].got()); a != 4 || b != 4 {
			t.Errorf("%d and %d records came, want 4 and 4", a, b)
		}
		if n := testutil.CollectAndCount(r.dropped); n != 1 {
			t.Errorf("%d reasons to drop, want 1", n)
		}
		if got := testutil.ToFloat64(r.dropped.WithLabelValues("router", "no_match")); got != 2 {
			t.Errorf("%v dropped for no match, want 2", got)
		}
	})
}

// A turn that leads nowhere takes its share, and nobody else gets it.
func TestTurnsThatLeadNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{}
		r := start(t, func(lane func(string, Sink) *Lane) Pipeline {
			half := match("half", Output{Turn: []Output{{Lane: lane("es", s)}, {Null: true}}})
			all := match("all", Output{Turn: []Output{{Null: true}}})
			half.Name, all.Name = "half", "all"
			return Pipeline{Root: []Step{half, all}}
		})
		for range 4 {
			r.emit(t, "half", 1)
			r.emit(t, "all", 1)
		}
		r.finish(t)
		if got := s.got(); len(got) != 2 || r.stream.Safe() != 8 {
			t.Errorf("stored %v, safe %d", got, r.stream.Safe())
		}
		for name, want := range map[string]float64{"half": 2, "all": 4} {
			if got := testutil.ToFloat64(r.dropped.WithLabelValues(name, "null")); got != want {
				t.Errorf("%s dropped %v, want %v", name, got, want)
			}
		}
	})
}
