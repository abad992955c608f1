package elastictest

import (
	"bytes"
	"hash/maphash"
	"sync"
	"time"
)

// MemoryLimits bound a MemoryStore. A limit of zero is the default.
type MemoryLimits struct {
	Documents int   // the latest that are held (200,000)
	Bytes     int64 // of their ids and sources (256 MiB)
	IDs       int   // of documents no longer held that still conflict: the latest 1/2 to 1 of these (4,000,000)
}

// MemoryStore holds the latest documents. An older one's id is still known, up
// to a limit, so that sending it again is a conflict.
type MemoryStore struct {
	limits MemoryLimits
	seed   maphash.Seed

	mu      sync.Mutex
	ring    []Doc // of documents in the order in which they came
	head, n int   // the oldest, and how many
	bytes   int64
	seq     int64
	at      map[uint64]int64     // hash of index and id -> Seq, of those held
	ids     [2]map[string]*idSet // by index: the present generation, and the one before
	idCount int                  // in the present one
	indices map[string]int64
	subs    map[*Subscription]struct{}
}

// NewMemoryStore returns an empty store.
func NewMemoryStore(l MemoryLimits) *MemoryStore {
	if l.Documents <= 0 {
		l.Documents = 200_000
	}
	if l.Bytes <= 0 {
		l.Bytes = 256 << 20
	}
	if l.IDs <= 0 {
		l.IDs = 4_000_000
	}
	l.IDs = max(l.IDs, 2*l.Documents) // what is held must be known
	return &MemoryStore{
		limits: l, seed: maphash.MakeSeed(), at: map[uint64]int64{},
		ids: [2]map[string]*idSet{{}, {}}, indices: map[string]int64{}, subs: map[*Subscription]struct{}{},
	}
}

// Create implements Store.
func (m *MemoryStore) Create(docs []Doc, created []bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := 0
	for i := range docs {
		if created[i] = m.know(docs[i].Index, docs[i].ID); created[i] {
			size += len(docs[i].ID) + len(docs[i].Source)
		}
	}
	arena := make([]byte, 0, size) // one for all: they are evicted together too
	cut := func(b []byte) []byte {
		from := len(arena)
		arena = append(arena, b...)
		return arena[from:len(arena):len(arena)]
	}
	for i := range docs {
		if created[i] {
			d := docs[i]
			d.ID, d.Source = cut(d.ID), cut(d.Source)
			m.keep(d)
		}
	}
}

// know adds an id and reports whether it is new to its index.
func (m *MemoryStore) know(index string, id []byte) bool {
	if old := m.ids[1][index]; old != nil && old.has(id) {
		return false
	}
	set := m.ids[0][index]
	if set == nil {
		set = newIDSet()
		m.ids[0][index] = set
	}
	if !set.add(id) {
		return false
	}
	if m.idCount++; m.idCount >= m.limits.IDs/2 {
		m.ids = [2]map[string]*idSet{{}, m.ids[0]}
		m.idCount = 0
	}
	return true
}

func (m *MemoryStore) keep(d Doc) {
	size := int64(len(d.ID) + len(d.Source))
	for m.n > 0 && (m.n >= m.limits.Documents || m.bytes+size > m.limits.Bytes) {
		m.evict()
	}
	m.seq++
	d.Seq = m.seq
	m.indices[d.Index]++
	if m.n == len(m.ring) {
		grown := make([]Doc, min(m.limits.Documents, max(64, 2*m.n)))
		for i := range m.n {
			grown[i] = *m.doc(i)
		}
		m.ring, m.head = grown, 0
	}
	m.n++
	*m.doc(m.n - 1) = d
	m.at[m.key(d.Index, d.ID)] = d.Seq
	m.bytes += size
	for s := range m.subs {
		s.offer(d)
	}
}

// doc is the i-th oldest document.
func (m *MemoryStore) doc(i int) *Doc { return &m.ring[(m.head+i)%len(m.ring)] }

func (m *MemoryStore) evict() {
	d := m.doc(0)
	if k := m.key(d.Index, d.ID); m.at[k] == d.Seq {
		delete(m.at, k)
	}
	m.bytes -= int64(len(d.ID) + len(d.Source))
	*d = Doc{}
	m.head = (m.head + 1) % len(m.ring)
	m.n--
}

func (m *MemoryStore) key(index string, id []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	h.WriteString(index)
	h.WriteByte(0)
	h.Write(id)
	return h.Sum64()
}

// Get implements Store: of a document no longer held it knows the id alone.
func (m *MemoryStore) Get(index string, id []byte) (Doc, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq, ok := m.at[m.key(index, id)]; ok {
		if d := m.doc(int(seq - m.doc(0).Seq)); d.Index == index && bytes.Equal(d.ID, id) {
			return *d, true
		}
	}
	for _, gen := range m.ids {
		if set := gen[index]; set != nil && set.has(id) {
			return Doc{Index: index, ID: append([]byte(nil), id...)}, true
		}
	}
	return Doc{}, false
}

// Count implements Store: it counts also what is no longer held.
func (m *MemoryStore) Count(index string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.indices[index]
}

// Held is how many documents the store holds, and their bytes.
func (m *MemoryStore) Held() (documents int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.n, m.bytes
}

// Scan implements Store. Documents that come while it runs are not seen.
func (m *MemoryStore) Scan(from, to time.Time, f func(Doc) bool) {
	var some [256]Doc // f runs without the lock
	m.mu.Lock()
	below := m.seq + 1
	m.mu.Unlock()
	for {
		n := 0
		m.mu.Lock()
		for n < len(some) && m.n > 0 {
			i := below - 1 - m.doc(0).Seq
			if i < 0 {
				break
			}
			some[n] = *m.doc(int(i))
			below--
			n++
		}
		m.mu.Unlock()
		if n == 0 {
			return
		}
		for _, d := range some[:n] {
			if d.Index == "" || !from.IsZero() && d.Timestamp.Before(from) || !to.IsZero() && !d.Timestamp.Before(to) {
				continue
			}
			if !f(d) {
				return
			}
		}
	}
}

// Drop implements Store.
func (m *MemoryStore) Drop(index string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.n {
		if d := m.doc(i); d.Index == index {
			delete(m.at, m.key(d.Index, d.ID))
			m.bytes -= int64(len(d.ID) + len(d.Source))
			*d = Doc{Seq: d.Seq} // a hole: Seq stays in step with the place
		}
	}
	delete(m.indices, index)
	delete(m.ids[0], index)
	delete(m.ids[1], index)
}
