package tally

import (
	"reflect"
	"testing"
	"time"

	"sluice/bench/mark"
)

func doc(stream int, seq int64) []byte {
	return append(mark.Append([]byte(`{"message":"`), mark.Mark{Stream: stream, Seq: seq}), `"}`...)
}

func TestVerify(t *testing.T) {
	type marks = [][2]int64 // stream, number
	for _, c := range []struct {
		name string
		came marks
		made []int64
		want Verdict
	}{
		{name: "nothing made"},
		{name: "whole, in any order", came: marks{{1, 2}, {0, 1}, {1, 1}}, made: []int64{1, 2}},
		{
			name: "one in the middle", came: marks{{0, 1}, {0, 3}}, made: []int64{3},
			want: Verdict{Lost: 1, Details: []string{"stream 0: 1 of 3 lost, the first is 2"}},
		},
		{
			name: "the end", came: marks{{0, 1}}, made: []int64{200},
			want: Verdict{Lost: 199, Details: []string{"stream 0: 199 of 200 lost, the first is 2"}},
		},
		{
			name: "a whole stream", came: marks{{1, 1}}, made: []int64{2, 1},
			want: Verdict{Lost: 2, Details: []string{"stream 0: 2 of 2 lost, the first is 1"}},
		},
		{
			name: "doubled", came: marks{{0, 1}, {0, 2}, {0, 1}, {0, 1}}, made: []int64{2},
			want: Verdict{Doubled: 2, Details: []string{"stream 0: 2 doubled"}},
		},
		{
			name: "beyond what was made", came: marks{{0, 1}, {0, 64}, {2, 9}}, made: []int64{1},
			want: Verdict{Strange: 2, Details: []string{"stream 0: 1 beyond the 1 made, up to 64", "stream 2: 1 beyond the 0 made, up to 9"}},
		},
		{
			name: "a loss hides behind no double", came: marks{{0, 1}, {0, 1}}, made: []int64{2},
			want: Verdict{Lost: 1, Doubled: 1, Details: []string{"stream 0: 1 of 2 lost, the first is 2", "stream 0: 1 doubled"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := New()
			for _, m := range c.came {
				tally.Note(doc(int(m[0]), m[1]), time.Time{}, time.Now())
			}
			got := tally.Verify(c.made)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if whole := c.want.Lost+c.want.Doubled+c.want.Strange == 0; got.Whole() != whole {
				t.Errorf("Whole is %v", got.Whole())
			}
		})
	}
}

func TestDocumentsWithoutAMark(t *testing.T) {
	tally := New()
	tally.Note([]byte(`{"message":"hello"}`), time.Time{}, time.Now())
	v := tally.Verify(nil)
	if v.Strange != 1 || v.Whole() || v.String() != "lost 0 doubled 0 strange 1" {
		t.Errorf("%+v: %s", v, v)
	}
	if got := tally.Totals(); got.Unmarked != 1 || got.Records != 0 {
		t.Errorf("totals %+v", got)
	}
}

func TestDelays(t *testing.T) {
	tally := New()
	if d := tally.Delays(); d != (Delays{}) {
		t.Errorf("of nothing: %+v", d)
	}
	at := time.Unix(1000, 0)
	for seq := int64(1); seq <= 100*sampling; seq++ {
		tally.Note(doc(0, seq), at, at.Add(time.Duration(seq)*time.Millisecond))
	}
	// the samples are 8, 16, ... 800 ms
	want := Delays{Records: 100, P50: 400 * time.Millisecond, P99: 792 * time.Millisecond, Max: 800 * time.Millisecond}
	if d := tally.Delays(); d != want {
		t.Errorf("got %+v, want %+v", d, want)
	}
	tally.Note(doc(1, sampling), at, at.Add(-time.Second)) // a clock that went back
	tally.Note(doc(2, sampling), time.Time{}, at)          // no time at all
	if d := tally.Delays(); d.Records != 101 || d.Max != want.Max {
		t.Errorf("got %+v", d)
	}
}

func TestNoteAllocatesNothing(t *testing.T) {
	tally := New()
	one := doc(3, 1<<20)
	at := time.Now()
	tally.Note(one, at, at)
	if n := testing.AllocsPerRun(100, func() { tally.Note(one, at, at) }); n > 0 {
		t.Errorf("%v allocations per record", n)
	}
}
