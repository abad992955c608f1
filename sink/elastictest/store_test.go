package elastictest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// ownID is an id as Sluice makes them, the n-th.
func ownID(n uint64) []byte {
	var raw [18]byte
	binary.BigEndian.PutUint64(raw[10:], n)
	return base64.RawURLEncoding.AppendEncode(nil, raw[:])
}

func TestIDSetIsExact(t *testing.T) {
	s := newIDSet()
	known := map[string]bool{}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var id []byte
		switch n := rnd.Uint64N(60_000); rnd.IntN(4) {
		case 0:
			id = fmt.Appendf(nil, "other-%d", n%999)
		case 1: // 24 bytes that are not canonical base64url
			id = fmt.Appendf(nil, "%023d!", n%999)
		default:
			id = ownID(n) // 0 among them: the zero key
		}
		if had := s.has(id); had != known[string(id)] {
			t.Fatalf("has(%s) = %t", id, had)
		}
		if added := s.add(id); added == known[string(id)] {
			t.Fatalf("add(%s) = %t", id, added)
		}
		known[string(id)] = true
	}
	if s.len() != len(known) {
		t.Errorf("len = %d, want %d", s.len(), len(known))
	}
}

func docs(index string, from, to uint64) []Doc {
	var all []Doc
	for n := from; n < to; n++ {
		all = append(all, Doc{Index: index, ID: ownID(n), Source: fmt.Appendf(nil, `{"n":%d}`, n), Timestamp: time.Unix(int64(n), 0)})
	}
	return all
}

func TestCountStore(t *testing.T) {
	c := NewCountStore()
	batch := append(docs("a", 0, 10), docs("b", 0, 5)...)
	batch = append(batch, docs("a", 8, 12)...)
	created := make([]bool, len(batch))
	c.Create(batch, created)
	for i, ok := range created {
		if want := i != 15 && i != 16; ok != want {
			t.Errorf("created[%d] = %t", i, ok)
		}
	}
	if c.Count("a") != 12 || c.Count("b") != 5 || c.Count("c") != 0 {
		t.Errorf("counts %d %d %d", c.Count("a"), c.Count("b"), c.Count("c"))
	}
	if got := c.Totals(); got.Documents != 17 || got.Conflicts != 2 || got.Bytes != 17*7+2 {
		t.Errorf("totals %+v", got)
	}
	if _, ok := c.Get("a", ownID(11)); !ok {
		t.Error("an id that was taken is not found")
	}
	if _, ok := c.Get("b", ownID(11)); ok {
		t.Error("another index's id is found")
	}
	c.Drop("a")
	if _, ok := c.Get("a", ownID(11)); ok || c.Count("a") != 0 {
		t.Error("a dropped index is still there")
	}
}

func TestNullStoreTakesTwice(t *testing.T) {
	c := NewNullStore()
	created := make([]bool, 3)
	c.Create(docs("a", 0, 3), created)
	c.Create(docs("a", 0, 3), created)
	if !created[0] || c.Totals().Documents != 6 || c.Count("a") != 6 {
		t.Errorf("%v %+v", created, c.Totals())
	}
}

func put(s Store, d []Doc) []bool {
	created := make([]bool, len(d))
	s.Create(d, created)
	return created
}

func scan(m *MemoryStore, from, to time.Time) (ids []string) {
	m.Scan(from, to, func(d Doc) bool {
		ids = append(ids, string(d.Source))
		return true
	})
	return ids
}

func TestMemoryStoreHoldsTheLatest(t *testing.T) {
	m := NewMemoryStore(MemoryLimits{Documents: 1000})
	for n := uint64(0); n < 3000; n += 100 {
		put(m, docs("a", n, n+100))
	}
	got := scan(m, time.Time{}, time.Time{})
	if len(got) != 1000 || got[0] != `{"n":2999}` || got[999] != `{"n":2000}` {
		t.Fatalf("%d documents, %s to %s", len(got), got[0], got[len(got)-1])
	}
	if m.Count("a") != 3000 {
		t.Errorf("count %d", m.Count("a"))
	}
	if created := put(m, docs("a", 0, 3000)); created[0] || created[1500] || created[2999] {
		t.Error("a document that was taken, held or not, is taken again")
	}
	if d, ok := m.Get("a", ownID(2500)); !ok || string(d.Source) != `{"n":2500}` || d.Seq != 2501 {
		t.Errorf("held: %+v %t", d, ok)
	}
	if d, ok := m.Get("a", ownID(5)); !ok || d.Source != nil {
		t.Errorf("no longer held: %+v %t", d, ok)
	}
	if _, ok := m.Get("a", ownID(5000)); ok {
		t.Error("never seen, but found")
	}
	window := scan(m, time.Unix(2010, 0), time.Unix(2012, 0))
	if fmt.Sprint(window) != `[{"n":2011} {"n":2010}]` {
		t.Errorf("window %v", window)
	}
}

