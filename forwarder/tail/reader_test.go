package tail

import (
	"strings"
	"testing"
	"time"
)

// A clock that is set back by hours must not put off the next look by hours.
func TestTheNextLookIsByTheMonotonicClock(t *testing.T) {
	begun := time.Now()
	r := &reader{t: &Tail{cfg: Config{Poll: 100 * time.Millisecond}}, begun: begun, now: begun.Add(230 * time.Millisecond)}
	due := r.nextPoll()
	if d := due.Sub(r.now); d != 70*time.Millisecond {
		t.Errorf("in %v", d)
	}
	if !strings.Contains(due.String(), " m=") { // its monotonic reading, see time.Time.String
		t.Errorf("%v is a time of the wall clock", due)
	}
}
