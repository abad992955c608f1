package enrich

import (
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/event"
)

// kind is one of the watched resources.
type kind uint8

const (
	pods kind = iota
	nodes
	namespaces
	kinds
)

var kindNames = [kinds]string{"pods", "nodes", "namespaces"}

// health is how it stands with the watch of a resource.
type health uint8

const (
	unasked health = iota // nothing came yet, nothing failed yet
	synced
	away
)

// table is everything that is known, and who waits for what is not.
type table struct {
	cfg Config
	m   *metrics

	mu      sync.Mutex
	health  [kinds]health
	fresh   [kinds]bool // listed since the start: what the list lacks is not there
	pods    map[string]*known
	node    []event.Pair
	spaces  map[string][]event.Pair // labels by namespace
	entries map[key]*entry
	changed bool // since the last save
}

// known is a pod as the API server told of it last.
type known struct {
	*pod
	gone time.Time // when it was found deleted; zero: it is there
}

// metadata is what is known of one pod at a time. It never changes.
type metadata struct {
	pod     *pod // nil: unknown
	node    []event.Pair
	space   []event.Pair
	partial bool
}

func newTable(cfg Config, m *metrics) *table {
	return &table{cfg: cfg, m: m, pods: map[string]*known{}, spaces: map[string][]event.Pair{}, entries: map[key]*entry{}}
}

// setPod takes in a pod that is there.
func (t *table) setPod(p *pod) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(p)
}

func (t *table) put(p *pod) {
	old := t.pods[p.UID]
	if old != nil && old.equal(p) {
		old.gone = time.Time{}
		return
	}
	t.pods[p.UID] = &known{pod: p}
	t.changed = true
	for _, k := range p.keys() {
		if e := t.entries[k]; e != nil && e.takes(p) {
			t.refresh(e, p)
		}
	}
}

// dropPod keeps a pod that is gone: its log may not be read, or found, yet.
func (t *table) dropPod(uid string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k := t.pods[uid]; k != nil && k.gone.IsZero() {
		k.gone, t.changed = time.Now(), true
	}
}

// replacePods takes in a whole list.
func (t *table) replacePods(list []*pod) {
	t.mu.Lock()
	defer t.mu.Unlock()
	there := make(map[string]bool, len(list))
	for _, p := range list {
		there[p.UID] = true
		t.put(p)
	}
	now := time.Now()
	for uid, k := range t.pods {
		if !there[uid] && k.gone.IsZero() {
			k.gone = now
		}
	}
	t.listed(pods)
}

func (t *table) setNode(labels []event.Pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.health[nodes] == synced && slices.Equal(t.node, labels) {
		return // its status changed
	}
	t.node, t.changed = labels, true
	t.listed(nodes)
}

// noNode notes that the node was listed, whether or not it was there.
func (t *table) noNode() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.listed(nodes)
}

func (t *table) setSpace(name string, labels []event.Pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old, ok := t.spaces[name]; ok && slices.Equal(old, labels) {
		return
	}
	t.spaces[name], t.changed = labels, true
	t.refreshAll()
}

func (t *table) dropSpace(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.spaces, name) // metadata that was made keeps it
	t.changed = true
}

func (t *table) replaceSpaces(list map[string][]event.Pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spaces, t.changed = list, true
	t.listed(namespaces)
}

// listed notes that all of a kind is known.
func (t *table) listed(k kind) {
	t.fresh[k], t.health[k] = true, synced
	t.m.up[k].Set(1)
	t.refreshAll()
}

// report notes whether a kind's requests succeed, and whether that is news. A
// server that cannot be reached is not waited for.
func (t *table) report(k kind, ok bool) (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.health[k]
	switch {
	case !ok:
		t.health[k] = away
		t.m.up[k].Set(0)
		t.refreshAll()
		return was != away
	case was == away && t.fresh[k]:
		t.health[k] = synced
		t.m.up[k].Set(1)
	case was == away:
		t.health[k] = unasked // it answers: worth waiting for its list
	}
	return was == away
}

// refreshAll looks at every log's metadata again.
func (t *table) refreshAll() {
	for _, e := range t.entries {
		t.refresh(e, t.find(e))
	}
}

// find returns the pod of an entry; nil if it is unknown.
func (t *table) find(e *entry) *pod {
	if e.uid != "" {
		if k := t.pods[e.uid]; k != nil {
			return k.pod
		}
		return nil
	}
	if k := t.pods[string(e.key)]; k != nil {
		return k.pod
	}
	var best *known
	for _, k := range t.pods {
		if (key(k.Hash) == e.key && k.Hash != "" || nameKey(k.Namespace, k.Name) == e.key) && (best == nil || k.gone.IsZero()) {
			best = k
		}
	}
	if best == nil {
		return nil
	}
	return best.pod
}

// sweep forgets pods that are gone and entries without a log, both for a while.
func (t *table) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.entries, func(_ key, e *entry) bool {
		return e.refs == 0 && now.Sub(e.left) >= t.cfg.Retain
	})
	used := map[string]bool{}
	for _, e := range t.entries {
		used[e.uid] = true
	}
	for uid, k := range t.pods {
		if !k.gone.IsZero() && now.Sub(k.gone) >= t.cfg.Retain && !used[uid] {
			delete(t.pods, uid)
			t.changed = true
		}
	}
	t.m.pods.Set(float64(len(t.pods)))
}