func TestMemoryStoreBounds(t *testing.T) {
	m := NewMemoryStore(MemoryLimits{Documents: 1 << 20, Bytes: 10_000})
	put(m, docs("a", 0, 2000))
	if n, size := m.Held(); size > 10_000 || n < 250 || n > 400 {
		t.Errorf("%d documents of %d bytes are held", n, size)
	}
	big := Doc{Index: "a", ID: []byte("big"), Source: make([]byte, 50_000)}
	put(m, []Doc{big})
	if n, _ := m.Held(); n != 1 {
		t.Errorf("a document larger than the limit stands beside %d others", n-1)
	}
	ids := NewMemoryStore(MemoryLimits{Documents: 10, IDs: 1000})
	put(ids, docs("a", 0, 5000))
	if created := put(ids, docs("a", 4600, 5000)); created[0] || created[399] {
		t.Error("a recent id is forgotten")
	}
	if created := put(ids, docs("a", 0, 1)); !created[0] {
		t.Error("old ids are kept for ever")
	}
}

func TestMemoryStoreCopiesWhatItKeeps(t *testing.T) {
	m := NewMemoryStore(MemoryLimits{})
	d := Doc{Index: "a", ID: []byte("one"), Source: []byte(`{"a":1}`)}
	put(m, []Doc{d})
	copy(d.Source, "XXXXXXX")
	copy(d.ID, "XXX")
	if got, ok := m.Get("a", []byte("one")); !ok || string(got.Source) != `{"a":1}` || string(got.ID) != "one" {
		t.Errorf("%+v", got)
	}
}

func TestMemoryStoreDrop(t *testing.T) {
	m := NewMemoryStore(MemoryLimits{Documents: 100})
	put(m, docs("a", 0, 50))
	put(m, docs("b", 0, 10))
	m.Drop("a")
	if got := scan(m, time.Time{}, time.Time{}); len(got) != 10 {
		t.Errorf("%d documents are left", len(got))
	}
	if created := put(m, docs("a", 0, 45)); !created[0] {
		t.Error("an id of the dropped index conflicts")
	}
	if d, ok := m.Get("b", ownID(3)); !ok || string(d.Source) != `{"n":3}` {
		t.Errorf("%+v", d)
	}
	if d, ok := m.Get("a", ownID(44)); !ok || string(d.Source) != `{"n":44}` {
		t.Errorf("%+v %t", d, ok)
	}
}

func TestSubscription(t *testing.T) {
	m := NewMemoryStore(MemoryLimits{})
	s := m.Subscribe(3)
	put(m, docs("a", 0, 5))
	for n := range 3 {
		if d := <-s.C; d.Seq != int64(n+1) {
			t.Errorf("document %d came as the %d.", d.Seq, n+1)
		}
	}
	if s.Dropped() != 2 {
		t.Errorf("%d dropped", s.Dropped())
	}
	s.Close()
	s.Close()
	put(m, docs("a", 5, 6))
	if d, ok := <-s.C; ok {
		t.Errorf("closed, but there came %+v", d)
	}
}

func TestMemoryStoreTogether(t *testing.T) {
	m := NewMemoryStore(MemoryLimits{Documents: 500})
	sub := m.Subscribe(10)
	var wg sync.WaitGroup
	for g := range uint64(4) {
		wg.Go(func() {
			for n := range uint64(20) {
				put(m, docs("a", g*10_000+n*100, g*10_000+n*100+100))
				m.Scan(time.Time{}, time.Time{}, func(d Doc) bool { return d.Seq > 0 })
				m.Get("a", ownID(n))
			}
		})
	}
	wg.Wait()
	sub.Close()
	last := int64(1 << 62)
	m.Scan(time.Time{}, time.Time{}, func(d Doc) bool {
		if d.Seq >= last {
			t.Errorf("document %d came after %d", d.Seq, last)
		}
		last = d.Seq
		return true
	})
	if m.Count("a") != 8000 {
		t.Errorf("count %d", m.Count("a"))
	}
}
