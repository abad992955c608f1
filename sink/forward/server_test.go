package forward

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// clock is a group's time.
type clock struct{ now time.Time }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

func newGroup(beats bool, list ...*server) (*group, *clock) {
	c := &clock{time.Unix(1795340550, 0)}
	g := &group{now: func() time.Time { return c.now }, beats: beats, hardTimeout: time.Minute, recoverWait: 10 * time.Second}
	for i, s := range list {
		s.host, s.port = fmt.Sprint("s", i), 1
	}
	g.set(list)
	return g, c
}

// picks counts n chunks by server.
func picks(g *group, n int) string {
	count := map[*server]int{}
	for range n {
		count[g.pick(nil)]++
	}
	var out []string
	for _, s := range g.list {
		out = append(out, fmt.Sprint(count[s]))
	}
	return strings.Join(out, " ")
}

func TestChunksGoByWeight(t *testing.T) {
	a, b, c := &server{weight: 60}, &server{weight: 30}, &server{weight: 0}
	g, _ := newGroup(true, a, b, c, &server{weight: 60, standby: true})
	for range 3 {
		if got := picks(g, 9); got != "6 3 0 0" {
			t.Errorf("%s of 9", got)
		}
	}
	last, again := (*server)(nil), 0
	for range 90 { // in turn, not in runs
		s := g.pick(nil)
		if s == last {
			again++
		}
		last = s
	}
	if again > 30 {
		t.Errorf("%d of 90 went where the one before went", again)
	}
}

func TestStandbyMakesUpForWhatIsLost(t *testing.T) {
	a, b, x, y := &server{weight: 60}, &server{weight: 60}, &server{weight: 30, standby: true}, &server{weight: 60, standby: true}
	g, _ := newGroup(true, a, b, x, y)
	g.mark(a, false)
	if got := picks(g, 15); got != "0 6 3 6" { // 60 are lost: 30 do not do
		t.Errorf("one is down: %s of 15", got)
	}
	g.mark(y, false)
	g.mark(b, false)
	if got := picks(g, 3); got != "0 0 3 0" {
		t.Errorf("one is left: %s of 3", got)
	}
	g.mark(a, true)
	g.mark(b, true)
	if got := picks(g, 4); got != "2 2 0 0" {
		t.Errorf("all are back: %s of 4", got)
	}
}

// When none is left each gets its chance, the one that failed longest ago first.
func TestSomebodyMustFindOut(t *testing.T) {
	for _, beats := range []bool{true, false} {
		a, b := &server{weight: 1}, &server{weight: 1}
		g, c := newGroup(beats, a, b)
		g.mark(b, false)
		c.pass(time.Millisecond)
		g.mark(a, false)
		first := g.pick(nil)
		second := g.pick([]*server{first})
		if first != b || second != a || g.pick([]*server{a, b}) != nil {
			t.Errorf("beats %v: %p then %p", beats, first, second)
		}
	}
}

// Without heartbeats a server that failed gets one chunk after 1 s, 2 s, 4 s.
func TestProbes(t *testing.T) {
	a, b := &server{weight: 1}, &server{weight: 1}
	g, c := newGroup(false, a, b)
	for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		g.mark(a, false)
		c.pass(wait - 1)
		if got := picks(g, 10); got != "0 10" {
			t.Errorf("before %v: %s", wait, got)
		}
		c.pass(1)
		if got := picks(g, 10); got != "1 9" {
			t.Errorf("after %v: %s", wait, got)
		}
	}
	for range 20 {
		g.mark(a, false)
	}
	if wait := a.probe.Sub(c.now); wait != lastProbe {
		t.Errorf("after many failures %v", wait)
	}
	if changed, up := g.mark(a, true); !changed || !up {
		t.Error("a success does not bring it back")
	}
	if got := picks(g, 10); got != "5 5" {
		t.Errorf("back: %s", got)
	}
}

// With heartbeats it is back when it has answered for recover_wait in a row.
func TestRecovery(t *testing.T) {
	a, b := &server{weight: 1}, &server{weight: 1}
	g, c := newGroup(true, a, b)
	g.mark(a, false)
	c.pass(time.Hour)
	steps := []struct {
		ok bool
		up bool
	}{{true, false}, {true, false}, {false, false}, {true, false}, {true, false}, {true, true}, {true, true}}
	for i, s := range steps {
		c.pass(5 * time.Second)
		due := g.quiet(5 * time.Second)
		if len(due) == 0 || due[0] != a {
			t.Fatalf("step %d: no heartbeat is due", i)
		}
		if again := g.quiet(time.Nanosecond); len(again) > 1 {
			t.Fatalf("step %d: a second heartbeat while one is under way", i)
		}
		_, up := g.beat(a, s.ok)
		if up != s.up || a.down == s.up {
			t.Fatalf("step %d: up is %v", i, up)
		}
	}
}

// A heartbeat without an answer proves nothing before the hard timeout; what is
// heard otherwise counts as well.
func TestHardTimeout(t *testing.T) {
	a := &server{weight: 1}
	g, c := newGroup(true, a)
	c.pass(40 * time.Second)
	if changed, _ := g.beat(a, false); changed {
		t.Error("down after 40 s")
	}
	g.mark(a, true) // a chunk went well
	c.pass(50 * time.Second)
	if changed, _ := g.beat(a, false); changed {
		t.Error("down 50 s after a chunk went well")
	}
	c.pass(11 * time.Second)
	if changed, up := g.beat(a, false); !changed || up {
		t.Error("still up after 61 s")
	}
	if len(g.quiet(time.Second)) != 1 {
		t.Error("no heartbeat for a server that is down")
	}
}

func TestBusyServersGetNoHeartbeats(t *testing.T) {
	a, b := &server{weight: 1}, &server{weight: 1}
	g, c := newGroup(true, a, b)
	c.pass(4 * time.Second)
	g.mark(a, true)
	c.pass(4 * time.Second)
	if due := g.quiet(5 * time.Second); len(due) != 1 || due[0] != b {
		t.Errorf("%d heartbeats are due", len(due))
	}
}

// Servers that stay keep what is known of them.
func TestSetKeepsWhatIsKnown(t *testing.T) {
	a, b := &server{weight: 1}, &server{weight: 1}
	g, _ := newGroup(true, a, b)
	g.mark(a, false)
	gone := g.set([]*server{{host: "s0", port: 1, weight: 7}, {host: "s9", port: 1, weight: 1}})
	if len(gone) != 1 || gone[0] != b || !b.deserted {
		t.Errorf("gone: %v", gone)
	}
	if list := g.servers(); len(list) != 2 || list[0] != a || !a.down || a.weight != 7 || list[1].host != "s9" {
		t.Errorf("%+v", g.list)
	}
	if changed, _ := g.beat(b, false); changed {
		t.Error("a server that is gone changes")
	}
}
