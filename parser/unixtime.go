package parser

import "sluice/event"

// unixTime reads seconds since 1970 in decimal digits, -1.5 or 1700000000,
// exactly; digits beyond nanoseconds are cut. With scale, numbers from 1e11 on
// (seconds would be the year 5138) are milli-, micro- or nanoseconds.
func unixTime(p []byte, scale bool) (t event.Time, ok bool) {
	negative := len(p) > 0 && p[0] == '-'
	if negative {
		p = p[1:]
	}
	n, i := int64(0), 0
	for ; i < len(p) && p[i]-'0' <= 9; i++ {
		if n > (1<<63-1)/10-1 {
			return t, false
		}
		n = n*10 + int64(p[i]-'0')
	}
	if i == 0 {
		return t, false
	}
	nsec := int64(0)
	if i < len(p) && p[i] == '.' {
		unit := int64(1e8)
		for i++; i < len(p) && p[i]-'0' <= 9; i++ {
			nsec += int64(p[i]-'0') * unit
			unit /= 10
		}
	}
	if i < len(p) {
		return t, false
	}
	if unit := unitOf(n); scale && unit > 1 {
		n, nsec = n/unit, n%unit*(1e9/unit)+nsec/unit
	}
	if negative && nsec > 0 {
		n, nsec = -n-1, 1e9-nsec
	} else if negative {
		n = -n
	}
	return event.Time{Sec: n, Nsec: uint32(nsec)}, true
}

// unitOf guesses how many of the units n counts are a second.
func unitOf(n int64) int64 {
	switch {
	case n >= 1e17:
		return 1e9
	case n >= 1e14:
		return 1e6
	case n >= 1e11:
		return 1e3
	}
	return 1
}

// UnixTime reads seconds since 1970 in decimal digits.
func UnixTime(p []byte) (event.Time, bool) { return unixTime(p, false) }
