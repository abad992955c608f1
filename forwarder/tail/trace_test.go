package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/event"
)

// patient is a rig in which time ends no trace.
func patient(t *testing.T) *rig {
	r := newRig(t)
	r.cfg.MultilineFlush, r.cfg.MultilineMax = time.Hour, time.Hour
	return r
}

func joined(lines ...string) string { return strings.Join(lines, "\n") }

// Two programs' traces, each on its stream, a line of each in turn.
// A position that waits for a trace stays where it is until the trace is
// answered for, also when the file that ends it was made to wait for something of
// the other stream meanwhile, behind what it could be at.
func TestATraceOfARotatedFileIsAwaited(t *testing.T) {
	r := newRig(t)
	r.out.keep, r.cfg.MultilineFlush = true, time.Hour
	live := r.container("app")
	r.append(live, criLine(0, "stdout", "F", "<0>")+criLine(1, "stderr", "F", "Error: <1>"))
	r.start()
	r.records(1)
	r.must(os.Rename(live, live+".20261122-000001"))
	r.append(live, criLine(2, "stdout", "F", "<2>"))
	r.records(2)
	before := r.out.take()
	r.append(live, criLine(3, "stderr", "P", "<3>")+criLine(4, "stdout", "P", "<4>")+
		criLine(5, "stdout", "F", "<5>")+criLine(6, "stderr", "F", "<6>"))
	r.records(5)
	for _, ack := range before { // of what is before, alone
		ack.Done()
	}
	r.restart(r.store.clone())
	r.until("the trace came again", func() bool { return slices.Contains(r.out.texts(), "Error: <1>") })
}

func TestTracesAreJoinedByStream(t *testing.T) {
	r := patient(t)
	live := r.container("app")
	out := []string{"java.lang.Exception: boom", "\tat a.B.c(B.java:1)", "Caused by: java.lang.Error: x", "\t... 1 more"}
	err := []string{"Traceback (most recent call last):", `  File "x.py", line 1, in <module>`, "    f()", "ValueError: boom"}
	text := criLine(0, "stdout", "F", "before")
	for n := range out {
		text += criLine(2*n+1, "stdout", "F", out[n]) + criLine(2*n+2, "stderr", "P", err[n][:3]) + criLine(2*n+2, "stderr", "F", err[n][3:])
	}
	r.append(live, text+criLine(10, "stdout", "F", "after")+criLine(11, "stderr", "F", "after"))
	r.start()
	recs := r.records(5)
	for n, want := range []struct {
		text, stream string
		weight       uint16
		time         uint32
		flags        event.Flags
	}{
		{"before", "stdout", 1, 1, 0},
		{joined(out...), "stdout", 4, 2, event.Multiline},
		{"after", "stdout", 1, 11, 0},
		{joined(err...), "stderr", 4, 3, event.Multiline},
		{"after", "stderr", 1, 12, 0},
	} {
		g := recs[n]
		if g.text != want.text || g.stream != want.stream || g.weight != want.weight || g.time.Nsec != want.time || g.flags != want.flags {
			t.Errorf("record %d: %+v", n, g)
		}
	}
	r.until("the position is at the end", func() bool {
		st, _ := statPath(live)
		e := r.entryOf(live)
		return e != nil && e.Off == st.size
	})
}

// The file is rotated, and the agent restarted, behind every line of a trace:
// it is one record, with one id.
func TestATraceOverRotationAndRestart(t *testing.T) {
	trace := []string{"panic: boom", "", "goroutine 1 [running]:", "main.f(...)", "\t/app/main.go:7", "main.main()", "\t/app/main.go:3 +0x1d"}
	for cut := 1; cut < len(trace); cut++ {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(cut, restart), func(t *testing.T) {
				t.Parallel()
				r := patient(t)
				live := r.container("app")
				write := func(from, to int) {
					for n := from; n < to; n++ {
						r.append(live, criLine(n+1, "stderr", "F", trace[n]))
					}
				}
				r.append(live, criLine(0, "stderr", "F", "before"))
				write(0, cut)
				r.start()
				r.records(1)
				if restart {
					r.until("the position is held", func() bool { return r.entryOf(live) != nil })
					r.stop()
				}
				r.must(os.Rename(live, live+".20261122-200000"))
				write(cut, len(trace))
				r.append(live, criLine(100, "stderr", "F", "after"))
				if restart {
					r.restart(r.store)
				}
				r.until("the end", func() bool { n := r.out.len(); return n > 0 && r.out.all()[n-1].text == "after" })
				recs := r.out.all()
				if g := recs[len(recs)-2]; g.text != joined(trace...) || g.flags != event.Multiline || int(g.weight) != len(trace) {
					t.Errorf("%+v", g)
				}
				if want := map[bool]int{false: 3, true: 2}[restart]; len(recs) != want {
					t.Errorf("%d records, want %d: %q", len(recs), want, r.out.texts())
				}
				r.until("both files are answered for", func() bool {
					old, now := r.entryOf(live+".20261122-200000"), r.entryOf(live)
					size := func(path string) int64 { st, _ := statPath(path); return st.size }
					return old != nil && now != nil && old.Off == size(live+".20261122-200000") && now.Off == size(live)
				})
			})
		}
	}
}

