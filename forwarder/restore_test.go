package forwarder

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/event"
	stages "sluice/forwarder/filter"
)

// keeping stands for the store of held records.
type keeping struct {
	mu      sync.Mutex
	kept    map[int]keptFrame
	waiting []*event.Ack
	n       int
}

type keptFrame struct {
	n    int
	tag  string
	data []byte
}

func (k *keeping) Keep(tag string, _ event.ID, _ uint16, data []byte, ack *event.Ack) *event.Ack {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.n++
	k.kept[k.n] = keptFrame{k.n, tag, slices.Clone(data)}
	k.waiting = append(k.waiting, ack)
	return event.NewAck(letsGo{k, k.n})
}

// fsync makes safe what was put.
func (k *keeping) fsync() {
	k.mu.Lock()
	list := k.waiting
	k.waiting = nil
	k.mu.Unlock()
	for _, a := range list {
		a.Done()
	}
}

// count is how many frames there are.
func (k *keeping) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.kept)
}

// reopen is the store as the next process finds it, and what it gives back.
func (k *keeping) reopen(t *testing.T) (*keeping, []Held) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	next := &keeping{kept: map[int]keptFrame{}, n: k.n}
	var list []Held
	for n := range k.n + 1 {
		f, ok := k.kept[n]
		if !ok {
			continue
		}
		b, err := stages.ReadKept(f.data)
		if err != nil {
			t.Fatal(err)
		}
		b.Tag, b.Ack = f.tag, event.NewAck(letsGo{next, n})
		next.kept[n] = f
		list = append(list, Held{Stage: "join", Label: RootLabel, Batch: b})
	}
	return next, list
}

type letsGo struct {
	k *keeping
	n int
}

func (l letsGo) Settled(event.Drops) {
	l.k.mu.Lock()
	defer l.k.mu.Unlock()
	if _, ok := l.k.kept[l.n]; !ok {
		panic("BUG: let go twice")
	}
	delete(l.k.kept, l.n)
}

// reader is a sink that notes what it is given: position, weight, text.
type reader struct {
	scripted
	texts []string
}

func (s *reader) Encode(dst *event.Blocks, b *event.Batch) {
	s.scripted.Encode(dst, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Recs {
		if r := &b.Recs[i]; r.State == event.Live {
			v, _ := b.Get(i, b.KeyString("m"))
			note := fmt.Sprintf("%d*%d %s", r.ID.Position(), r.Weight, b.Bytes(v))
			if r.Flags&event.Partial != 0 {
				note += " partial"
			}
			if b.Shared != nil {
				note += " of " + b.Shared.Pod
			}
			s.texts = append(s.texts, note)
		}
	}
}

func (s *reader) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.texts)
}

// say sends texts, whose positions begin at first.
func (r *rig) say(t *testing.T, urgent bool, first uint64, texts ...string) {
	t.Helper()
	b := &event.Batch{Tag: "a", Urgent: urgent, Shared: &event.Fragment{Pod: "web"}}
	for i, text := range texts {
		b.Begin(event.Record{Weight: 1, ID: event.MakeID(0, event.SourceKey{}, first+uint64(i))})
		b.Add(b.KeyString("m"), b.PutString(text, event.Text))
	}
	r.end += int64(len(texts))
	b.Ack = event.NewAck(r.stream.Open(r.end, len(texts)))
	if err := r.Emit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	b.Ack.Done()
}

