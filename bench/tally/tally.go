package tally

import (
	"slices"
	"sync"
	"time"

	"sluice/bench/mark"
)

// Tally notes which records arrived, and when.
type Tally struct {
	mu      sync.Mutex
	streams []stream // by number
	totals  Totals
	delays  []uint32 // of a sample of the records, microseconds
}

// Totals are what a store took so far.
type Totals struct {
	Records   int64     // different ones
	Doubled   int64     // further copies of them, stored under another id
	Unmarked  int64     // documents that no generator made
	First     time.Time // when the first record came
	Last      time.Time // when the latest did
	Conflicts int64     // documents refused because their id was there
	Refused   int64     // documents refused for any other reason
	Requests  int64
	DocBytes  int64 // of the documents alone
	TextBytes int64 // of request bodies, decompressed
	WireBytes int64 // of request bodies as sent
}

// stream is what arrived of one stream.
type stream struct {
	seen    []uint64 // one bit a record
	doubled int64
	max     int64
}

// sampling is how many records lie between two whose delay is kept.
const sampling = 8

// New returns an empty tally.
func New() *Tally { return &Tally{} }

// Note notes a document that came at now and was written at written (the zero
// time: not known).
func (t *Tally) Note(doc []byte, written, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(doc, written, now)
}

func (t *Tally) note(doc []byte, written, now time.Time) {
	m, ok := mark.Read(doc)
	if !ok {
		t.totals.Unmarked++
		return
	}
	for m.Stream >= len(t.streams) {
		t.streams = append(t.streams, stream{})
	}
	if t.totals.First.IsZero() {
		t.totals.First = now
	}
	t.totals.Last = now
	if !t.streams[m.Stream].add(m.Seq) {
		t.totals.Doubled++
		return
	}
	t.totals.Records++
	if m.Seq%sampling == 0 && !written.IsZero() {
		d := max(0, now.Sub(written)/time.Microsecond)
		t.delays = append(t.delays, uint32(min(d, 1<<32-1)))
	}
}

// add reports whether the record is new.
func (s *stream) add(seq int64) bool {
	word, bit := int(seq/64), uint64(1)<<(seq%64)
	if word >= len(s.seen) {
		s.seen = append(s.seen, make([]uint64, word+1-len(s.seen))...)
	}
	if s.seen[word]&bit != 0 {
		s.doubled++
		return false
	}
	s.seen[word] |= bit
	s.max = max(s.max, seq)
	return true
}

func (s *stream) has(seq int64) bool {
	word := int(seq / 64)
	return word < len(s.seen) && s.seen[word]>>(seq%64)&1 != 0
}

// Totals are the sums so far of what passed Note; the rest is the Store's.
func (t *Tally) Totals() Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.totals
}

// Delays are percentiles of the time from writing a record to its arrival, of
// a sample of all records.
type Delays struct {
	Records       int
	P50, P99, Max time.Duration
}

// Delays are those of the records so far.
func (t *Tally) Delays() Delays {
	t.mu.Lock()
	d := slices.Clone(t.delays)
	t.mu.Unlock()
	if len(d) == 0 {
		return Delays{}
	}
	slices.Sort(d)
	at := func(percent int) time.Duration {
		return time.Duration(d[(len(d)-1)*percent/100]) * time.Microsecond
	}
	return Delays{Records: len(d), P50: at(50), P99: at(99), Max: at(100)}
}
