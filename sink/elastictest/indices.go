package elastictest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// shard is one index that holds documents, on its own or behind a data stream.
type shard struct {
	name   string
	quoted []byte // name as JSON
	uuid   string
	seq    atomic.Int64 // _seq_no of the next document
	made   time.Time
}

func newShard(name string) *shard {
	return &shard{name: name, quoted: appendQuoted(nil, []byte(name)), uuid: randomID(16), made: time.Now()}
}

func randomID(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// target is what a name that documents are sent to means.
type target struct {
	name     string
	shard    *shard // where documents go now
	stream   bool
	failures *shard // a data stream's failure store, if it has one
	old      []*shard
	flat     map[string]bool
	rolls    int
}

// shards are the indices behind a name, without the failure store.
func (t *target) shards() []*shard { return append(slices.Clone(t.old), t.shard) }

// indices are what exists, and the templates that new names are made by.
type indices struct {
	mu         sync.RWMutex
	byName     map[string]*target
	backing    map[string]string // backing index -> its data stream
	templates  map[string]*template
	components map[string]*template
	maxShards  int
	undated    bool // backing indices have no date in their names, as OpenSearch's
}

// template is the part of an index or component template that matters here.
type template struct {
	patterns []string
	priority int
	stream   bool
	failures bool
	flat     []string
	composed []string
}

func newIndices() *indices {
	return &indices{
		byName: map[string]*target{}, backing: map[string]string{}, components: map[string]*template{}, maxShards: 1000,
		// as the one that the full distribution has built in
		templates: map[string]*template{"logs": {patterns: []string{"logs-*-*"}, priority: 100, stream: true}},
	}
}

// find returns what the name means if it exists. The target is not to be
// changed: a rollover puts another in its place.
func (x *indices) find(name string) (*target, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	t, ok := x.byName[name]
	return t, ok
}

// streamOf names the data stream that a backing index belongs to.
func (x *indices) streamOf(backing string) (string, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s, ok := x.backing[backing]
	return s, ok
}

// open returns what the name means and makes it if need be.
func (x *indices) open(name string, needStream bool) (*target, *apiError) {
	if t, ok := x.find(name); ok {
		return t, nil
	}
	if err := badName(name); err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if t, ok := x.byName[name]; ok {
		return t, nil
	}
	tpl := x.template(name)
	if needStream && !tpl.stream {
		return nil, absent(name, " and the index creation request requires a data stream, but no matching index template with data stream template was found for it")
	}
	if n := len(x.byName); n >= x.maxShards {
		return nil, &apiError{status: 400, typ: "validation_exception", reason: fmt.Sprintf("Validation Failed: 1: this action would add [1] shards, but this cluster currently has [%d]/[%d] maximum normal shards open;"+
			" for more information, see https://www.elastic.co/guide/en/elasticsearch/reference/8.19/size-your-shards.html#troubleshooting-max-shards-open;", n, x.maxShards)}
	}
	t := &target{name: name, stream: tpl.stream, flat: map[string]bool{}}
	for _, f := range tpl.flat {
		t.flat[f] = true
	}
	if t.shard = newShard(name); t.stream {
		t.rolls = 1
		t.shard = newShard(x.backingName(".ds-", name, 1))
		x.backing[t.shard.name] = name
		if tpl.failures {
			t.rolls = 2 // both count up together
			t.failures = newShard(x.backingName(".fs-", name, 2))
		}
	}
	x.byName[name] = t
	return t, nil
}

func (x *indices) backingName(prefix, name string, n int) string {
	if x.undated {
		return fmt.Sprintf("%s%s-%06d", prefix, name, n)
	}
	return fmt.Sprintf("%s%s-%s-%06d", prefix, name, time.Now().UTC().Format("2006.01.02"), n)
}

// template is the sum of what applies to a new name: the matching index
// template of the highest priority with its components.
func (x *indices) template(name string) template {
	var best *template
	for _, t := range x.templates {
		for _, p := range t.patterns {
			if glob(p, name) && (best == nil || t.priority > best.priority) {
				best = t
			}
		}
	}
	if best == nil {
		return template{}
	}
	sum := *best
	for _, c := range best.composed {
		if part := x.components[c]; part != nil {
			sum.flat = append(sum.flat[:len(sum.flat):len(sum.flat)], part.flat...)
			sum.failures = sum.failures || part.failures
		}
	}
	return sum
}

// rollover gives a data stream a new backing index.
func (x *indices) rollover(name string) (from, to string, err *apiError) {
	x.mu.Lock()
	defer x.mu.Unlock()
	t, ok := x.byName[name]
	switch {
	case !ok:
		return "", "", &apiError{status: 404, typ: "resource_not_found_exception", reason: "rollover target [" + name + "] does not exist"}
	case !t.stream:
		return "", "", illegal("rollover target is a [concrete index] but one of [alias,data_stream] was expected")
	}
	next := *t
	next.rolls++
	next.shard = newShard(x.backingName(".ds-", name, next.rolls))
	next.old = append(t.old[:len(t.old):len(t.old)], t.shard)
	x.backing[next.shard.name] = name
	x.byName[name] = &next
	return t.shard.name, next.shard.name, nil
}

// resolve returns the indices behind a list of names and patterns, for reading.
func (x *indices) resolve(expr string, lenient bool) ([]*shard, *apiError) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if expr == "" || expr == "_all" {
		expr = "*"
	}
	found := map[string]*shard{}
	for name := range strings.SplitSeq(expr, ",") {
		pattern := strings.Contains(name, "*")
		hit := false
		for n, t := range x.byName {
			if n != name && !(pattern && glob(name, n)) {
				continue
			}
			hit = true
			for _, s := range t.shards() {
				found[s.name] = s
			}
		}
		if stream, ok := x.backing[name]; ok {
			hit = true
			all := x.byName[stream].shards()
			found[name] = all[slices.IndexFunc(all, func(s *shard) bool { return s.name == name })]
		}
		if !hit && !pattern && !lenient {
			return nil, noIndex(name, false)
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *shard) int { return strings.Compare(a.name, b.name) }), nil
}

// remove forgets one plain index.
func (x *indices) remove(name string) (*shard, *apiError) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if strings.Contains(name, "*") || name == "_all" {
		return nil, illegal("Wildcard expressions or all indices are not allowed")
	}
	if stream, ok := x.backing[name]; ok {
		return x.removeBacking(name, stream)
	}
	t, ok := x.byName[name]
	if !ok || t.stream {
		return nil, noIndex(name, ok)
	}
	delete(x.byName, name)
	return t.shard, nil
}

// removeBacking forgets one index of a data stream that is written to no more.
func (x *indices) removeBacking(name, stream string) (*shard, *apiError) {
	t := *x.byName[stream]
	if t.shard.name == name {
		return nil, illegal("index [" + name + "] is the write index for data stream [" + stream + "] and cannot be deleted")
	}
	i := slices.IndexFunc(t.old, func(s *shard) bool { return s.name == name })
	gone := t.old[i]
	t.old = slices.Delete(slices.Clone(t.old), i, i+1)
	x.byName[stream] = &t
	delete(x.backing, name)
	return gone, nil
}

func (x *indices) size() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.byName)
}
