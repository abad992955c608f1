package elastictest

import (
	"sync"
	"time"
)

// CountStore counts documents and keeps of each its id alone, so that it judges
// duplicates exactly: 10 million of Sluice's ids take about 300 MB. It grows
// with what it is sent.
type CountStore struct {
	mu      sync.Mutex
	ids     map[string]*idSet // nil: keeps no ids
	indices map[string]int64
	totals  Totals
}

// Totals are what a CountStore was sent.
type Totals struct {
	Documents int64 // taken
	Conflicts int64 // refused: the id was there
	Bytes     int64 // of the sources taken
}

// NewCountStore returns an empty store that keeps ids.
func NewCountStore() *CountStore {
	return &CountStore{ids: map[string]*idSet{}, indices: map[string]int64{}}
}

// NewNullStore returns a store that keeps nothing: it takes every document,
// also one that it was sent before, and counts it.
func NewNullStore() *CountStore { return &CountStore{indices: map[string]int64{}} }

// Totals are the counts so far.
func (c *CountStore) Totals() Totals {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.totals
}

// Create implements Store.
func (c *CountStore) Create(docs []Doc, created []bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var index string
	var ids *idSet
	var n int64 // taken by index since it became the present one
	for i := range docs {
		d := &docs[i]
		if d.Index != index || i == 0 {
			if i > 0 {
				c.indices[index] += n
			}
			index, n = d.Index, 0
			if c.ids != nil {
				if ids = c.ids[index]; ids == nil {
					ids = newIDSet()
					c.ids[index] = ids
				}
			}
		}
		if created[i] = ids == nil || ids.add(d.ID); !created[i] {
			c.totals.Conflicts++
			continue
		}
		n++
		c.totals.Documents++
		c.totals.Bytes += int64(len(d.Source))
	}
	if len(docs) > 0 {
		c.indices[index] += n
	}
}

// Get implements Store: a document found has neither source nor time.
func (c *CountStore) Get(index string, id []byte) (Doc, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := c.ids[index]
	if ids == nil || !ids.has(id) {
		return Doc{}, false
	}
	return Doc{Index: index, ID: append([]byte(nil), id...)}, true
}

// Count implements Store.
func (c *CountStore) Count(index string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.indices[index]
}

// Scan implements Store: there is nothing to scan.
func (c *CountStore) Scan(time.Time, time.Time, func(Doc) bool) {}

// Drop implements Store. The totals stay.
func (c *CountStore) Drop(index string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.ids, index)
	delete(c.indices, index)
}
