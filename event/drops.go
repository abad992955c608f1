package event

import (
	"encoding/json"
	"fmt"
)

// Reason says why a source record was dropped.
type Reason uint8

// The reasons, as they are called in metrics and accounts.
const (
	Filtered     Reason = iota // a filter did what it was told to
	Null                       // it went into an output null
	NoMatch                    // no output is for its tag
	NoRule                     // a filter that gives tags had none for it
	EndlessTags                // it got another tag again and again
	Overflow                   // the buffer was full, and overflow_action says drop
	Unreadable                 // the disk buffer could not read it back
	DeadLettered               // of an output: it was refused and is a dead letter
	GivenUp                    // of an output: its secondary has it
	Unknown                    // an account that says no reason holds it

	reasons = iota
)

var reasonNames = [reasons]string{
	"filtered", "null", "no_match", "no_rule", "endless_tags", "overflow", "unreadable", "dead_lettered", "given_up", "unknown",
}

func (r Reason) String() string { return reasonNames[r] }

// Drops counts source records that were dropped, by reason.
type Drops [reasons]uint64

// Of is n records dropped for one reason.
func (r Reason) Of(n int) (d Drops) {
	d[r] = uint64(n)
	return d
}

// Sum counts them all.
func (d *Drops) Sum() (n uint64) {
	for _, x := range d {
		n += x
	}
	return n
}

// Add adds others.
func (d *Drops) Add(o Drops) {
	for i, n := range o {
		d[i] += n
	}
}

// Take takes up to limit of them out, in the order of the reasons.
func (d *Drops) Take(limit uint64) (taken Drops) {
	for i, n := range d {
		n = min(n, limit)
		taken[i] = n
		d[i] -= n
		limit -= n
	}
	return taken
}

// All calls f for each reason that there is, with its count.
func (d *Drops) All(f func(r Reason, n uint64)) {
	for i, n := range d {
		if n > 0 {
			f(Reason(i), n)
		}
	}
}

// MarshalJSON writes an object: counts by the reasons' names, without zeros.
func (d Drops) MarshalJSON() ([]byte, error) {
	named := map[string]uint64{}
	d.All(func(r Reason, n uint64) { named[r.String()] = n })
	return json.Marshal(named)
}

// UnmarshalJSON reads it. A name that this program does not know is Unknown.
func (d *Drops) UnmarshalJSON(p []byte) error {
	var named map[string]uint64
	if err := json.Unmarshal(p, &named); err != nil {
		return fmt.Errorf("cannot read counts by reason: %w", err)
	}
	*d = Drops{}
	for i, name := range reasonNames {
		d[i] = named[name]
		delete(named, name)
	}
	for _, n := range named {
		d[Unknown] += n
	}
	return nil
}
