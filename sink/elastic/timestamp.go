package elastic

import (
	"time"

	"sluice/event"
)

// Elasticsearch's dates and RFC 3339 have four-digit years: seconds of
// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const (
	minSecond = -62135596800
	maxSecond = 253402300799
)

const pairs = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// clamp moves a time that four-digit years cannot say to the nearest that they can.
func clamp(t event.Time) event.Time {
	switch {
	case t.Sec < minSecond:
		return event.Time{Sec: minSecond}
	case t.Sec > maxSecond:
		return event.Time{Sec: maxSecond, Nsec: 999999999}
	case t.Nsec > 999999999:
		t.Nsec = 999999999
	}
	return t
}

// unitOf numbers the units of so many seconds from 1970-01-01, UTC.
func unitOf(t event.Time, unit int64) int64 {
	n := t.Sec / unit
	if t.Sec%unit < 0 {
		n--
	}
	return n
}

// clock writes times as 2006-01-02T15:04:05.000000000, without zone, and
// remembers the last second, as neighbours mostly share it. The zero clock
// is ready.
type clock struct {
	sec    int64
	day    int64
	prefix [20]byte // "2006-01-02T15:04:05."
	set    bool
}

// append appends t, which must be clamped.
func (c *clock) append(dst []byte, t event.Time) []byte {
	if t.Sec != c.sec || !c.set {
		c.turn(t)
	}
	dst = append(dst, c.prefix[:]...)
	n := t.Nsec
	a, b := n/100000, n%100000 // 4 and 5 digits
	return append(dst,
		pairs[a/100*2], pairs[a/100*2+1], pairs[a%100*2], pairs[a%100*2+1],
		byte('0'+b/10000), pairs[b/100%100*2], pairs[b/100%100*2+1], pairs[b%100*2], pairs[b%100*2+1])
}

func (c *clock) turn(t event.Time) {
	day := unitOf(t, 86400)
	if day != c.day || !c.set {
		y, m, d := time.Unix(t.Sec, 0).UTC().Date()
		copy(c.prefix[:], "0000-00-00T00:00:00.")
		c.two(0, y/100)
		c.two(2, y%100)
		c.two(5, int(m))
		c.two(8, d)
	}
	s := int(t.Sec - day*86400)
	c.two(11, s/3600)
	c.two(14, s/60%60)
	c.two(17, s%60)
	c.sec, c.day, c.set = t.Sec, day, true
}

func (c *clock) two(at, n int) {
	c.prefix[at], c.prefix[at+1] = pairs[2*n], pairs[2*n+1]
}