func TestAQuietStreamEndsItsTrace(t *testing.T) {
	r := newRig(t)
	r.cfg.MultilineFlush = 20 * time.Millisecond
	live := r.container("app")
	r.append(live, criLine(0, "stdout", "F", "Error: alone")+criLine(1, "stderr", "F", "Error: boom")+criLine(2, "stderr", "F", "    at f (/x.js:1:1)"))
	r.start()
	recs := r.records(2)
	if recs[0].text != "Error: alone" || recs[0].flags != 0 || recs[0].stream != "stdout" || recs[0].logtag != "F" {
		t.Errorf("%+v", recs[0])
	}
	if recs[1].text != "Error: boom\n    at f (/x.js:1:1)" || recs[1].flags != event.Multiline || recs[1].stream != "stderr" {
		t.Errorf("%+v", recs[1])
	}
	st, _ := statPath(live)
	r.until("its position is saved", func() bool { e := r.entryOf(live); return e != nil && e.Off == st.size })
}

// A trace that does not end is cut, and says so: by its size, by its lines'
// number, by its age.
func TestALimitEndsATrace(t *testing.T) {
	frame := "    at f (/x.js:1:1)"
	t.Run("bytes", func(t *testing.T) {
		r := patient(t)
		r.cfg.MaxLine = 100
		live := r.container("app")
		r.append(live, criLine(0, "stdout", "F", "Error: boom")+strings.Repeat(criLine(1, "stdout", "F", frame), 6)+criLine(9, "stdout", "F", "end"))
		r.start()
		recs := r.records(3)
		if recs[0].text != joined("Error: boom", frame, frame, frame, frame) || recs[0].flags != event.Multiline|event.Partial {
			t.Errorf("%+v", recs[0])
		}
		if recs[1].text != joined(frame, frame) || recs[1].flags != event.Multiline || recs[2].text != "end" {
			t.Errorf("%+v", recs[1:])
		}
	})
	t.Run("lines", func(t *testing.T) {
		r := patient(t)
		live := r.container("app")
		r.append(live, criLine(0, "stdout", "F", "Error: boom")+strings.Repeat(criLine(1, "stdout", "F", frame), maxTraceLines)+criLine(9, "stdout", "F", "end"))
		r.start()
		recs := r.records(3)
		if recs[0].weight != maxTraceLines || recs[0].flags != event.Multiline|event.Partial || recs[1].weight != 1 || recs[1].text != frame {
			t.Errorf("weights %d and %d, flags %d", recs[0].weight, recs[1].weight, recs[0].flags)
		}
	})
	t.Run("age", func(t *testing.T) {
		r := newRig(t)
		r.cfg.MultilineFlush, r.cfg.MultilineMax = time.Hour, 20*time.Millisecond
		live := r.container("app")
		r.append(live, criLine(0, "stdout", "F", "Error: boom")+criLine(1, "stdout", "F", frame))
		r.start()
		if rec := r.records(1)[0]; rec.flags != event.Multiline|event.Partial || rec.weight != 2 {
			t.Errorf("%+v", rec)
		}
	})
}

func TestMultilineSetting(t *testing.T) {
	lines := []string{"2026 a", "Error: boom", "    at f (/x.js:1:1)", "2026 b"}
	for setting, want := range map[string][]string{
		"off":      lines,
		"auto":     {"2026 a", joined(lines[1:3]...), "2026 b"},
		"go, dart": lines,
		"python":   lines,
		"/^20\\d/": {joined(lines[:3]...), lines[3]},
	} {
		t.Run(strings.ReplaceAll(setting, "/", "_"), func(t *testing.T) {
			r := patient(t)
			r.cfg.Multiline = setting
			live := r.container("app")
			for n, line := range lines {
				r.append(live, criLine(n, "stdout", "F", line))
			}
			r.start()
			if strings.HasPrefix(setting, "/") {
				r.append(live, criLine(9, "stdout", "F", "2027 c"))
			}
			recs := r.records(len(want))
			for n := range want {
				if recs[n].text != want[n] {
					t.Errorf("record %d is %q, want %q", n, recs[n].text, want[n])
				}
			}
		})
	}
	for _, bad := range []string{"cobol", "/(/", "auto,cobol", ","} {
		c := DefaultConfig()
		c.Multiline = bad
		if err := c.check(); err == nil || !strings.Contains(err.Error(), "multiline") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Files of no runtime, and Docker's, hold traces too.
func TestTracesInOtherFormats(t *testing.T) {
	r := patient(t)
	plain, docker := filepath.Join(r.dir, "containers", "plain.log"), filepath.Join(r.dir, "containers", "docker.log")
	r.append(plain, "start\npanic: boom\n\tmore\nend\n")
	for n, text := range []string{"start", "panic: boom", `\tmore`, "end"} {
		r.append(docker, fmt.Sprintf(`{"log":"%s\n","stream":"stderr","time":"2026-11-22T20:00:00.00000000%dZ"}`+"\n", text, n))
	}
	r.start()
	count := map[string]int{}
	for _, rec := range r.records(6) {
		count[rec.text]++
	}
	if count["start"] != 2 || count["panic: boom\n\tmore"] != 2 || count["end"] != 2 {
		t.Errorf("%v", count)
	}
}

// Records of two streams that overlap without an end do not hold the position
// for ever.
func TestOverlapsDoNotHoldThePositionForEver(t *testing.T) {
	r := patient(t)
	r.cfg.Multiline, r.cfg.MaxSpan, r.cfg.ReadSize = "/^begin/", 1000, 256
	live := r.container("app")
	var text string
	for n := range 200 {
		stream := []string{"stdout", "stderr"}
		text += criLine(4*n, stream[n%2], "F", fmt.Sprint("begin ", n)) + criLine(4*n+1, stream[1-n%2], "F", "more")
	}
	r.append(live, text)
	r.start()
	r.records(198)
	r.until("the position moved", func() bool { e := r.entryOf(live); return e != nil && e.Off > int64(len(text))/2 })
}
