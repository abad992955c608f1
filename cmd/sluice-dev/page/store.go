package page

import (
	"time"

	"sluice/sink/elastictest"
)

// Doc is one stored document; its bytes are not to be changed.
type Doc = elastictest.Doc

// Store is where the documents are, an elastictest.MemoryStore.
type Store interface {
	// Scan shows visit the documents with from <= Timestamp < to, the latest
	// arrival first, until it returns false. A zero time is no limit.
	Scan(from, to time.Time, visit func(Doc) bool)
	// Subscribe returns the documents that arrive from now on. What a slow
	// reader misses shows as a gap in Seq.
	Subscribe(buffer int) *elastictest.Subscription
	// Held is how many documents there are.
	Held() (documents int, bytes int64)
}

// last is the Seq of the latest document; 0: there is none yet.
func last(s Store) (seq int64) {
	s.Scan(time.Time{}, time.Time{}, func(d Doc) bool {
		seq = d.Seq
		return false
	})
	return seq
}
