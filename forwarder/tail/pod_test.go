package tail

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

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