func joining(t *testing.T, s Sink, k stages.Keeper, name string) func(func(string, Sink) *Lane) Pipeline {
	t.Helper()
	cfg := stages.DefaultConcatConfig()
	cfg.Key, cfg.StartRegexp, cfg.Separator = "m", "^S", " "
	c, err := stages.NewConcat(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.KeepWith(k)
	return func(lane func(string, Sink) *Lane) Pipeline {
		step := stage("**", c, "")
		step.Name = name
		return Pipeline{Root: []Step{step, match("**", Output{Lane: lane("es", s)})}}
	}
}

// A client gets its acknowledgement for the first part of a join, and the
// process ends there. What it got that for is stored once, whatever comes then.
func TestWhatAStageHeldIsThereAfterAKill(t *testing.T) {
	for name, c := range map[string]struct {
		stage string
		next  func(r *rig, k *keeping)
		want  []string
	}{
		"the rest comes": {"join", func(r *rig, _ *keeping) {
			r.say(t, true, 4, "c", "S2")
		}, []string{"4*4 S1 a b c of web", "5*1 S2 of web"}},
		"nothing comes": {"join", func(*rig, *keeping) {}, []string{"3*3 S1 a b of web"}},
		"the last part comes again, because its acknowledgement was lost": {"join", func(r *rig, k *keeping) {
			r.say(t, true, 3, "b")
			if safe := r.stream.Safe(); safe != 0 {
				t.Errorf("a part that is not safe yet is acknowledged: %d", safe)
			}
			k.fsync()
			if safe := r.stream.Safe(); safe != 1 {
				t.Errorf("safe up to %d", safe)
			}
			r.say(t, true, 4, "c", "S2")
		}, []string{"4*4 S1 a b c of web", "5*1 S2 of web"}},
		"the filter is no more": {"other", func(*rig, *keeping) {}, []string{"1*1 S1 partial of web", "2*1 a partial of web", "3*1 b partial of web"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, sink := &keeping{kept: map[int]keptFrame{}}, &reader{}
				r := start(t, joining(t, sink, k, "join"))
				r.say(t, true, 1, "S1", "a")
				r.say(t, true, 3, "b")
				if r.stream.Safe() != 0 || k.count() != 2 {
					t.Fatalf("before the fsync: safe %d, %d frames", r.stream.Safe(), k.count())
				}
				k.fsync()
				if r.stream.Safe() != 3 || sink.seen() != nil {
					t.Fatalf("after the fsync: safe %d, stored %v", r.stream.Safe(), sink.seen())
				}
				next, held := k.reopen(t) // as if killed here
				r.finish(t)
				if k.count() != 0 {
					t.Errorf("%d frames of what is safe are kept", k.count())
				}
				sink = &reader{}
				if c.stage == "other" {
					r = start(t, one(sink), held...)
				} else {
					r = start(t, joining(t, sink, next, "join"), held...)
				}
				synctest.Wait()
				c.next(r, next)
				settle(2 * time.Minute)
				next.fsync()
				if got := sink.seen(); !slices.Equal(got, c.want) || next.count() != 0 {
					t.Errorf("stored %q, want %q; %d frames are left", got, c.want, next.count())
				}
				r.finish(t)
			})
		})
	}
}

// What can be read again, what nobody waits for, and what is whole within its
// batch is not kept.
func TestOnlyWhatMustBeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, sink := &keeping{kept: map[int]keptFrame{}}, &reader{}
		r := start(t, joining(t, sink, k, "join"))
		r.say(t, false, 1, "S1", "a")
		if k.n != 0 {
			t.Errorf("%d frames of what nobody waits for", k.n)
		}
		r.say(t, true, 3, "S2", "b", "S3", "c", "S4")
		if k.n != 1 || r.stream.Safe() != 0 {
			t.Errorf("%d frames, safe up to %d; S4 alone is open", k.n, r.stream.Safe())
		}
		settle(2 * time.Minute) // the disk never answers: delivered is as good
		want := []string{"2*2 S1 a of web", "4*2 S2 b of web", "6*2 S3 c of web", "7*1 S4 of web"}
		if !slices.Equal(sink.seen(), want) || k.count() != 0 {
			t.Errorf("stored %q, %d frames", sink.seen(), k.count())
		}
		k.fsync()
		if r.stream.Safe() != 7 {
			t.Errorf("safe up to %d", r.stream.Safe())
		}
		r.finish(t)
	})
}
