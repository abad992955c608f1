package filter

import (
	"bytes"
	"testing"

	"sluice/event"
	tree "sluice/wire/metadata"
)

// keptRecords writes a batch as the joiner does for its keeper.
func keptRecords(b *event.Batch) []byte {
	var shared []byte
	if b.Shared != nil {
		shared, _ = tree.Append(nil, b.Shared)
	}
	data := []byte{keptVersion, byte(len(shared))}
	data = append(data, shared...)
	for i := range b.Recs {
		data = appendKept(data, b, i)
	}
	return data
}

func TestKeptRecordsAreReadAsTheyCame(t *testing.T) {
	b := packed(t, `{"m":"a","n":1}`, `{"m":"b","o":{"p":[null]}}`, `{}`)
	b.Recs[1].Time, b.Recs[1].Pos, b.Recs[1].Flags, b.Recs[1].Weight = event.Time{Sec: -5, Nsec: 7}, -1, event.Truncated, 9
	b.Shared = &event.Fragment{Pod: "web-1"}
	got, err := ReadKept(keptRecords(b))
	if err != nil || len(got.Recs) != 3 || got.Shared.Pod != "web-1" || !got.Kept || got.Urgent {
		t.Fatalf("%v: %+v", err, got)
	}
	for i := range b.Recs {
		x, y := b.Recs[i], got.Recs[i]
		x.Field0, y.Field0 = 0, 0
		if x != y || show(b, i) != show(got, i) {
			t.Errorf("%+v %s\n%+v %s", x, show(b, i), y, show(got, i))
		}
	}
}

// keepAll keeps everything, and says at once that it is safe.
type keepAll struct{ data [][]byte }

func (k *keepAll) Keep(_ string, _ event.ID, _ uint16, data []byte, ack *event.Ack) *event.Ack {
	k.data = append(k.data, data)
	ack.Done()
	return event.NewAck(nothing{})
}

type nothing struct{}

func (nothing) Settled(event.Drops) {}

// Fields that a judge takes away are needed to judge again.
func TestAllModesJoinWhatWasKeptAsBefore(t *testing.T) {
	for name, c := range concatCases() {
		t.Run(name, func(t *testing.T) {
			for cut := range c.records { // the process ends there
				k := &keepAll{}
				var out [2][]string
				for life, records := range [][]string{c.records[:cut+1], c.records[cut+1:]} {
					stage := newConcat(t, c.change)
					stage.KeepWith(k)
					s := newStaged(t, stage)
					for _, data := range k.data {
						b, err := ReadKept(data)
						if err != nil {
							t.Fatal(err)
						}
						b.Tag = "kubernetes.var.log.app"
						if err := stage.Process(t.Context(), b, s.note(""), s.note("~")); err != nil {
							t.Fatal(err)
						}
					}
					k.data = nil
					s.out, s.end = nil, int64(life*(cut+1))
					for _, o := range records {
						s.sendUrgent(o)
					}
					if life == 1 {
						s.flush(true)
					}
					out[life] = s.out
					if life == 0 {
						k.data = open(t, stage, k.data)
					}
				}
				got := append(out[0], out[1]...)
				if want := c.want; len(got) != len(want) {
					t.Errorf("cut after %d: %q, want %q", cut+1, got, want)
				} else {
					for i := range want {
						if got[i] != want[i] {
							t.Errorf("cut after %d: %q, want %q", cut+1, got, want)
							break
						}
					}
				}
			}
		})
	}
}

// open is what was kept and is still open: the store lets go the rest.
func open(t *testing.T, c *Concat, data [][]byte) (list [][]byte) {
	t.Helper()
	for _, d := range data {
		b, err := ReadKept(d)
		if err != nil {
			t.Fatal(err)
		}
		if c.join.kept[b.Recs[0].ID] != nil {
			list = append(list, d)
		}
	}
	return list
}

func FuzzReadKept(f *testing.F) {
	b := packed(f, `{"m":"a","n":1}`, `{"m":"b"}`)
	f.Add(keptRecords(b))
	f.Add([]byte{keptVersion})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadKept(data)
		if err != nil {
			return
		}
		if b.Shared != nil {
			return // its bytes may be written in other ways
		}
		again, err := ReadKept(keptRecords(b))
		if err != nil || len(again.Recs) != len(b.Recs) || !bytes.Equal(keptRecords(again), keptRecords(b)) {
			t.Fatalf("%v: %d records, %d", err, len(again.Recs), len(b.Recs))
		}
	})
}
