package tail

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The bubble's clock moves only when everything waits: what was read in a period
// is exact to within one read.
func TestAQuotaIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.blind = true
		r.cfg.ReadSize = 512 // less than ten lines
		shared, none := &Quota{Lines: 100, Per: 10 * time.Second}, &Quota{Per: time.Second}
		r.cfg.Quota = func(path string) *Quota {
			switch {
			case strings.Contains(path, "_noisy"):
				return shared
			case strings.Contains(path, "_mute"):
				return none
			}
			return nil
		}
		for n, name := range []string{"noisy1", "noisy2", "free", "mute"} {
			r.append(r.container(name), numbered(1000*n, 1000*n+200))
		}
		came := func() (lines [4]int) {
			for _, rec := range r.out.all() {
				for n, name := range []string{"_noisy1-", "_noisy2-", "_free-", "_mute-"} {
					if strings.Contains(rec.tag, name) {
						lines[n]++
					}
				}
			}
			return lines
		}
		r.start()
		for _, want := range []struct {
			after time.Duration
			least int
		}{{5 * time.Second, 50}, {10 * time.Second, 100}, {10 * time.Second, 150}} {
			time.Sleep(want.after)
			lines := came()
			for _, n := range lines[:2] {
				if n < want.least || n >= want.least+30 {
					t.Errorf("%d lines of a noisy log, want %d or a few more", n, want.least)
				}
			}
			if lines[2] != 200 || lines[3] != 0 {
				t.Errorf("%d lines of the free log, %d of the mute one", lines[2], lines[3])
			}
		}
		time.Sleep(20 * time.Second)
		if lines := came(); lines[0] != 200 || lines[1] != 200 {
			t.Errorf("%v lines in the end", lines)
		}
		r.stop()
	})
}

func TestAQuotasParts(t *testing.T) {
	q := &Quota{Lines: 7}
	for _, want := range []int64{7, 7, 3, 2, 1, 1, 1, 1, 1} { // alone, and with ever more
		if got := q.part(); got != want {
			t.Errorf("%d logs: %d", q.logs.Load(), got)
		}
		q.join()
	}
	for range 8 {
		q.leave()
	}
	if got := q.part(); got != 7 {
		t.Errorf("alone again: %d", got)
	}
}
