package elastictest

import "time"

// Doc is one document.
type Doc struct {
	Index      string // the index that holds it, a data stream's backing index
	ID, Source []byte
	Timestamp  time.Time // its @timestamp, else when it came
	Seq        int64     // counts documents in the order in which they came, from 1; given by the store
}

// Store keeps documents for a Server. Its methods are called by many goroutines
// at once.
type Store interface {
	// Create keeps, in order, each document whose id its index does not have
	// yet, and sets created[i] for it; len(created) == len(docs). The bytes in
	// docs are the caller's again on return.
	Create(docs []Doc, created []bool)
	// Get finds a document by its id. Its Source is nil when the store knows
	// the id alone.
	Get(index string, id []byte) (Doc, bool)
	// Count is how many documents the index took.
	Count(index string) int64
	// Scan calls f with the documents held whose Timestamp is not before from
	// and before to (the zero time: no limit), the latest come first, until f
	// returns false. f must not keep Source's bytes changed.
	Scan(from, to time.Time, f func(Doc) bool)
	// Drop forgets the index and all it took.
	Drop(index string)
}
