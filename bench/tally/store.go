package tally

import (
	"time"

	"sluice/sink/elastictest"
)

// Store judges ids as Elasticsearch does and tallies what it takes. It keeps
// of a document its id and its mark alone.
type Store struct {
	*elastictest.CountStore
	Tally *Tally
}

// NewStore returns an empty store.
func NewStore() *Store { return &Store{elastictest.NewCountStore(), New()} }

// Create implements elastictest.Store.
func (s *Store) Create(docs []elastictest.Doc, created []bool) {
	now := time.Now()
	s.CountStore.Create(docs, created)
	s.Tally.mu.Lock()
	defer s.Tally.mu.Unlock()
	for i := range docs {
		if created[i] {
			s.Tally.note(docs[i].Source, docs[i].Timestamp, now)
		}
	}
}
