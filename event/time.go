package event

import "time"

// Time is an instant: seconds since 1970 and nanoseconds below 1e9. int64
// nanoseconds would end in 2262, and years beyond that exist in real logs.
type Time struct {
	Sec  int64
	Nsec uint32
}

// TimeOf converts a standard library time.
func TimeOf(t time.Time) Time {
	return Time{Sec: t.Unix(), Nsec: uint32(t.Nanosecond())}
}

// Std converts to a standard library time in UTC.
func (t Time) Std() time.Time { return time.Unix(t.Sec, int64(t.Nsec)).UTC() }

// IsZero reports whether no time is known.
func (t Time) IsZero() bool { return t == Time{} }

// Millis returns milliseconds since 1970, saturating instead of wrapping.
func (t Time) Millis() int64 {
	const limit = 1<<63/1000 - 1
	switch {
	case t.Sec > limit:
		return limit * 1000
	case t.Sec < -limit:
		return -limit * 1000
	}
	return t.Sec*1000 + int64(t.Nsec)/1e6
}
