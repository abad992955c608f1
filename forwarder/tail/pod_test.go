package tail

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"sluice/event"
)

// slowPod is a pod that becomes known when known is closed.
type slowPod struct {
	path, whole *event.Fragment
	known       chan struct{}
	closed      atomic.Bool
}

func (p *slowPod) Wait() <-chan struct{} {
	select {
	case <-p.known:
		return nil
	default:
		return p.known
	}
}

func (p *slowPod) Fragment() *event.Fragment {
	if p.Wait() != nil {
		return p.path
	}
	return p.whole
}

func (p *slowPod) Close() { p.closed.Store(true) }

// told is a pod of which everything is known.
type told struct {
	f atomic.Pointer[event.Fragment]
}

func (p *told) Fragment() *event.Fragment { return p.f.Load() }

func (p *told) Wait() <-chan struct{} { return nil }

func (p *told) Close() {}

func (p *told) tell(w event.Wishes) { p.f.Store(&event.Fragment{Wishes: w}) }

// What is excluded is not read, and what was passed over stays so when the
// annotation is taken away, and after a restart.
func TestALogThatItsPodExcludes(t *testing.T) {
	r := newRig(t)
	pod := &told{}
	pod.tell(event.Wishes{Stdout: event.StreamWishes{Exclude: true}, Stderr: event.StreamWishes{Exclude: true}})
	r.cfg.Pods = func(*event.Fragment) Pod { return pod }
	live := r.container("app")
	r.append(live, numbered(0, 1000))
	r.start()
	excluded := func() int { return int(testutil.ToFloat64(r.tail.m.excluded)) }
	r.until("it is passed over", func() bool { return excluded() == len(numbered(0, 1000)) })
	r.append(live, line(1000, "line 1000")[:20]) // half a line
	r.must(os.Rename(live, live+".20261122-200000"))
	r.append(live, numbered(1001, 1010))
	r.until("what followed is, too", func() bool { return excluded() == len(numbered(0, 1000))+len(numbered(1001, 1010)) })
	r.until("the position is kept", func() bool { return r.store.files() == 2 })
	r.restart(r.store.clone())
	pod.tell(event.Wishes{})
	r.append(live, numbered(1010, 1012))
	wantNumbered(t, r.records(2), 1010, 1012)
}

func TestAPodsOwnRulesForTraces(t *testing.T) {
	r := newRig(t)
	pod := &told{}
	pod.tell(event.Wishes{Multiline: "/^BEGIN/"})
	r.cfg.Pods = func(*event.Fragment) Pod { return pod }
	live := r.container("app")
	r.append(live, line(0, "BEGIN a")+line(1, "b")+line(2, "BEGIN c"))
	r.start()
	if got := r.records(1)[0].text; got != "BEGIN a\nb" {
		t.Errorf("record %q", got)
	}
	pod.tell(event.Wishes{Multiline: "no language"}) // the settings' rules are back
	r.append(live, line(3, "d")+line(4, "e"))
	r.until("the lines are records", func() bool { return r.out.len() == 4 })
	for n, want := range []string{"BEGIN a\nb", "BEGIN c", "d", "e"} {
		if got := r.out.all()[n].text; got != want {
			t.Errorf("record %d is %q, want %q", n, got, want)
		}
	}
}

// A file waits for its pod, others do not wait for it, and it goes on with what
// is known then. The pod is told when the log is read to its end.
func TestAFileWaitsForItsPod(t *testing.T) {
	r := newRig(t)
	slow := &slowPod{whole: &event.Fragment{Pod: "web"}, known: make(chan struct{})}
	r.cfg.Pods = func(path *event.Fragment) Pod {
		if path.Container != "slow" {
			return pathOnly{path}
		}
		slow.path = path
		return slow
	}
	live := r.container("slow")
	r.append(live, numbered(0, 3))
	r.append(r.container("quick"), numbered(0, 2))
	r.start()
	for _, rec := range r.records(2) {
		if rec.shared.Container != "quick" {
			t.Errorf("a record of %s arrived before its pod was known", rec.shared.Container)
		}
	}
	r.until("the file is parked", func() bool { return r.files(parked) == 1 })
	close(slow.known)
	for _, rec := range r.records(5)[2:] {
		if rec.shared != slow.whole {
			t.Errorf("fragment %+v", rec.shared)
		}
	}
	if slow.closed.Load() {
		t.Error("closed while the log is there")
	}
	r.must(os.Remove(live))
	r.must(os.Remove(filepath.Join(r.dir, "containers", "web_default_slow-"+testID+".log")))
	r.until("the pod is told that its log is read", slow.closed.Load)
}
