package event

import "time"

// Signal says what a sink's answer means beyond its items.
type Signal uint8

const (
	None     Signal = iota
	Throttle        // the sink is busy: wait, then the Retry items again
	TooLarge        // the request was too large: halve it, and make smaller ones
	Split           // one item may spoil the request: halve it until that one is alone
	Pause           // nobody's request would succeed (credentials): wait slowly
	Park            // this key's would not (set-up of one index): other keys go on
	Unsent          // the Retry items were not sent, for others were there already: at once
)

// Verdict is a sink's answer, item by item. The lane checks that Accepted +
// Duplicate + len(Retry) + len(Reject) is the number of items; where it is
// not, the fate of all is unknown. Retry and Reject ascend.
type Verdict struct {
	Accepted  uint32
	Duplicate uint32 // was there already, under our own id: delivered
	Elsewhere uint32 // of Accepted: stored in a failure store
	Retry     []uint32
	Reject    []Rejection
	After     time.Duration // the sink's own wish how long to wait; 0: none
	Signal    Signal
	Reason    string // of Signal or Retry, for logs and metrics: never log content
}

// Rejection is one item the sink will never take.
type Rejection struct {
	Item   uint32
	Status int
	Type   string // the sink's name for it; from a small set; safe to log
	Reason string // the sink's words; may quote the document: never log it
}

// RetryAll is the verdict that all n items are to be sent again.
func RetryAll(n int, s Signal, reason string) Verdict {
	v := Verdict{Signal: s, Reason: reason, Retry: make([]uint32, n)}
	for i := range v.Retry {
		v.Retry[i] = uint32(i)
	}
	return v
}

// Counts reports whether the verdict speaks for exactly n items.
func (v *Verdict) Counts(n int) bool {
	return uint64(v.Accepted)+uint64(v.Duplicate)+uint64(len(v.Retry))+uint64(len(v.Reject)) == uint64(n)
}
