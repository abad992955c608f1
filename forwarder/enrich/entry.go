package enrich

import (
	"slices"
	"sync/atomic"
	"time"
)

// entry is a pod whose logs are read, under the name that their paths give it.
// All but what is atomic belongs to the table's lock.
type entry struct {
	key  key
	uid  string // of the pod that was found for it; a later one of the same name is another
	refs int
	left time.Time // when refs became 0

	now   atomic.Pointer[metadata]
	ready chan struct{} // closed when nobody needs to wait
	timer *time.Timer   // closes it at the latest; nil: it is closed
}

// enter returns the entry of a pod, with one more user. The first one starts
// the time that logs may wait for it.
func (t *table) enter(k key) *entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[k]
	if e == nil {
		e = &entry{key: k, ready: make(chan struct{})}
		e.timer = time.AfterFunc(t.cfg.Wait, func() { t.giveUp(e) })
		t.entries[k] = e
		t.refresh(e, t.find(e))
	}
	e.refs++
	return e
}

func (t *table) leave(e *entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.refs--; e.refs == 0 {
		e.left = time.Now()
	}
}

// takes reports whether p may be the entry's pod.
func (e *entry) takes(p *pod) bool { return e.uid == "" || e.uid == p.UID }

// refresh makes what is known anew, if it has changed, and ends the wait if
// there is nothing more to wait for.
func (t *table) refresh(e *entry, p *pod) {
	m := &metadata{pod: p, node: t.node}
	spaceKnown := false
	if p != nil {
		e.uid = p.UID
		m.space, spaceKnown = t.spaces[p.Namespace]
	}
	if was := e.now.Load(); was != nil && was.pod == p && p != nil && !spaceKnown && was.space != nil {
		m.space, spaceKnown = was.space, true // the namespace is deleted before its last pod's log is read
	}
	m.partial = p == nil || !spaceKnown || t.node == nil
	if was := e.now.Load(); was == nil || !was.equal(m) {
		e.now.Store(m)
	}
	podDone := p != nil || t.health[pods] == away
	spaceDone := spaceKnown || p == nil || t.health[namespaces] != unasked
	nodeDone := t.node != nil || t.health[nodes] != unasked
	if podDone && spaceDone && nodeDone {
		t.settle(e)
	}
}

func (m *metadata) equal(o *metadata) bool {
	return m.pod == o.pod && m.partial == o.partial && slices.Equal(m.node, o.node) && slices.Equal(m.space, o.space)
}

// settle ends the wait.
func (t *table) settle(e *entry) (waited bool) {
	if e.timer == nil {
		return false
	}
	e.timer.Stop()
	e.timer = nil
	close(e.ready)
	return true
}

func (t *table) giveUp(e *entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.settle(e) {
		t.m.gaveUp.Inc()
	}
}
