package soak

import (
	"fmt"
	"sync"

	"sluice/bench/mark"
	"sluice/sink/elastictest"
)

// store counts how often each numbered record was stored, beside a store that
// judges ids.
type store struct {
	*elastictest.CountStore

	mu       sync.Mutex
	streams  [][]uint8 // by stream and number: how often, up to 255
	distinct int64
	unmarked int64
	grew     chan struct{} // one token when distinct grew

	see func(m mark.Mark, doc []byte) // if not nil: is told of each, under the lock
}

func newStore() *store {
	return &store{CountStore: elastictest.NewCountStore(), grew: make(chan struct{}, 1)}
}

// Create implements elastictest.Store.
func (s *store) Create(docs []elastictest.Doc, created []bool) {
	s.CountStore.Create(docs, created)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range docs {
		if created[i] {
			s.note(docs[i].Source)
		}
	}
	select {
	case s.grew <- struct{}{}:
	default:
	}
}

func (s *store) note(doc []byte) {
	m, ok := mark.Read(doc)
	if !ok {
		s.unmarked++
		return
	}
	if s.see != nil {
		s.see(m, doc)
	}
	n := s.at(m)
	if *n == 0 {
		s.distinct++
	}
	if *n < 255 {
		*n++
	}
}

// at is the place where a record is counted.
func (s *store) at(m mark.Mark) *uint8 {
	for m.Stream >= len(s.streams) {
		s.streams = append(s.streams, nil)
	}
	list := s.streams[m.Stream]
	if missing := int(m.Seq) - len(list); missing > 0 {
		list = append(list, make([]uint8, missing)...)
		s.streams[m.Stream] = list
	}
	return &list[m.Seq-1]
}

// count is how many different records are stored.
func (s *store) count() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.distinct
}

// Verdict is what became of the records.
type Verdict struct {
	Made    int64
	Stored  int64
	Dead    int64 // not stored, but in the dead letters
	Lost    int64 // neither
	Doubled int64 // copies in the store beyond the first
	Strange int64 // stored, and nobody made them
	First   string
}

// Whole reports that nothing was lost or doubled.
func (v *Verdict) Whole() bool { return v.Lost == 0 && v.Doubled == 0 && v.Strange == 0 }

// String is the verdict in one line.
func (v *Verdict) String() string {
	text := fmt.Sprintf("%d made, %d stored, %d dead letters, %d lost, %d doubled", v.Made, v.Stored, v.Dead, v.Lost, v.Doubled)
	if v.Strange > 0 {
		text += fmt.Sprintf(", %d that nobody made", v.Strange)
	}
	if v.First != "" {
		text += "; " + v.First
	}
	return text
}

// verify compares what is stored, and what is in dead, with the number of
// records made in each stream.
func (s *store) verify(made []int64, dead map[mark.Mark]bool) (v Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v.Strange = s.unmarked
	for stream := range max(len(made), len(s.streams)) {
		var list []uint8
		if stream < len(s.streams) {
			list = s.streams[stream]
		}
		total := int64(0)
		if stream < len(made) {
			total = made[stream]
		}
		v.Made += total
		for seq := int64(1); seq <= max(total, int64(len(list))); seq++ {
			n := int64(0)
			if seq <= int64(len(list)) {
				n = int64(list[seq-1])
			}
			v.record(mark.Mark{Stream: stream, Seq: seq}, n, seq <= total, dead)
		}
	}
	return v
}

func (v *Verdict) record(m mark.Mark, n int64, made bool, dead map[mark.Mark]bool) {
	switch {
	case n > 0 && !made:
		v.Strange += n
	case n > 0:
		v.Stored++
		v.Doubled += n - 1
	case dead[m]:
		v.Dead++
	case made:
		v.Lost++
	}
	if v.First == "" && !v.Whole() {
		v.First = fmt.Sprintf("the first is record %d of stream %d: %d times stored", m.Seq, m.Stream, n)
	}
}
