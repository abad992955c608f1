package tail

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"sluice/event"
)

// criLine writes one line of a stream.
func criLine(n int, stream, tag, text string) string {
	return fmt.Sprintf("2026-11-22T20:00:00.%09dZ %s %s %s\n", n+1, stream, tag, text)
}

func TestPartialLinesAreJoinedByStream(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.start()
	a, b := strings.Repeat("a", 3000), strings.Repeat("b", 3000) // longer than a read together
	lines := []string{
		criLine(0, "stdout", "P", "out "+a), criLine(1, "stderr", "P", "err "+b), criLine(2, "stdout", "P", a),
		criLine(3, "stderr", "F", b), criLine(4, "stdout", "F", "end"), criLine(5, "stdout", "F", "next"),
	}
	var ends []uint64
	end := 0
	for _, l := range lines {
		r.append(live, l)
		end += len(l)
		ends = append(ends, uint64(end))
	}
	recs := r.records(3)
	for n, want := range []struct {
		text, stream string
		time         uint32
		pos          int64
		end          uint64
	}{
		{"err " + b + b, "stderr", 2, int64(ends[0]), ends[3]},
		{"out " + a + a + "end", "stdout", 1, 0, ends[4]},
		{"next", "stdout", 6, int64(ends[4]), ends[5]},
	} {
		g := recs[n]
		if g.text != want.text || g.stream != want.stream || g.logtag != "F" || g.flags != 0 ||
			g.time.Nsec != want.time || g.pos != want.pos || g.id.Position() != want.end {
			t.Errorf("record %d: %d bytes, %+v", n, len(g.text), g)
		}
	}
}

// A position waits for what is open, however much behind it is answered for.
func TestAnOpenPartialHoldsThePosition(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	before := criLine(0, "stdout", "F", "before")
	r.append(live, before+criLine(1, "stdout", "P", "one ")+criLine(2, "stderr", "F", "between"))
	r.start()
	r.records(2)
	r.append(live, criLine(3, "stderr", "F", "more"))
	first := r.records(3)
	r.until("the position is saved", func() bool { return r.entryOf(live) != nil })
	if e := r.entryOf(live); e.Off != int64(len(before)) {
		t.Fatalf("position %d, want %d", e.Off, len(before))
	}
	r.restart(r.store)
	r.append(live, criLine(4, "stdout", "F", "two"))
	recs := r.records(3)
	if recs[0].text != "between" || recs[1].text != "more" || recs[2].text != "one two" {
		t.Fatalf("%q", r.out.texts())
	}
	if recs[0].id != first[1].id || recs[1].id != first[2].id {
		t.Error("what was read again has other ids")
	}
	r.until("the position moved on", func() bool {
		st, err := statPath(live)
		return err == nil && r.entryOf(live).Off == st.size
	})
}

func TestAPartialIsJoinedOverARotation(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	before := criLine(0, "stdout", "F", "before")
	r.append(live, before+criLine(1, "stdout", "P", "one "))
	r.start()
	r.records(1)
	r.must(os.Rename(live, live+".1"))
	r.append(live, criLine(2, "stderr", "F", "other")+criLine(3, "stdout", "P", "two ")+criLine(4, "stdout", "F", "three"))
	recs := r.records(3)
	if recs[1].text != "other" || recs[2].text != "one two three" || recs[2].flags != 0 || recs[2].time.Nsec != 2 {
		t.Fatalf("%q", r.out.texts())
	}
	r.until("both files are answered for", func() bool {
		old, now := r.entryOf(live+".1"), r.entryOf(live)
		size := func(path string) int64 { st, _ := statPath(path); return st.size }
		return old != nil && now != nil && old.Off == size(live+".1") && now.Off == size(live)
	})
}

func TestAPartialWithoutAnEnd(t *testing.T) {
	r := newRig(t)
	r.cfg.PartialTimeout = 30 * time.Millisecond
	live := r.container("app")
	r.append(live, criLine(0, "stderr", "P", "last line ")+criLine(1, "stderr", "P", "without newline"))
	r.start()
	rec := r.records(1)[0]
	if rec.text != "last line without newline" || rec.flags != event.Partial || rec.stream != "stderr" || rec.logtag != "P" {
		t.Fatalf("%+v", rec)
	}
	size, _ := statPath(live)
	if rec.id.Position() != uint64(size.size) {
		t.Errorf("the id's position is %d, want the last piece's end, %d", rec.id.Position(), size.size)
	}
	r.until("its position is saved", func() bool { e := r.entryOf(live); return e != nil && e.Off == size.size })
}

func TestLongLines(t *testing.T) {
	r := newRig(t)
	r.cfg.MaxLine, r.cfg.ReadSize = 10000, 64<<10
	live := r.container("app")
	x := strings.Repeat("x", 10000)
	r.append(live, line(0, x)+line(1, x+"yz")+criLine(2, "stdout", "P", x)+criLine(3, "stdout", "F", "abc")+line(4, "end"))
	r.start()
	recs := r.records(4)
	for n, want := range []event.Flags{0, event.Truncated, event.Truncated} {
		if recs[n].text != x || recs[n].flags != want {
			t.Errorf("record %d: %d bytes, flags %d", n, len(recs[n].text), recs[n].flags)
		}
	}
	if recs[3].text != "end" {
		t.Errorf("then %q", recs[3].text)
	}
	if n := testutil.ToFloat64(r.tail.m.truncated); n != 5 {
		t.Errorf("%v bytes counted, want 5", n)
	}
}

// A line of 100 MB, most of it a hole of zeros.
func TestAHugeLineCostsNoMemory(t *testing.T) {
	r := newRig(t)
	r.cfg.ReadSize = 256 << 10
	live := r.container("app")
	head := strings.TrimSuffix(line(0, ""), "\n")
	const size = 100 << 20
	r.append(live, head)
	r.must(os.Truncate(live, int64(len(head))+size))
	r.append(live, "\n"+line(1, "next"))
	r.start()
	recs := r.records(2)
	if n := len(recs[0].text); n != 1<<20 || recs[0].flags != event.Truncated || strings.Trim(recs[0].text, "\x00") != "" {
		t.Errorf("%d bytes, flags %d", n, recs[0].flags)
	}
	if recs[0].id.Position() != uint64(len(head)+size+1) || recs[1].text != "next" {
		t.Errorf("id's position %d, then %q", recs[0].id.Position(), recs[1].text)
	}
	if n := testutil.ToFloat64(r.tail.m.truncated); n != size-1<<20 {
		t.Errorf("%v bytes counted", n)
	}
	if r.out.maxArena > 8<<20 {
		t.Errorf("an arena of %d bytes", r.out.maxArena)
	}
}

func TestALineThatIsNoCRILine(t *testing.T) {
	r := newRig(t)
	live := r.container("app")
	r.append(live, line(0, "a")+"what \xff\x00 is this\n\n"+line(1, "b"))
	r.start()
	recs := r.records(4)
	if recs[1].text != "what \xff\x00 is this" || recs[1].fields != 1 || !recs[1].time.IsZero() || recs[2].text != "" || recs[3].text != "b" {
		t.Fatalf("%+v", recs)
	}
	if n := testutil.ToFloat64(r.tail.m.unparsed); n != 2 {
		t.Errorf("%v lines counted, want 2", n)
	}
}
